"""M1 and M2 against the formulas of DOMAIN.md 4.4."""

import numpy as np
import pytest
from relation_shapes import LYING_ANEW, Lie, ball, ball_mask, flat, grid_over, sheet, slab_mask

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation import RelationScene, measure_relation
from gist_imaging.anatomy.surface import TriangleMesh
from gist_imaging.spatial import Mask

R, TAU = 30.0, 1.0
CONTACT_MM2 = {0.0: 191.6, 0.5: 96.6, 1.0: 0.0, 1.7: 0.0}


def lens_mm3(depth: float) -> float:
    return np.pi * depth**2 * (3 * R - depth) / 3


def exact(distance: float, lie: Lie = LYING_ANEW, **more):
    tumour = lie.mesh(ball(R, (0, 0, R + distance)))
    levator = lie.mesh(sheet((-45, 45), (-45, 45), flat))
    return measure_relation(RelationScene(tumour, {"L": levator}, "L", tau_mm=TAU, **more))


def from_masks(distance: float, seed: int, tau_mm: float | None = TAU, **grid):
    tumour = ball_mask(LYING_ANEW, R, (0, 0, R + distance), seed, **grid)
    levator = slab_mask(LYING_ANEW, (-26, 26), (-26, 26), flat, seed, **grid)
    return measure_relation(RelationScene(tumour, {"L": levator}, "L", tau_mm=tau_mm))


@pytest.mark.parametrize("distance", CONTACT_MM2)
def test_a_ball_over_a_plane_touches_it_over_the_area_of_the_formula(distance):
    found = exact(distance)

    assert found.contact_area.value == pytest.approx(CONTACT_MM2[distance], rel=0.02, abs=0.3)
    assert found.min_distance.value == pytest.approx(distance, abs=0.01)
    on_levator, on_tumour = np.array(found.min_distance.points_mm)
    assert np.linalg.norm(on_levator - on_tumour) == pytest.approx(distance, abs=0.01)
    assert LYING_ANEW.to_body(on_levator)[2] == pytest.approx(0.0, abs=1e-6)
    assert LYING_ANEW.to_body(on_tumour)[2] == pytest.approx(distance, abs=0.05)


@pytest.mark.parametrize("depth", [2.0, 5.0])
def test_a_ball_through_a_plane_has_its_depth_below_zero_and_the_lens_beyond_it(depth):
    found = exact(-depth)

    assert found.min_distance.value == pytest.approx(-depth, abs=0.02)
    assert found.overlap_volume.value == pytest.approx(lens_mm3(depth), rel=0.02)


def test_a_ball_within_a_muscle_overlaps_it_by_the_lens_on_either_side_of_the_sheet():
    turned = sheet((-45, 45), (-45, 45), flat)
    turned = TriangleMesh(turned.vertices_mm, turned.triangles[:, ::-1])

    found = measure_relation(RelationScene(ball(R, (0, 0, R - 3)), {"L": turned}, "L", tau_mm=TAU))

    assert found.overlap_volume.value == pytest.approx(lens_mm3(3.0), rel=0.02)


@pytest.mark.parametrize(
    ("distance", "grid"),
    [
        (0.0, {"seed": 1}),
        (0.0, {"seed": 2, "turn": (0.9, 0.2, -0.4), "flipped": True}),
        (0.5, {"seed": 3, "turn": (-0.3, 0.6, 0.2)}),
    ],
    ids=["touching", "touching, flipped", "half a millimetre off"],
)
def test_voxel_masks_give_lengths_within_half_a_millimetre_and_the_area_within_its_interval(distance, grid):
    found = from_masks(distance, **grid)

    assert found.min_distance.value == pytest.approx(distance, abs=0.5)
    assert found.contact_area.low < CONTACT_MM2[distance] < found.contact_area.high


def test_a_surface_along_the_slices_is_said_to_be_known_to_half_a_gap():
    found = from_masks(0.5, seed=8, turn=(0.2, 0.0, 0.3)).min_distance

    assert (found.low, found.high) == (pytest.approx(found.value - 1.65), pytest.approx(found.value + 1.65))
    assert "along the slices" in found.notes[-1]
    steep = from_masks(0.5, seed=8, turn=(0.9, 0.0, 0.3)).min_distance
    assert steep.high - steep.value == pytest.approx(0.3)


def test_voxel_masks_that_overlap_give_the_depth_and_the_lens():
    found = from_masks(-3.0, seed=4)

    assert found.min_distance.value == pytest.approx(-3.0, abs=0.5)
    assert found.overlap_volume.value == pytest.approx(lens_mm3(3.0), rel=0.1)


def test_the_interval_of_the_area_is_that_of_three_tenths_of_a_millimetre():
    area = exact(0.0).contact_area

    assert area.low == pytest.approx(np.pi * ((R + 0.7) ** 2 - R**2), rel=0.03)
    assert area.high == pytest.approx(np.pi * ((R + 1.3) ** 2 - R**2), rel=0.03)


def test_the_contact_line_through_the_middle_has_the_length_and_arc_of_the_formula():
    slices = grid_over((-40, -40, -5), (40, 40, 40), seed=6, spacing_mm=(0.5, 1, 1), turn=(np.pi / 2, 0, 0))

    found = exact(0.0, Lie(), slices=slices)

    half = np.sqrt((R + TAU) ** 2 - R**2)
    assert found.contact_length.value == pytest.approx(2 * half, abs=0.3)
    assert found.contact_arc.value == pytest.approx(2 * np.degrees(np.arctan(half / R)), abs=0.6)
    assert len(found.contact_lines) == pytest.approx(2 * half / 0.5, abs=2)


def test_the_usual_contact_distance_is_half_the_diagonal_of_a_large_voxel():
    assert from_masks(0.5, seed=7, tau_mm=None).tau_mm == pytest.approx(np.sqrt(3.3**2 + 2 * 0.6**2) / 2)


def test_meshes_alone_have_a_contact_distance_of_1_mm_and_no_slices():
    scene = RelationScene(ball(R), {"L": sheet((-9, 9), (-9, 9), flat)}, "L")
    found = exact(0.0)

    assert scene.tau == 1.0
    assert found.contact_length.value is None
    assert "no slices" in found.contact_length.reason


def test_without_a_tumour_there_is_a_reason_and_no_distance():
    grid = grid_over((0, 0, 0), (20, 20, 20), seed=0)
    empty = Mask(np.zeros(grid.shape, dtype=bool), grid)

    found = measure_relation(RelationScene(empty, {"L": sheet((-9, 9), (-9, 9), flat)}, "L"))

    assert found.min_distance.value is None
    assert "no tumour is outlined" in found.min_distance.reason


def test_without_a_levator_there_is_a_reason_that_names_the_side():
    found = measure_relation(RelationScene(ball(R), {}, "R"))

    assert found.contact_area == Metric.missing("mm2", "the right levator ani was not outlined")
