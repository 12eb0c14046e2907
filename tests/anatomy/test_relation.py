"""M3 to M9, their guards, and what must not change them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from relation_shapes import (
    BODY_LANDMARKS,
    CAP_TUMOUR,
    CAP_X_MM,
    LYING_ANEW,
    Lie,
    around,
    ball,
    ball_mask,
    dented,
    flat,
    sampled,
    sheet,
    slab_mask,
)

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.relation import RelationScene, measure_relation
from gist_imaging.anatomy.relation_section import section_of_line
from gist_imaging.anatomy.relation_values import METRIC_NAMES
from gist_imaging.anatomy.surface import LevatorSurface
from gist_imaging.errors import GeometryError, MeasurementError
from gist_imaging.phantom.levator import levator_distance
from gist_imaging.phantom.pelvis import (
    ANAL_VERGE,
    ANORECTAL_JUNCTION,
    COCCYX,
    PUBIC_POINT,
    PelvisPhantom,
)
from gist_imaging.spatial import Geometry, Mask, Quantity, Volume

X, Y = (5.0, 85.0), (-40.0, 40.0)
MIRRORED = ("displacement_mean", "displacement_p95", "displacement_max", "displaced_volume", "bow_difference")
MIRRORED += ("levator_angle_difference", "hemi_hiatus_ratio", "thickness_ratio", "fossa_loss", "signal_ratio")

CAP_MM = {"displacement_mean": 4.21, "displacement_p95": 7.65, "displacement_max": 8.0, "bow": 8.0}
CAP_MM["bow_difference"] = 8.0
CAP_MM3 = 5496.0


def exact_cap(lie: Lie = LYING_ANEW, side: str = "L", **more) -> RelationScene:
    """A plane of the left side pushed down by a ball, beside a plane; or their mirror image."""
    sign = 1.0 if side == "L" else -1.0
    affected = sheet(X, Y, dented, 101)
    points = affected.vertices_mm * (sign, 1, 1)
    affected = replace(affected, vertices_mm=points)
    healthy = sheet((-X[1], -X[0]) if side == "L" else X, Y, flat)
    tumour = ball(30.0, (sign * CAP_TUMOUR[0], *CAP_TUMOUR[1:]), edge_mm=2.0)
    levator = {side: lie.mesh(affected), "R" if side == "L" else "L": lie.mesh(healthy)}
    held = {"landmarks": lie.landmarks(), "tau_mm": 1.0, **more}
    return RelationScene(lie.mesh(tumour), levator, side, **held)


def cap_masks(seed: int = 1, **grid) -> RelationScene:
    tumour = ball_mask(LYING_ANEW, 30.0, CAP_TUMOUR, seed, **grid)
    levator = {
        "L": slab_mask(LYING_ANEW, X, Y, dented, seed, **grid),
        "R": slab_mask(LYING_ANEW, (-X[1], -X[0]), Y, flat, seed, **grid),
    }
    return RelationScene(tumour, levator, "L", landmarks=LYING_ANEW.landmarks(), tau_mm=1.0)


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("lie", [Lie(), LYING_ANEW], ids=["straight", "turned"])
def test_a_plane_pushed_by_a_ball_is_displaced_as_the_formula_says(lie, side):
    found = measure_relation(exact_cap(lie, side)).metrics

    for name, value in CAP_MM.items():
        assert found[name].value == pytest.approx(value, rel=0.02, abs=0.3), name
    assert found["displaced_volume"].value == pytest.approx(CAP_MM3, rel=0.02)
    assert found["levator_angle"].value == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    "grid", [{}, {"turn": (-0.2, 0.3, 0.1), "flipped": True}], ids=["oblique", "flipped"]
)
def test_voxel_masks_of_the_pushed_plane_give_lengths_within_half_a_millimetre(grid):
    found = measure_relation(cap_masks(**grid)).metrics

    for name, value in CAP_MM.items():
        assert found[name].value == pytest.approx(value, abs=0.5), name
    assert found["displaced_volume"].value == pytest.approx(CAP_MM3, rel=0.05)
    assert found["min_distance"].value == pytest.approx(0.0, abs=0.5)
    assert found["distance_p5"].value == pytest.approx(0.0, abs=0.5)


def test_a_chord_to_60_and_25_mm_rises_by_22_62_degrees():
    line = np.array([[60.0, 25.0], [0.0, 0.0], [24.0, 10.0]])

    section = section_of_line(line)

    assert section.angle_deg == pytest.approx(22.62, abs=0.005)
    assert section.chord_mm == pytest.approx(65.0)


@pytest.mark.parametrize("bow", [6.0, -6.0], ids=["outwards", "inwards"])
def test_an_arc_bows_by_its_depth_outwards_above_zero(bow):
    share = np.linspace(0, 1, 201)
    across = np.array([25.0, -60.0]) / 65.0
    line = share[:, None] * [60.0, 25.0] + (4 * bow * share * (1 - share))[:, None] * across

    assert section_of_line(line).bow_mm == pytest.approx(bow, abs=0.01)


class Pelvis:
    """The phantom's pelvis, its own mirror image, with a ball that touches the left levator."""

    def __init__(self, seed: int, turn_deg=(7.0, -5.0, 8.0), turn=(-0.3, 0.15, 0.2), **grid):
        self.phantom = PelvisPhantom(None, (12.3, -140.7, 88.1), turn_deg)
        corners = np.array([(x, y, z) for x in (-55, 55) for y in (-36, 66) for z in (-16, 33)], dtype=float)
        self.grid = around(self.phantom.to_patient(corners), seed, 2.0, turn=turn, **grid)
        landmarks = {
            "inferior_pubic_point": PUBIC_POINT,
            "last_coccygeal_joint": COCCYX,
            "sacral_promontory": (0.0, 34.0, 140.0),
            "anal_verge": ANAL_VERGE,
            "anorectal_junction": ANORECTAL_JUNCTION,
        }
        self.landmarks = Landmarks.of(
            {name: tuple(self.phantom.to_patient(at).tolist()) for name, at in landmarks.items()}
        )
        index = np.stack(np.meshgrid(*(np.arange(n) for n in self.grid.shape), indexing="ij"), axis=-1)
        self.body = self.phantom.to_body(self.grid.to_patient(index))
        self.muscle = levator_distance(self.phantom, self.body)

    def mask(self, inside) -> Mask:
        return Mask(np.asarray(inside), self.grid)

    def scene(self, left_signal: float = 1.0, **more) -> RelationScene:
        x, y, z = np.moveaxis(self.body, -1, 0)
        tumour = np.linalg.norm(self.body - (14.0, 20.0, 20.0), axis=-1) <= 11.5
        levator = {"L": self.mask((self.muscle <= 0) & (x > 0)), "R": self.mask((self.muscle <= 0) & (x < 0))}
        fat = self.mask((self.muscle > 0) & (np.abs(x) < 48) & (z > -15) & (np.abs(x) - z > 25))
        # Dark muscle in brighter fat, half as bright again on the left.
        signal = (300.0 + y - 150.0 * np.exp(-np.square(self.muscle / 4.0))) * np.where(
            x > 0, left_signal, 1.0
        )
        held = {
            "landmarks": self.landmarks,
            "volume": Volume(signal.astype(np.float32), self.grid, Quantity.ARBITRARY, "1.2.3"),
            "fat": fat,
            "tau_mm": 3.0,
            **more,
        }
        return RelationScene(self.mask(tumour), levator, "L", **held)


