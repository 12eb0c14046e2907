"""Numbers of the pelvis at two visits become a change only where they may be subtracted."""

from __future__ import annotations

import pytest
from cohort_records import scan

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.emit import plain_rows, typed_frame
from gist_imaging.cohort.pelvic_numbers import PelvicNumber
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.spec import table_named
from gist_imaging.cohort.validate import validate_frames

STUDY = StudyFacts()


def number(name="h_line", value=50.0, side=None, **given):
    return PelvicNumber(name, value, side, None if value is not None else "why", **given)


def frames_of(before, after, label="presurgery", **given):
    frames = cohort_frames(
        [scan("P001", "baseline", pelvic=before, **given), scan("P001", label, pelvic=after, **given)],
        STUDY,
    )
    assert validate_frames(frames, STUDY) == []
    return frames


def change(before, after, label="presurgery", **given):
    frames = frames_of(before, after, label, **given)
    return {(row["name"], row["side"]): row for row in plain_rows(frames["relation_changes"])}


def test_a_change_is_the_later_number_minus_the_baselines():
    found = change(
        (number(value=52.0), number("levator_displaced_volume", 5496.0, "L")),
        (number(value=47.5), number("levator_displaced_volume", 496.0, "L")),
    )

    assert found["h_line", None]["change"] == -4.5
    # Stored in mL.
    assert found["levator_displaced_volume", "L"]["change"] == pytest.approx(-5.0)
    assert {row["baseline_timepoint_id"] for row in found.values()} == {"P001/baseline"}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ((number(value=None),), (number(),), "not_measured_at_baseline"),
        ((number(),), (number(value=None),), "not_measured_at_this_visit"),
        ((number(value=None),), (number(value=None),), "not_measured_at_both_visits"),
        ((), (number(),), "not_measured_at_baseline"),
        ((number(),), (number(notes=("the coccyx tip stands in",)),), "measured_in_another_way"),
    ],
)
def test_numbers_that_are_missing_or_came_about_differently_are_not_subtracted(before, after, reason):
    (row,) = change(before, after).values()

    assert (row["change"], row["status"], row["reason"]) == (None, "not_evaluable", reason)


def test_sections_of_a_side_differ_from_scan_to_scan_and_are_compared_all_the_same():
    (row,) = change(
        (number("levator_bow", 9.0, "L", notes=("coronal section 15 mm behind P",)),),
        (number("levator_bow", 4.0, "L", notes=("coronal section 20 mm behind P",)),),
    ).values()

    assert row["change"] == -5.0


def test_the_left_side_is_never_compared_with_the_right_one():
    found = change((number("levator_bow", 9.0, "L"),), (number("levator_bow", 4.0, "R"),))

    assert {side: row["reason"] for (_, side), row in found.items()} == {
        "L": "not_measured_at_this_visit",
        "R": "not_measured_at_baseline",
    }


def test_signals_of_two_scans_are_not_compared_and_what_surgery_changed_is_not_either():
    assert (
        change((number("levator_signal_ratio", 1.2, "L"),), (number("levator_signal_ratio", 1.1, "L"),)) == {}
    )

    (row,) = change((number(),), (number(value=40.0),), label="postop").values()

    assert (row["change"], row["reason"]) == (None, "after_surgery")


def test_two_visits_that_lack_a_number_are_two_rows():
    visits = [("baseline", (number(),)), ("tp3m", ()), ("presurgery", ())]
    frames = cohort_frames([scan("P001", label, pelvic=held) for label, held in visits], STUDY)

    assert validate_frames(frames, STUDY) == []
    assert list(frames["relation_changes"]["timepoint_id"]) in (
        ["P001/presurgery", "P001/tp3m"],
        ["P001/tp3m", "P001/presurgery"],
    )


def test_a_cohort_without_these_numbers_has_no_changes():
    assert change((), ()) == {}


def test_a_changed_change_is_found():
    frames = dict(frames_of((number(value=52.0),), (number(value=47.5),)))
    rows = plain_rows(frames["relation_changes"])
    rows[0]["change"] = -4.0
    frames["relation_changes"] = typed_frame(table_named("relation_changes"), rows)

    assert {(problem.table, problem.code, problem.column) for problem in validate_frames(frames, STUDY)} == {
        ("relation_changes", "not_recomputed", "change")
    }
