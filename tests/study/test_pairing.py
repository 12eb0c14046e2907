"""Pairs of series: comparable ones first, then the finest, each difference named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from strategies import oblique_geometry

from gist_imaging.study.pairing import chips_of, measured_series, pairs_of
from gist_imaging.study.pairing_traits import SeriesTraits, name_of, traits_of

CT = SeriesTraits("ct", "CT", "axial", (0.0, 0.0, 1.0), (3.0, 0.8, 0.8), phase="portal_venous", kvp=120.0)
MR = SeriesTraits("mr", "MR", "oblique", (0.0, 0.6, 0.8), (3.3, 0.7, 0.7), weighting="T2")


def _states(one: SeriesTraits, other: SeriesTraits) -> dict[str, str]:
    return {chip.name: chip.state for chip in chips_of(one, other)}


def _tilted(series: SeriesTraits, deg: float) -> SeriesTraits:
    about = np.cross(series.normal, (1.0, 0.2, 0.1))
    turned = Rotation.from_rotvec(np.radians(deg) * about / np.linalg.norm(about)).apply(series.normal)
    return replace(series, key=f"{series.key} {deg}", normal=tuple(turned.tolist()))


@pytest.mark.parametrize(
    ("deg", "state"), [(0.0, "same"), (14.99, "same"), (15.01, "differs"), (90, "differs")]
)
def test_planes_within_fifteen_degrees_are_comparable(deg: float, state: str) -> None:
    assert _states(MR, _tilted(MR, deg))["plane"] == state


def test_a_stack_read_from_the_other_end_is_the_same_plane() -> None:
    assert _states(MR, replace(MR, normal=tuple(-n for n in MR.normal)))["plane"] == "same"


@pytest.mark.parametrize(
    ("thickness_mm", "state"),
    [(3.0, "same"), (4.49, "same"), (4.5, "differs"), (2.01, "same"), (2.0, "differs")],
)
def test_slices_less_than_one_and_a_half_times_as_thick_are_comparable(
    thickness_mm: float, state: str
) -> None:
    assert _states(CT, replace(CT, spacing_mm=(thickness_mm, 0.8, 0.8)))["thickness"] == state


@pytest.mark.parametrize(
    ("changes", "name", "state"),
    [
        ({"modality": "MR"}, "modality", "differs"),
        ({"phase": "arterial"}, "phase", "differs"),
        ({"phase": None}, "phase", "unknown"),
        ({"kvp": 100.0}, "kvp", "differs"),
        ({"kvp": None}, "kvp", "unknown"),
        ({"spacing_mm": (3.0, 1.21, 0.8)}, "in_plane", "differs"),
    ],
)
def test_what_differs_or_is_unknown_is_named(changes: dict[str, object], name: str, state: str) -> None:
    states = _states(CT, replace(CT, **changes))  # type: ignore[arg-type]

    assert states[name] == state


def test_weighting_is_asked_of_mr_and_tube_voltage_of_ct_only() -> None:
    assert "weighting" not in _states(CT, CT)
    assert "kvp" not in _states(MR, MR)


@given(st.sampled_from([CT, MR]), st.sampled_from([CT, MR]), st.floats(0, 90), st.floats(0.5, 8.0))
def test_a_pair_is_as_comparable_from_either_side(
    one: SeriesTraits, other: SeriesTraits, deg: float, thickness_mm: float
) -> None:
    other = replace(_tilted(other, deg), spacing_mm=(thickness_mm, 0.7, 0.7))

    assert _states(one, other) == _states(other, one)
    assert pairs_of([one], [other])[0].score == pairs_of([other], [one])[0].score


def test_a_series_with_itself_is_comparable_in_everything() -> None:
    (pair,) = pairs_of([CT], [CT])

    assert (pair.score, pair.differing) == (1.0, ())


def test_comparability_goes_before_resolution() -> None:
    thin = replace(CT, key="thin", spacing_mm=(1.0, 0.7, 0.7))
    thick_later = replace(CT, key="later", spacing_mm=(3.0, 0.8, 0.8))

    best = pairs_of([thin, CT], [thick_later])[0]
    assert best.baseline.key == "ct"


def test_among_equally_comparable_pairs_the_finest_is_first() -> None:
    thin = replace(CT, key="thin", spacing_mm=(1.0, 0.7, 0.7))
    thin_later = replace(CT, key="thin later", spacing_mm=(1.2, 0.7, 0.7))

    best = pairs_of([CT, thin], [replace(CT, key="later"), thin_later])[0]
    assert (best.baseline.key, best.follow_up.key) == ("thin", "thin later")


def test_a_tumour_is_outlined_on_t2_across_the_canal_rather_than_on_diffusion_or_sagittal() -> None:
    sagittal = replace(MR, key="sag", plane="sagittal", normal=(1.0, 0.0, 0.0), spacing_mm=(3.0, 0.5, 0.5))
    diffusion = replace(MR, key="dwi", weighting="DWI", b_value=800.0)
    visit = [diffusion, sagittal, MR]

    assert measured_series({"a": visit, "b": visit}, "a", ["b"]) == {"a": "mr", "b": "mr"}
    assert measured_series({"a": visit}, None, []) == {"a": "mr"}


def test_where_only_sagittal_is_common_the_sagittal_pair_is_proposed() -> None:
    sagittal = replace(MR, key="sag", plane="sagittal", normal=(1.0, 0.0, 0.0))
    sagittal_later = replace(sagittal, key="sag later")

    measured = measured_series({"a": [MR, sagittal], "b": [sagittal_later]}, "a", ["b"])
    assert measured == {"a": "sag", "b": "sag later"}


def test_all_follow_ups_are_paired_with_one_series_of_the_baseline() -> None:
    first = replace(CT, key="first")
    thin = replace(CT, key="thin", spacing_mm=(1.0, 0.7, 0.7))
    visits = {
        "baseline": [first, thin],
        "one": [replace(CT, key="one")],
        "two": [replace(CT, key="two thick"), replace(thin, key="two thin")],
        "three": [],
    }

    measured = measured_series(visits, "baseline", ["one", "two", "three"])
    assert measured == {"baseline": "first", "one": "one", "two": "two thick"}


def test_the_order_in_which_series_were_found_changes_nothing() -> None:
    visit = [replace(CT, key=f"s{n}", spacing_mm=(1.0 + n, 0.7, 0.7)) for n in range(5)]
    later = [replace(one, key=f"later {one.key}") for one in visit]

    forward = measured_series({"a": visit, "b": later}, "a", ["b"])
    backward = measured_series({"b": later[::-1], "a": visit[::-1]}, "a", ["b"])
    assert forward == backward


def test_traits_of_a_turned_flipped_grid_are_those_of_its_slices() -> None:
    grid = oblique_geometry(flips=(-1, 1, -1), angles_deg=(4.0, -3.0, 61.0))
    traits = traits_of("k", grid, "MR")

    across = grid.to_patient([[1, 0, 0]])[0] - grid.to_patient([[0, 0, 0]])[0]
    cosine = abs(np.dot(across, traits.normal)) / np.linalg.norm(across)
    assert cosine == pytest.approx(1.0, abs=1e-9)
    assert traits.plane == "axial"
    assert traits.spacing_mm == pytest.approx((3.3, 0.7, 0.9))
    assert name_of(traits) == "MR axial 3.3 mm"