@pytest.fixture(scope="module")
def symmetric():
    return measure_relation(Pelvis(11).scene())


def test_a_muscle_half_as_bright_again_has_that_signal_ratio():
    assert measure_relation(Pelvis(15).scene(left_signal=1.5)).signal_ratio.value == pytest.approx(
        1.5, abs=0.06
    )


def test_attenuation_on_ct_is_no_signal_ratio():
    pelvis = Pelvis(15)
    ct = Volume(np.zeros(pelvis.grid.shape, np.float32), pelvis.grid, Quantity.HU, "1.2.3")

    found = measure_relation(pelvis.scene(volume=ct))

    assert found.signal_ratio.value is None
    assert found.signal_ratio.reason == "M9 compares the signal of T2 MR; this series is in HU"
    assert found.thickness_ratio.value is not None


def test_a_pelvis_that_is_its_own_mirror_image_shows_no_difference(symmetric):
    found = {name: metric.value for name, metric in symmetric.metrics.items()}

    for name in ("displacement_mean", "displacement_p95"):
        assert found[name] == pytest.approx(0.0, abs=0.5), name
    assert found["bow_difference"] == pytest.approx(0.0, abs=0.5)
    assert found["levator_angle_difference"] == pytest.approx(0.0, abs=1.0)
    assert found["fossa_loss"] == pytest.approx(0.0, abs=0.02)
    for name in ("hemi_hiatus_ratio", "thickness_ratio", "signal_ratio"):
        assert found[name] == pytest.approx(1.0, abs=0.05), name
    assert abs(found["displaced_volume"]) < 300


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 12, "turn_deg": (-6.0, 9.0, -4.0)},
        {"seed": 13, "turn": (-0.3, 0.2, 0.4), "flipped": True},
        {"seed": 14, "spacing_mm": (3.0, 0.7, 0.5)},
    ],
    ids=["the patient turned", "the grid flipped and turned", "another spacing"],
)
def test_turning_the_patient_or_laying_another_grid_changes_nothing_beyond_the_bounds(symmetric, other):
    again = measure_relation(Pelvis(**other).scene()).metrics

    for name in ("min_distance", "distance_p5", "displacement_mean", "displacement_p95", "bow"):
        assert again[name].value == pytest.approx(symmetric.metrics[name].value, abs=0.5), name
    for name in ("hemi_hiatus_ratio", "thickness_ratio", "signal_ratio"):
        assert again[name].value == pytest.approx(symmetric.metrics[name].value, abs=0.05), name
    area = again["contact_area"]
    assert area.low < symmetric.contact_area.value < area.high


