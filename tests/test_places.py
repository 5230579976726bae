"""Where programs keep their files, on each of the three systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from opensession import places
from opensession.agent import Machine

HOME = Path("/home/ada")


@pytest.mark.parametrize(
    ("platform", "configuration", "data"),
    [
        ("linux", ".config", ".local/share"),
        ("darwin", "Library/Application Support", "Library/Application Support"),
        ("win32", "AppData/Roaming", "AppData/Local"),
    ],
)
def test_each_system_has_its_own_folders(platform: str, configuration: str, data: str) -> None:
    machine = Machine({}, HOME, platform)

    assert places.configuration(machine) == HOME / configuration
    assert places.data(machine) == HOME / data
    assert places.xdg_data(machine) == HOME / ".local/share"


def test_the_environment_moves_them() -> None:
    linux = Machine({"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "~/d"}, HOME, "linux")
    windows = Machine({"APPDATA": "/roaming", "LOCALAPPDATA": "/local"}, HOME, "win32")

    assert (places.configuration(linux), places.data(linux)) == (Path("/c"), HOME / "d")
    assert (places.configuration(windows), places.data(windows)) == (Path("/roaming"), Path("/local"))
    assert places.named(Machine({"X": "  "}, HOME, "linux"), "X") is None


def test_editors_and_those_that_work_from_afar_are_found(tmp_path: Path) -> None:
    for folder in (".config/Code/User", ".config/VSCodium/User", ".vscode-server/data/User"):
        (tmp_path / folder).mkdir(parents=True)

    found = {str(path.relative_to(tmp_path)) for path in places.editor_users(Machine({}, tmp_path, "linux"))}
    assert found == {".config/Code/User", ".config/VSCodium/User", ".vscode-server/data/User"}


def test_what_is_missing_or_closed_is_empty(tmp_path: Path) -> None:
    assert places.entries(tmp_path / "nowhere") == []
    assert list(places.files(tmp_path / "nowhere", ".json")) == []
    assert places.modified(tmp_path / "nowhere") == 0.0


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///home/ada/my%20todo", "/home/ada/my todo"),
        ("file:///C%3A/todo", "C:/todo"),
        ("/home/ada", "/home/ada"),
        ("vscode-remote://ssh/home", "vscode-remote://ssh/home"),
        ("file://[half", "file://[half"),
    ],
)
def test_addresses_of_files_are_paths(address: str, path: str) -> None:
    assert places.local_path(address) == path
