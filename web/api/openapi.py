"""The contract as OpenAPI 3.1, made from the routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import __version__
from web.access import Access
from web.api.routing import Call, Route, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable

ROUTES = Routes()
_REFERENCE = "#/components/schemas/{name}"
_OPEN = (Access.ANYONE, Access.MAYBE, Access.READER)


class Failure(msgspec.Struct):
    """What every refusal says."""

    error: str


@ROUTES.add("GET", "/openapi.json", Access.ANYONE, returns=dict[str, Any])
def openapi(call: Call) -> dict[str, Any]:
    """Describe this API as OpenAPI."""
    from web.api import routes_of  # noqa: PLC0415 - that module gathers this one's route, too

    return document(routes_of(call.server.settings))


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The description of routes."""
    routes = list(routes)
    shapes = {shape for route in routes for shape in (route.body, *_returned(route)) if shape not in (None, str)}
    schemas, components = msgspec.json.schema_components([*shapes, Failure], ref_template=_REFERENCE)
    by_shape = dict(zip([*shapes, Failure], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault("/api" + route.path, {})[route.method.lower()] = _operation(route, by_shape)
    return {
        "openapi": "3.1.0",
        "info": {"title": "opensession", "version": __version__, "description": "AI coding sessions of a team."},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name.replace(".", "_"),
        "summary": route.summary,
        "description": f"For {route.access.value}.",
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.access not in _OPEN:
        operation["security"] = [{"bearer": []}]
    elif route.access is not Access.ANYONE:
        operation["security"] = [{}, {"bearer": []}]
    contents = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in route.takes}
    if route.body is not None:
        contents["application/json"] = {"schema": schemas[route.body]}
    if contents:
        operation["requestBody"] = {"required": True, "content": contents}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in route.parameters
    ]
    if route.query is not None:
        schema = msgspec.json.schema(route.query, ref_template="{name}")
        shape = schema["$defs"][schema["$ref"]]
        required = shape.get("required", ())
        for name, kind in shape["properties"].items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": _said(kind)})
    return found


def _said(kind: dict[str, Any]) -> dict[str, Any]:
    """The schema of a query's value: a query cannot say null."""
    choices = [choice for choice in kind.get("anyOf", ()) if choice != {"type": "null"}]
    if not choices:
        return kind
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _responses(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    answers = {str(status): _success(route, schemas, status) for status in (route.status, *route.also)}
    failure = {"application/json": {"schema": schemas[Failure]}}
    for status in sorted(_refusals(route)):
        answers[str(status)] = {"description": HTTPStatus(status).phrase, "content": failure}
    return answers


def _success(route: Route, schemas: dict[Any, Any], status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if route.returns is str:
        answer["content"] = {route.gives: {"schema": {"type": "string"}}}
    elif route.returns is not None:
        found = [schemas[shape] for shape in _returned(route)]
        answer["content"] = {route.gives: {"schema": found[0] if len(found) == 1 else {"anyOf": found}}}
    return answer


def _returned(route: Route) -> tuple[Any, ...]:
    """The shapes of a route's answers."""
    return route.returns if isinstance(route.returns, tuple) else (route.returns,)


def _refusals(route: Route) -> set[int]:
    """Every status a route may refuse with: what it says, and what follows from its access, body and query."""
    found = set(route.errors)
    if route.access not in _OPEN:
        found.add(401)
    if "team_id" in route.parameters:
        found.add(404)
    if route.access is Access.ADMIN:
        found.add(403)
    if route.query is not None:
        found.add(400)
    if route.body is not None or route.takes:
        found |= {400, 413, 415, 422}
    return found
