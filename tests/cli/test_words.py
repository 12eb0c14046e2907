from pathlib import Path

import pytest
from cli_runner import gist_imaging

from gist_imaging._version import __version__

COMMANDS = ["demo", "index", "measure", "compare", "segment", "batch", "cohort", "phantom", "doctor"]
README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_version_is_told():
    assert gist_imaging("--version").out.strip() == f"gist-imaging {__version__}"


def test_the_help_names_every_command():
    told = gist_imaging("--help").out

    assert [name for name in COMMANDS if name not in told] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_stands_in_the_readme(name):
    told = gist_imaging(name, "--help")

    assert told.code == 0
    assert "Usage" in told.out
    assert f"gist-imaging {name}" in README.read_text(encoding="utf-8")


def test_wrong_usage_ends_with_2():
    assert gist_imaging("measure").code == 2
    assert gist_imaging("no-such-command").code == 2
    assert gist_imaging("index", "").code == 2


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["people", "programs"])
def test_wrong_input_ends_with_1_and_says_what_was_expected_found_and_to_do(as_json, tmp_path):
    ran = gist_imaging("index", tmp_path / "nowhere", *as_json)

    assert ran.code == 1
    assert "Traceback" not in ran.err
    for part in ("Expected", "Found", "What to do"):
        assert part in ran.err
    if as_json:
        assert set(ran.json["error"]) == {"expected", "found", "advice"}


def test_the_doctor_speaks_to_people_and_to_programs():
    assert "SQLite" in gist_imaging("doctor").out
    assert {check["name"] for check in gist_imaging("doctor", "--json").json} >= {"SQLite", "memory"}