def test_turning_exact_surfaces_changes_no_digit_that_counts():
    straight, turned = (measure_relation(exact_cap(lie)).metrics for lie in (Lie(), LYING_ANEW))

    for name in METRIC_NAMES:
        if straight[name].value is not None:
            # Triangles are halved in the same way, so only rounding differs; sections move within 2 mm.
            assert turned[name].value == pytest.approx(straight[name].value, rel=1e-4, abs=0.01), name


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"bilateral": True}, "both sides are affected"),
        ({"landmarks": Landmarks()}, "not marked"),
    ],
    ids=["bilateral", "no landmarks"],
)
def test_without_a_yardstick_the_mirror_metrics_say_why_and_contact_stays(more, words):
    found = measure_relation(exact_cap(**more))

    for name in MIRRORED:
        assert found.metrics[name].value is None
        assert words in found.metrics[name].reason
    assert found.min_distance.value == pytest.approx(0.0, abs=0.01)
    assert found.contact_area.value > 1000


def test_a_tumour_in_the_midline_is_measured_against_both_sides_and_has_no_mirror():
    scene = exact_cap()
    both = replace(scene, side="midline")

    found = measure_relation(both)

    assert found.contact_area.value == pytest.approx(measure_relation(scene).contact_area.value, rel=0.01)
    assert "across the midline" in found.displacement_mean.reason
    assert found.bow.value == pytest.approx(8.0, abs=0.3)


def test_an_outlined_side_alone_has_contact_and_bow_but_nothing_mirrored():
    scene = exact_cap()
    found = measure_relation(replace(scene, levator={"L": scene.levator["L"]}))

    assert found.bow.value == pytest.approx(8.0, abs=0.3)
    assert found.displacement_mean.reason == "the right levator ani was not outlined"


def test_an_empty_tumour_mask_leaves_what_needs_no_tumour():
    scene = exact_cap()
    nothing = ball_mask(LYING_ANEW, 5.0, (45, 0, 30), 1)
    nothing = Mask(np.zeros_like(nothing.voxels), nothing.geometry)

    found = measure_relation(replace(scene, tumour=nothing))

    assert found.displacement_max.value == pytest.approx(8.0, abs=0.3)
    assert found.displacement_mean.reason == "no tumour is outlined (the mask is empty)"


def test_a_sheet_with_a_thickness_is_thinned_and_displaced_by_what_was_put_in():
    def surface(side, height, thickness):
        x, y = np.meshgrid(np.linspace(5, 85, 41), np.linspace(-40, 40, 41))
        points = np.stack([x * (1 if side == "L" else -1), y, height(x, y) - 2.0], axis=-1)
        return LevatorSurface(side, points[:, ::-1], np.full(x.shape, thickness))

    lower = lambda x, y: flat(x, y) - 3.0  # noqa: E731
    scene = RelationScene(
        ball(25.0, (CAP_X_MM, 0.0, 23.5)),
        {"L": surface("L", lower, 3.0), "R": surface("R", flat, 4.0)},
        "L",
        landmarks=Lie().landmarks(),
        tau_mm=3.0,
    )

    found = measure_relation(scene)

    # The inner faces lie at -3 - 2 + 1.5 and at 0 - 2 + 2.
    assert found.displacement_mean.value == pytest.approx(3.5, abs=0.05)
    assert found.thickness_ratio.value == pytest.approx(0.75, abs=0.01)
    assert found.min_distance.value == pytest.approx(2.0, abs=0.05)


def test_marked_limbs_give_the_ratio_of_the_half_widths():
    limbs = {**BODY_LANDMARKS, "puborectalis_left": (24.0, 0, 0), "puborectalis_right": (-16.0, 0, 0)}
    marked = Landmarks.of({name: tuple(LYING_ANEW.to_patient(at).tolist()) for name, at in limbs.items()})

    assert measure_relation(exact_cap(landmarks=marked)).hemi_hiatus_ratio.value == pytest.approx(1.5)


