"""How well surfaces are known: what masks, thick slices and sheets from strokes leave open."""

from dataclasses import replace

import numpy as np
import pytest
from relation_shapes import CAP_TUMOUR, LYING_ANEW, Lie, around, ball, ball_mask, dented, flat, slab_mask

from gist_imaging.anatomy.relation import RelationScene, measure_relation
from gist_imaging.anatomy.suggestion import suggest_relation
from gist_imaging.anatomy.surface import LevatorSurface

X, Y = (5.0, 85.0), (-40.0, 40.0)
STEEP = {"turn": (1.2, 0.3, 0.2)}
ALONG = {"turn": (0.1, -0.1, 0.3)}


def masks(depth: float = 0.0, lie: Lie = LYING_ANEW, **grid) -> RelationScene:
    """A ball in the dent that it made, or by `depth` beyond it; as masks."""
    x, y, z = CAP_TUMOUR
    return RelationScene(
        ball_mask(lie, 30.0, (x, y, z - depth), 3, **grid),
        {
            "L": slab_mask(lie, X, Y, dented, 3, **grid),
            "R": slab_mask(lie, (-X[1], -X[0]), Y, flat, 3, **grid),
        },
        "L",
        landmarks=lie.landmarks(),
        tau_mm=1.0,
    )


def plane_from_strokes(side: str, error_mm: float | None) -> LevatorSurface:
    """A muscle of 4 mm whose inner face is the plane z = 0: a sheet that no stroke told of the dent."""
    x, y = np.meshgrid(np.linspace(*X, 41), np.linspace(*Y, 41))
    points = np.stack([x * (1 if side == "L" else -1), y, np.full(x.shape, -2.0)], axis=-1)
    return LevatorSurface(side, points[:, ::-1], np.full(x.shape, 4.0), error_mm)


def strokes(error_mm: float | None = 0.5) -> RelationScene:
    levator = {side: plane_from_strokes(side, error_mm) for side in ("L", "R")}
    corners = np.array([(x, y, z) for x in (0, 90) for y in (-45, 45) for z in (-12, 60)], dtype=float)
    return RelationScene(
        ball(30.0, CAP_TUMOUR),
        levator,
        "L",
        landmarks=Lie().landmarks(),
        slices=around(corners, 5, turn=(0.0, 0.0, 0.0)),
        tau_mm=1.0,
    )


@pytest.mark.parametrize("grid", [{}, STEEP, {"turn": (-0.2, 0.3, 0.1), "flipped": True}])
def test_masks_that_only_touch_have_no_overlap_and_say_by_how_much_their_surfaces_do(grid):
    found = measure_relation(masks(**grid))

    assert found.min_distance.value == pytest.approx(0.0, abs=0.5)
    assert found.min_distance.low <= 0.0 <= found.min_distance.high
    assert found.overlap_volume.value == 0.0
    if found.min_distance.value == 0.0:
        assert "within their error" in found.min_distance.notes[0]


def test_masks_that_overlap_by_4_mm_still_do():
    assert measure_relation(masks(4.0, **STEEP)).min_distance.value == pytest.approx(-4.0, abs=0.5)


def test_a_muscle_along_the_slices_is_said_to_be_known_to_half_a_gap_in_area_displacement_and_thickness():
    along, steep = (measure_relation(masks(**grid)).metrics for grid in (ALONG, STEEP))

    for name in (
        "contact_area",
        "contact_length",
        "displacement_mean",
        "displacement_p95",
        "thickness_ratio",
    ):
        assert any("runs along the slices" in note for note in along[name].notes), name
        assert not any("along the slices" in note for note in steep[name].notes), name


def test_a_sheet_that_misses_a_dent_has_an_interval_that_reaches_back_to_touching():
    found = measure_relation(strokes()).min_distance

    assert found.value == pytest.approx(-8.0, abs=0.05)
    assert found.low == pytest.approx(-9.0, abs=0.05)
    assert found.high == 0.0
    assert any("an overlap is no sign of invasion" in note for note in found.notes)


def test_the_slice_for_one_more_stroke_is_the_one_through_the_deepest_place():
    scene = strokes()
    found = measure_relation(scene).min_distance

    k = round(float(scene.slice_grid.to_index(np.array([[CAP_TUMOUR[0], 0.0, 0.0]]))[0, 0]))
    assert any(f"one more stroke on slice k = {k} tells" in note for note in found.notes)


def test_the_displacement_of_such_a_sheet_may_be_as_much_larger_as_it_reaches_into_the_tumour():
    measured = measure_relation(strokes())
    found = measured.displacement_p95

    assert found.value == pytest.approx(0.0, abs=0.01)
    assert found.high == pytest.approx(8.0, abs=0.05)
    # Both sheets are off by 0.5 mm each, twice.
    assert found.low == pytest.approx(-2.0 * np.sqrt(0.5), abs=0.01)
    call = {"contact": "abutment", "displacement": "mild", "side": "L"}
    suggested = suggest_relation(measured, call)
    assert any("either word may hold" in note for note in suggested.displacement.notes)
    assert "invasion" not in suggested.to_json()


def test_the_area_of_a_sheet_lies_between_those_of_its_own_error():
    scene = replace(strokes(0.8), tumour=ball(30.0, (45.0, 0.0, 30.5)))

    area = measure_relation(scene).contact_area

    within = [np.pi * ((30.0 + reach) ** 2 - 30.5**2) for reach in (1.0, 2.6)]
    assert area.low == 0.0
    assert area.value == pytest.approx(within[0], rel=0.05)
    assert area.high == pytest.approx(within[1], rel=0.05)


def test_a_sheet_whose_error_is_not_known_has_no_interval():
    assert measure_relation(strokes(None)).displacement_p95.low is None
