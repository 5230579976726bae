"""The published description is valid, complete, and what the server does: checked with generated requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.conftest import TeamServer, settings_for
from web.api import openapi, routes_of

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

_CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
_ENDING = {("DELETE", "/api/auth/me"), ("POST", "/api/auth/regenerate-key"), ("DELETE", "/api/auth/keys/{key_id}")}
"""What ends the account or the key that all the other requests need."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> TeamServer:
    """A server that takes small uploads, so that generated ones stay cheap."""
    return TeamServer(settings_for(tmp_path_factory.mktemp("data")))


def test_every_route_is_described(team_server: TeamServer) -> None:
    document = team_server.call("GET", "/openapi.json").get_json()

    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, "/api" + route.path) for route in routes_of(team_server.settings)}
    ids = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(ids) == len(set(ids))


def test_the_personal_profile_has_no_route_of_teams(tmp_path: Path) -> None:
    settings_personal = settings_for(tmp_path, OPENSESSION_PROFILE="personal")
    paths = openapi.document(routes_of(settings_personal))["paths"]

    assert not [path for path in paths if "/teams" in path or "/invitations" in path or "/sync" in path]


@pytest.mark.parametrize("signed_in", [True, False], ids=["somebody", "nobody"])
def test_the_server_does_what_is_described(small: TeamServer, signed_in: bool) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", small.app)
    ada = small.person()
    team = small.team(ada)
    headers = {"Authorization": f"Bearer {ada.api_key}"} if signed_in else {}

    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if (operation.method.upper(), operation.path) in _ENDING:
            continue
        _check(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), team, headers)
        if operation.body or operation.query:
            _check(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), team, headers)


def _check(cases: SearchStrategy[Case[Any]], team: str, headers: dict[str, str]) -> None:
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def check(case: Case[Any]) -> None:
        if "team_id" in case.path_parameters:
            case.path_parameters["team_id"] = team
        response = case.call(headers=headers)
        case.validate_response(response, checks=list(_CHECKS))

    check()
