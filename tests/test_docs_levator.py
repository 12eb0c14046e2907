"""docs/levator.md names every number on tumour and levator ani, no other, and its example runs."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from cli_runner import gist_imaging_here

from gist_imaging.anatomy.height import LOW_AND_MID_AT_MOST_MM, TumourHeight
from gist_imaging.anatomy.pelvic_lines import PelvicLines
from gist_imaging.anatomy.relation_change import LevatorShift
from gist_imaging.anatomy.relation_values import METRIC_NAMES
from gist_imaging.anatomy.suggestion import CLOSE_AT_MOST_MM, DISPLACED_FROM_MM, MARKED_FROM_MM
from gist_imaging.cli import show_relation

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "levator.md").read_text("utf-8")
METRICS = {
    *METRIC_NAMES,
    *(one.name for held in (PelvicLines, TumourHeight, LevatorShift) for one in fields(held)),
}
ONE_NAME = r"`([a-z][a-z0-9_]*)`"
LARGEST_PICTURE = 120_000


def described() -> set[str]:
    """Names that stand first in a row of a table, or first in a paragraph that ends in a colon."""
    rows = re.findall(rf"^\| {ONE_NAME}", PAGE, flags=re.MULTILINE)
    paragraphs = re.findall(rf"\n\n{ONE_NAME}:", PAGE)
    return {*rows, *paragraphs}


def test_every_number_of_the_code_is_described_and_nothing_that_the_code_does_not_measure():
    assert described() == METRICS


@pytest.mark.parametrize("name", METRIC_NAMES)
def test_a_number_is_described_under_the_m_that_the_command_prints_beside_it(name):
    printed = re.match(r"M\d+", show_relation._RELATION[name])
    assert printed

    before = re.split(rf"\n\| `{name}`|\n\n`{name}`:", PAGE)[0]
    heading = re.findall(r"^## (.*)$", before, flags=re.MULTILINE)[-1]

    assert re.search(rf"\b{printed[0]}\b", heading)


def test_cut_offs_are_those_of_the_code():
    for method, (low, mid) in LOW_AND_MID_AT_MOST_MM.items():
        assert re.search(rf"^\| `{method}` .*\| {low:g} mm \| {mid:g} mm \|$", PAGE, flags=re.MULTILINE)
    words = PAGE.split("## Words that the numbers suggest")[1].split("## ")[0]
    assert f"above {CLOSE_AT_MOST_MM:g} mm; above 0 up to {CLOSE_AT_MOST_MM:g} mm" in words
    bounds = f"below {DISPLACED_FROM_MM:g} mm; from {DISPLACED_FROM_MM:g} mm; from {MARKED_FROM_MM:g} mm"
    assert bounds in words


def test_every_family_of_numbers_has_a_small_picture_that_is_there():
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE)
    drawn = [DOCS / name for name in pictures if "_real" not in name]

    sections = [part for part in PAGE.split("\n## ") if re.match(r"M\d|Height", part)]
    assert all("](images/levator_" in part for part in sections)
    assert len(drawn) == len(sections) == len(set(drawn))
    assert all(path.is_file() and path.stat().st_size <= LARGEST_PICTURE for path in drawn)


def test_links_lead_to_pages_and_headings_that_are_there():
    for page, heading in re.findall(r"\]\(([\w.]*)#?([\w-]*)\)", PAGE):
        text = PAGE if not page else (DOCS / page).read_text("utf-8")
        titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not heading or heading in anchors, (page, heading)


def test_the_example_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    part = PAGE.split("## An example to copy")[1].split("\n## ")[0]
    (script,) = re.findall(r"```python\n(.*?)```", part, flags=re.DOTALL)
    commands = re.findall(r"^gist-imaging (.*?)(?: > (\S+))?$", part, flags=re.MULTILINE)

    exec(compile(script, "levator.md", "exec"), {})
    ran = [gist_imaging_here(*words.split()) for words, _ in commands]

    assert [(one.code, one.err) for one in ran] == [(0, "")] * 2
    (one,) = json.loads(ran[1].out)["relations"]
    assert ran[0].out.index("Reader R1: contact abutment") < ran[0].out.index("M3 displacement")
    # The phantom was asked for 9 mm; half the diagonal of a voxel of 1.35 × 1.35 × 3.3 mm is 1.9 mm.
    assert one["displacement_p95"]["value"] == pytest.approx(9.0, abs=1.9)
    assert one["contact_area"]["value"] > 0.0
    missing = {name for name, held in one.items() if isinstance(held, dict) and held.get("reason")}
    assert missing == {"fossa_loss"}