def test_fat_below_the_levator_and_above_the_verge_is_compared_side_by_side():
    box = np.array([(-90.0, -45.0, -70.0), (90.0, 45.0, 10.0)])

    def distance(points):
        body = LYING_ANEW.to_body(points)
        x, y, z = np.moveaxis(body, -1, 0)
        # 40 mm of fat on the right, 30 mm on the left, and fat above the muscle and below the verge.
        deep = np.where(x < 0, (z < -5) & (z > -45), (z < -5) & (z > -35))
        inside = (np.abs(np.abs(x) - 45) < 30) & (np.abs(y) < 30) & (deep | (z > 3) | (z < -62))
        return np.where(inside, -1.0, 1.0)

    grid = around(LYING_ANEW.to_patient(box), 3, 0.0, spacing_mm=(3.3, 1.2, 1.2))
    levator = {"L": sheet((5, 85), Y, flat, 41), "R": sheet((-85, -5), Y, flat, 41)}
    scene = RelationScene(
        LYING_ANEW.mesh(ball(10.0, (45, 0, 20))),
        {side: LYING_ANEW.mesh(mesh) for side, mesh in levator.items()},
        "L",
        landmarks=LYING_ANEW.landmarks(),
        fat=sampled(grid, distance, "fat"),
    )

    assert measure_relation(scene).fossa_loss.value == pytest.approx(0.25, abs=0.03)


def fossae(fat_hu: float = -100.0, quantity: Quantity = Quantity.HU) -> RelationScene:
    """40 mm of fat below the right muscle, 25 mm below the left one, where something else takes 15 mm."""
    corners = np.array([(x, y, z) for x in (-88, 88) for y in (-42, 42) for z in (-45, 3)], dtype=float)
    grid = around(LYING_ANEW.to_patient(corners), 3, 0.0, spacing_mm=(3.3, 1.6, 1.6))
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    x, _, z = np.moveaxis(LYING_ANEW.to_body(grid.to_patient(index)), -1, 0)
    # As in the body, fat goes on to all sides; what lies above the muscle does not count.
    values = np.where((x > 0) & (z > -15) & (z < 0), 40.0, fat_hu).astype(np.float32)
    levator = {"L": sheet((5, 85), Y, flat, 41), "R": sheet((-85, -5), Y, flat, 41)}
    return RelationScene(
        LYING_ANEW.mesh(ball(10.0, (45, 0, 20))),
        {side: LYING_ANEW.mesh(mesh) for side, mesh in levator.items()},
        "L",
        landmarks=LYING_ANEW.landmarks(),
        volume=Volume(values, grid, quantity, "1.2.3"),
    )


def test_fat_on_ct_is_found_by_its_hu_in_the_same_space_on_both_sides():
    found = measure_relation(fossae()).fossa_loss

    # 30 mm along the direction halfway between lateral and caudal are 21 mm down, of which 15 are taken.
    assert found.value == pytest.approx(15.0 / (30.0 / np.sqrt(2.0)), abs=0.05)
    assert "by its HU" in found.notes[-1]


@pytest.mark.parametrize("fat_hu", [-151.0, -29.0])
def test_what_is_not_between_minus_150_and_minus_30_hu_is_no_fat(fat_hu):
    assert measure_relation(fossae(fat_hu)).fossa_loss.reason == (
        "no fat is found below the levator of the other side"
    )


@pytest.mark.parametrize("fat_hu", [-150.0, -30.0])
def test_the_limits_of_fat_belong_to_it(fat_hu):
    assert measure_relation(fossae(fat_hu)).fossa_loss.value > 0.5


def test_fat_on_mr_is_told_by_its_outline_only():
    found = measure_relation(fossae(quantity=Quantity.ARBITRARY)).fossa_loss

    assert found.value is None
    assert "only CT in HU tells it without" in found.reason


def test_everything_can_be_written_as_json_with_the_readers_words_first():
    found = measure_relation(exact_cap(), {"contact": "abutment"})

    written = json.loads(json.dumps(found.to_json()))

    assert list(written)[:3] == ["reader_codes", "side", "tau_mm"]
    assert written["reader_codes"] == {"contact": "abutment"}
    assert written["displacement_p95"]["value"] == found.displacement_p95.value
    assert written["thickness_ratio"]["reason"] == "a levator was outlined as a sheet without thickness"


def test_inputs_of_two_frames_of_reference_are_refused():
    scene = exact_cap()

    with pytest.raises(GeometryError, match="one frame of reference"):
        replace(
            scene,
            tumour=replace(scene.tumour, frame_uid="1.2.3"),
            slices=Geometry((1, 1, 1), np.eye(4), "1.2.4"),
        )


@pytest.mark.parametrize(
    ("more", "words"),
    [({"tau_mm": 0.0}, "above 0 mm"), ({"side": "left"}, "L, R or midline")],
)
def test_a_scene_that_makes_no_sense_is_refused(more, words):
    with pytest.raises(MeasurementError, match=words):
        replace(exact_cap(), **more)


def test_an_open_tumour_surface_is_refused_with_advice():
    scene = replace(exact_cap(), tumour=sheet((0, 5), (0, 5), flat))

    with pytest.raises(MeasurementError, match="closed"):
        measure_relation(scene)
