"""Which visits a sheet compares, where it cuts when the lesion has gone, and which side is measured."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from case_sheets import POST_GRID, PRE_GRID, emptied, image, lopsided, visit

from gist_imaging.errors import PromptError
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.register_transform import RigidTransform
from gist_imaging.study.levator_relation import LevatorRelation
from gist_imaging.study.marks import Mark, MaskReference
from gist_imaging.study.reading import Reading
from gist_imaging.workflow.export_given import GivenCase, GivenVisit
from gist_imaging.workflow.export_sheet import sheet_of

ROLES = {"baseline": "baseline", "early": "follow_up", "presurgery": "follow_up", "postop": "other"}
DAYS = {"baseline": -7, "early": 30, "presurgery": 180, "postop": 200}


def given(masks, grids=None, cells=None, **held):
    """A case of R1 with these masks, (lesion, visit) to mask, on these grids."""
    grids = grids or dict.fromkeys(ROLES, PRE_GRID)
    references = tuple(
        MaskReference(lesion, label, mask.sha256(), "0" * 64, mask.is_empty)
        for (lesion, label), mask in masks.items()
    )
    reading = Reading("R1", "SYN-009", True, masks=references, **held)
    visits = tuple(
        GivenVisit(label, role, DAYS[label], "s1", "CT axial 3.3 mm", "CT")
        for label, role in ROLES.items()
        if label in grids
    )
    state = CaseState(MappingProxyType(cells or {}))
    return GivenCase(
        reading, "committed", state, visits, masks, lambda label: image(grids[label]), "imatinib_start"
    )


def no_metrics(_lesion, _visit):
    return {}


def compared(case):
    return [(lesion.pre.label, lesion.post.label) for lesion in sheet_of(case, no_metrics).lesions]


def test_the_baseline_stands_beside_the_last_follow_up_that_was_outlined():
    mask = lopsided(PRE_GRID, 9.0)

    assert compared(given({("L1", label): mask for label in ROLES})) == [("baseline", "presurgery")]
    assert compared(given({("L1", "baseline"): mask, ("L1", "early"): mask})) == [("baseline", "early")]


def test_another_visit_that_was_outlined_is_named():
    mask = lopsided(PRE_GRID, 9.0)
    (lesion,) = sheet_of(given({("L1", label): mask for label in ROLES}), no_metrics).lesions

    assert [note.split(";")[0] for note in lesion.notes] == [
        "Also outlined at early",
        "Also outlined at postop",
    ]


def test_a_lesion_that_was_not_outlined_at_the_follow_up_says_so():
    mask = lopsided(PRE_GRID, 9.0)
    masks = {("L1", "baseline"): mask, ("L2", "baseline"): mask, ("L1", "presurgery"): mask}
    one, other = sheet_of(given(masks), no_metrics).lesions

    assert one.post.measured is not None
    assert other.post.missing == "L2 was not outlined at presurgery."
    assert other.responses == ()


def test_a_case_of_one_visit_says_that_there_is_no_other():
    case = given({("L1", "baseline"): lopsided(PRE_GRID, 9.0)}, {"baseline": PRE_GRID})
    (lesion,) = sheet_of(case, no_metrics).lesions

    assert lesion.post.missing == "There is no follow-up scan in the study."


def test_what_has_gone_is_shown_where_it_was():
    before = lopsided(PRE_GRID, 9.0)
    there = replace(POST_GRID, frame_uid="1.2.3.99")
    after = emptied(visit(there, 7.0, "presurgery", 180)).mask
    turned = np.eye(4)
    turned[:3, 3] = (3.0, -8.0, 20.0)
    transform = RigidTransform(turned, PRE_GRID.frame_uid, there.frame_uid)
    cell = {"from": "baseline", "to": "presurgery", "state": "ok", "transform": transform.to_json()}
    masks = {("L1", "baseline"): before, ("L1", "presurgery"): after}
    grids = {"baseline": PRE_GRID, "presurgery": there}
    middle = PRE_GRID.to_patient(np.argwhere(before.voxels).mean(axis=0))

    def where(cells):
        (lesion,) = sheet_of(given(masks, grids, cells), no_metrics).lesions
        return lesion.post.at_mm

    np.testing.assert_allclose(where({("registration",): cell}), middle + turned[:3, 3])
    assert where({("registration",): {**cell, "state": "rejected"}}) is None
    assert where({}) is None


def call(side, label="baseline", **words):
    said = {"contact": "none", "displacement": "none", "invasion": "no"} | words
    return LevatorRelation("L1", label, "R1", side, **said)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ((call("L"), call("R", contact="close")), "R"),
        ((call("L", displacement="mild"), call("R", contact="close")), "both"),
        ((call("L"), call("R")), None),
        ((call("L", contact="not_assessable"),), None),
        ((call("midline", contact="abutment"),), None),
        ((call("L"), call("R"), call("L", "presurgery", contact="close")), "L"),
        ((), None),
    ],
    ids=["one", "both", "none", "not assessable", "midline", "at another visit", "not asked"],
)
def test_the_side_that_is_measured_is_the_one_that_was_called(calls, expected):
    case = given({("L1", "baseline"): lopsided(PRE_GRID, 9.0)}, relations=calls)

    assert case.affected_side("L1", "baseline") == expected


def test_what_could_not_be_measured_is_told_on_the_sheet():
    stroke = Mark("levator", "baseline", ((0, 0, 0), (9, 0, 0)), side="L")
    case = given({("L1", "baseline"): lopsided(PRE_GRID, 9.0)}, landmarks=(stroke,))

    def failing(_lesion, _visit):
        raise PromptError("three strokes", "there is one", "draw more")

    (lesion,) = sheet_of(case, failing).lesions
    assert "three strokes; there is one; draw more" in lesion.pre.note
    assert [line.word for line in lesion.pre.lines] == ["L"]
