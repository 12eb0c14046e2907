"""Roles and series of a case are settled once, with a reason where they are others than proposed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from store_cases import made_study, one_case, series, visit

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_imaging.store import StudyStore

SAMPLES = Path(__file__).resolve().parents[2] / "sample_scans"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A CT before, a CT with thicker slices after, and a thin one and one with gaps beside it."""
    folder = tmp_path / "s"
    before = series("2.25.11", name="CT axial 3.0 mm", spacing_mm=(3.0, 0.8, 0.8))
    after = (
        series("2.25.21", name="CT axial 5.0 mm", spacing_mm=(5.0, 0.8, 0.8)),
        series("2.25.22", name="CT axial 3.0 mm", spacing_mm=(3.0, 0.8, 0.8)),
        series("2.25.23", name="CT coronal 3.0 mm", plane="coronal", problems=("TILT",), measurable=False),
    )
    visits = (visit("baseline", "baseline", -12, before), visit("presurgery", "follow_up", 182, *after))
    with made_study(folder) as store:
        store.take_in(one_case("SYN-900", visits=visits))
    return folder


def states(check: workflow.PairCheck) -> dict[str, str]:
    return {chip.name: chip.state for chip in check.chips["presurgery"]}


def test_what_differs_between_the_proposed_series_is_told_and_nothing_is_changed(study):
    check = workflow.pair_check(study, "SYN-900")

    assert check.measured == {"baseline": "2.25.11", "presurgery": "2.25.21"}
    assert states(check)["thickness"] == "differs"
    assert states(check)["plane"] == "same"
    assert not check.is_settled
    assert workflow.pair_check(study, "SYN-900") == check


def test_another_series_is_tried_before_it_is_laid_down(study):
    check = workflow.pair_check(study, "SYN-900", measured={"presurgery": "2.25.22"})

    assert states(check)["thickness"] == "same"
    assert check.changed_visits == ("presurgery",)
    assert workflow.pair_check(study, "SYN-900").measured["presurgery"] == "2.25.21"


def test_accepting_the_proposal_needs_no_reason_and_settles_the_case(study):
    check = workflow.confirm_pair(study, "SYN-900", by="R1")

    assert check.is_settled
    assert {one.measured_state for one in check.record.visits} == {"confirmed"}
    assert {one.measured_by for one in check.record.visits} == {"R1"}


def test_another_series_needs_a_reason_and_keeps_it(study):
    with pytest.raises(GistImagingError, match="presurgery"):
        workflow.confirm_pair(study, "SYN-900", by="R1", measured={"presurgery": "2.25.22"})
    assert not workflow.pair_check(study, "SYN-900").is_settled

    check = workflow.confirm_pair(
        study, "SYN-900", by="R1", measured={"presurgery": "2.25.22"}, reason="same slice distance"
    )

    assert check.measured["presurgery"] == "2.25.22"
    assert check.is_settled
    with StudyStore.open(study) as store:
        assert "same slice distance" in [row.details.get("reason") for row in store.audit_rows()]


def test_roles_can_be_exchanged_in_one_step(study):
    roles = {"baseline": "follow_up", "presurgery": "baseline"}

    check = workflow.confirm_pair(study, "SYN-900", by="R1", roles=roles, reason="labels were exchanged")

    assert check.roles == roles
    assert list(check.chips) == ["baseline"]


def test_two_baselines_are_refused_as_a_whole(study):
    with pytest.raises(GistImagingError, match="one baseline"):
        workflow.confirm_pair(study, "SYN-900", by="R1", roles={"presurgery": "baseline"}, reason="a test")

    assert workflow.pair_check(study, "SYN-900").roles["presurgery"] == "follow_up"


def test_a_series_that_cannot_be_measured_is_refused_with_its_code(study):
    with pytest.raises(GistImagingError, match="TILT"):
        workflow.confirm_pair(
            study, "SYN-900", by="R1", measured={"presurgery": "2.25.23"}, reason="all there is"
        )


def test_a_visit_that_is_not_compared_needs_no_series(study):
    check = workflow.confirm_pair(
        study, "SYN-900", by="R1", roles={"presurgery": "other"}, reason="another question"
    )

    assert check.chips == {}
    assert check.is_settled
    assert check.record.visits[1].measured_state == "proposed"


def test_scans_on_one_side_of_the_first_dose_are_told(tmp_path):
    visits = (visit("a", "baseline", -12, series("2.25.1")), visit("b", "follow_up", -3, series("2.25.2")))
    with made_study(tmp_path / "s") as store:
        store.take_in(one_case("SYN-901", visits=visits, t0_event="imatinib_start"))
        store.take_in(one_case("SYN-902", visits=visits, t0_event="first_scan"))

    told = workflow.pair_check(tmp_path / "s", "SYN-901").problems
    assert any("same side of treatment start (days -12 and -3)" in problem for problem in told)
    assert not any("same side" in p for p in workflow.pair_check(tmp_path / "s", "SYN-902").problems)


@pytest.mark.parametrize(
    ("turned_deg", "state", "text"),
    [(3.0, "same", "oblique | oblique, 3°"), (40.0, "differs", "oblique | oblique, 40°")],
)
def test_the_angle_between_two_oblique_scans_is_told(turned_deg, state, text, tmp_path):
    tilted = np.deg2rad([25.0, 25.0 + turned_deg])
    normals = [(0.0, float(np.sin(angle)), float(np.cos(angle))) for angle in tilted]
    both = [
        dataclasses.replace(series(f"2.25.{n}", plane="oblique"), normal=normal)
        for n, normal in enumerate(normals, start=1)
    ]
    visits = (visit("a", "baseline", 0, both[0]), visit("b", "follow_up", 9, both[1]))
    with made_study(tmp_path / "s") as store:
        store.take_in(one_case("SYN-920", visits=visits))

    chips = workflow.pair_check(tmp_path / "s", "SYN-920").chips["b"]
    assert (chips[0].name, chips[0].state, chips[0].text) == ("plane", state, text)


def test_the_plane_of_imported_scans_is_known_from_their_geometry(tmp_path):
    """SYN-002 was scanned obliquely, tilted by 26 and 24 degrees."""
    workflow.init_study(tmp_path / "s", "TEST")
    workflow.import_scans(tmp_path / "s", SAMPLES)

    chips = workflow.pair_check(tmp_path / "s", "SYN-002").chips["presurgery"]
    assert chips[0].state == "same"
    assert chips[0].text.startswith("oblique | oblique, ")


def test_a_scan_of_another_plane_or_an_oblique_one_is_told(tmp_path):
    first = series("2.25.1", plane="axial")
    for number, (plane, state) in enumerate([("coronal", "differs"), ("oblique", "unknown")], start=1):
        case = f"SYN-91{number}"
        visits = (visit("a", "baseline", 0, first), visit("b", "follow_up", 9, series("2.25.2", plane=plane)))
        with made_study(tmp_path / plane) as store:
            store.take_in(one_case(case, visits=visits))

        chips = workflow.pair_check(tmp_path / plane, case).chips["b"]
        assert (chips[0].name, chips[0].state, chips[0].text) == ("plane", state, f"axial | {plane}")
