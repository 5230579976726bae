"""The image and the compose file, as far as they can be looked at without building them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml  # type: ignore[import-untyped]

from opensession.cli import COMMANDS
from web.settings import SETTINGS

TOP = Path(__file__).parents[2]
DOCKERFILE = (TOP / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text())
SERVER: dict[str, Any] = COMPOSE["services"]["server"]
VARIABLE = re.compile(r"\$\{(\w+)(:[-?][^}]*)?\}")


class Instruction(NamedTuple):
    """One of the Dockerfile's, its lines joined."""

    word: str
    rest: str


def instructions() -> list[Instruction]:
    kept = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", kept)
    return [Instruction(*line.split(" ", 1)) for line in joined.splitlines() if line]


def rests(word: str) -> list[str]:
    return [one.rest for one in instructions() if one.word == word]


def last_stage(word: str) -> list[str]:
    words = instructions()
    begin = max(number for number, one in enumerate(words) if one.word == "FROM")
    return [one.rest for one in words[begin:] if one.word == word]


def copied() -> list[str]:
    """What is copied from the folder that is sent to the build."""
    return [name for rest in rests("COPY") if not rest.startswith("--from") for name in rest.split()[:-1]]


def test_what_is_copied_is_in_the_repository() -> None:
    known = subprocess.run(["git", "-C", str(TOP), "ls-files"], capture_output=True, text=True, check=True).stdout

    for name in copied():
        assert re.search(rf"^{re.escape(name)}(/|$)", known, re.MULTILINE), name


def test_exactly_what_is_copied_is_sent_to_the_build() -> None:
    lines = [line for line in (TOP / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]

    assert lines[0] == "*"
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(copied())
    assert [line for line in lines[1:] if not line.startswith("!")] == ["**/__pycache__"]


def test_the_packages_and_files_that_a_build_needs_are_copied() -> None:
    text = (TOP / "pyproject.toml").read_text()
    packages = json.loads(re.findall(r"^packages = (\[.*\])$", text, re.MULTILINE)[0])
    named = re.findall(r'^(?:readme|license-files) = \[?"([^"]+)"', text, re.MULTILINE)

    assert {*packages, *named, "pyproject.toml", "uv.lock"} <= set(copied())


def test_bases_are_pinned_and_the_same() -> None:
    bases = [rest.split()[0] for rest in rests("FROM")]

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", bases[0])
    assert re.fullmatch(r"postgres:\d+-[a-z]+", COMPOSE["services"]["database"]["image"])


def test_uv_is_the_one_of_the_makefile() -> None:
    (wanted,) = re.findall(r"^UV_VERSION := (\S+)$", (TOP / "Makefile").read_text(), re.MULTILINE)

    assert re.findall(r"\buv==(\S+)", DOCKERFILE) == [wanted]


def test_the_lock_file_is_what_is_installed() -> None:
    syncs = re.findall(r"uv sync ([^\n\\&]+)", DOCKERFILE)

    assert len(syncs) == 2
    for options in syncs:
        assert {"--locked", "--no-dev", "--no-editable"} <= set(options.split())


def test_it_does_not_run_as_root() -> None:
    (user,) = last_stage("USER")
    (made,) = re.findall(r"useradd .*--uid (\d+)", DOCKERFILE)

    # A number, so that an orchestrator that wants no root can tell.
    assert user == made != "0"
    words = [one.word for one in instructions()]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert not [one for one in instructions()[words.index("USER") :] if one.word in ("RUN", "COPY", "ADD")]


def test_the_command_is_a_process_that_gets_signals() -> None:
    (entrypoint,), (command,) = last_stage("ENTRYPOINT"), last_stage("CMD")

    words = [*json.loads(entrypoint), *json.loads(command)]
    assert words[0] == "opensession"
    assert " ".join(words[1:]) in COMMANDS
    assert last_stage("STOPSIGNAL") == ["SIGTERM"]


def test_health_is_asked_by_what_the_image_has() -> None:
    (check,) = last_stage("HEALTHCHECK")
    words = json.loads(check.split("CMD ", 1)[1])

    assert words[:2] == ["python", "-c"]
    compile(words[2], "healthcheck", "exec")
    assert "/api/ready" in words[2]


def test_the_data_folder_is_the_volume_and_the_users_own() -> None:
    (volume,) = last_stage("VOLUME")

    assert f"OPENSESSION_DATA_DIR={volume} " in f"{last_stage('ENV')[0]} "
    assert re.search(rf"install -d -o opensession -g opensession -m 700 {volume}(\s|$)", DOCKERFILE)
    assert [each.split(":")[1] for each in SERVER["volumes"]] == [volume]
    assert last_stage("EXPOSE") == ["3000"]
    assert SERVER["ports"][0].endswith(":3000")


def test_no_secret_is_in_the_image() -> None:
    assert not re.search(r"(?i)^(ENV|ARG)\b.*(secret|password|token|_key)", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", SERVER["environment"])
def test_every_variable_of_the_compose_file_is_a_setting(name: str) -> None:
    assert name in {known for known, *_ in SETTINGS}


@pytest.mark.parametrize("name", ["JWT_SECRET", "POSTGRES_PASSWORD"])
def test_secrets_are_required_and_have_no_default(name: str) -> None:
    text = (TOP / "docker-compose.yml").read_text()
    uses = [how for used, how in VARIABLE.findall(text) if used == name]

    assert uses
    assert all(how.startswith(":?") for how in uses)


def test_everything_else_has_a_default() -> None:
    text = (TOP / "docker-compose.yml").read_text()
    optional = {name: how for name, how in VARIABLE.findall(text) if not how.startswith(":?")}

    assert optional
    assert all(how.startswith(":-") for how in optional.values()), optional


def test_the_server_waits_for_its_database_and_may_finish_its_work() -> None:
    assert SERVER["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "healthcheck" in COMPOSE["services"]["database"]
    assert SERVER["environment"]["DATABASE_URL"].startswith("postgresql://")
    grace = re.findall(r"^graceful_timeout = (\d+)$", (TOP / "web/gunicorn_conf.py").read_text(), re.MULTILINE)
    assert int(SERVER["stop_grace_period"].removesuffix("s")) > int(grace[0])


def test_the_server_can_write_to_its_volume_only() -> None:
    assert SERVER["read_only"] is True
    assert SERVER["tmpfs"] == ["/tmp"]
    assert SERVER["cap_drop"] == ["ALL"]
    assert set(COMPOSE["volumes"]) == {
        each.split(":")[0] for one in COMPOSE["services"].values() for each in one["volumes"]
    }
