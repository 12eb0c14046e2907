"""Thickness and snapping from the image: plates of known thickness on a turned grid, and the phantom."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from levator_truth import coronal_strokes, distances_to, true_surface
from strategies import oblique_geometry

from gist_imaging.anatomy.levator import levator_surface
from gist_imaging.anatomy.levator_snap import SNAP_AT_MOST_MM, snapped
from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.errors import PromptError
from gist_imaging.phantom import sample_patients
from gist_imaging.spatial import Quantity, Volume

SHAPE, SPACING = (40, 90, 90), (1.5, 0.7, 0.8)
CT, MR = sample_patients()[0].baseline, sample_patients()[1].baseline


@cache
def scan_of(visit):
    """The part of the scan that holds the levator ani and 12 mm around it."""
    whole = visit.scanner.grid(visit.phantom, "1.2.3")
    index = whole.to_index(np.concatenate([true_surface(visit.phantom, side) for side in ("L", "R")]))
    margin = 12.0 / np.asarray(whole.spacing_mm)
    start = np.maximum(np.floor(index.min(axis=0) - margin), 0).astype(int)
    shape = np.minimum(np.ceil(index.max(axis=0) + margin).astype(int), whole.shape) - start
    return visit.volume(whole.crop(tuple(start.tolist()), tuple(shape.tolist())))


def scene(modality="MR", thickness_mm=4.0, lateral=None, off_mm=0.0, seed=1):
    """A slanted plate of muscle in fat, strokes on it, and the direction across it (lateral).

    `lateral` is the tissue on the lateral side: "fat" or "muscle".
    """
    geometry = oblique_geometry(shape=SHAPE, spacing_mm=SPACING)
    middle = geometry.to_patient((np.array(SHAPE) - 1) / 2)
    across = np.array([0.8, 0.0, -0.6])
    places = geometry.to_patient(np.moveaxis(np.indices(SHAPE), 0, -1))
    away = (places - middle) @ across
    fat, muscle = (-100.0, 60.0) if modality == "CT" else (600.0, 110.0)
    share = np.clip(0.5 + (thickness_mm / 2 - np.abs(away)) / 0.8, 0.0, 1.0)
    if lateral == "muscle":
        share = np.where(away > 0.0, 1.0, share)
    values = fat + (muscle - fat) * share + np.random.default_rng(seed).normal(0.0, 12.0, SHAPE)
    volume = Volume(
        values.astype(np.float32),
        geometry,
        Quantity.HU if modality == "CT" else Quantity.ARBITRARY,
        modality=modality,
    )
    down = np.array([-0.6, 0.0, -0.8])
    run = np.arange(-11.0, 11.5, 1.5)[:, None]
    strokes = [
        LevatorStroke(middle + [0.0, y, 0.0] + run * down + off_mm * across, "L") for y in range(-12, 13, 6)
    ]
    return volume, strokes, middle, across


@pytest.mark.parametrize("modality", ["MR", "CT"])
@pytest.mark.parametrize("thickness", [3.0, 4.0, 6.5])
def test_the_thickness_of_a_plate_in_fat_is_read_from_the_image(modality, thickness):
    volume, strokes, *_ = scene(modality, thickness, off_mm=0.6)

    surface, report = levator_surface(strokes, side="L", volume=volume)

    assert np.abs(surface.thickness_mm - thickness).max() < 0.5
    assert surface.thickness_mm.mean() == pytest.approx(thickness, abs=0.2)
    assert report.thickness_source == "image"
    assert report.measured_share > 0.9
    assert surface.frame_uid == volume.geometry.frame_uid


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_a_muscle_that_lies_on_muscle_gets_no_thickness_from_the_image(modality):
    volume, strokes, *_ = scene(modality, lateral="muscle")

    surface, report = levator_surface(strokes, side="L", volume=volume, default_thickness_mm=3.6)

    assert report.measured_share < 0.05
    assert report.thickness_source == "published"
    assert np.abs(surface.thickness_mm - 3.6).max() < 0.4
    assert any("3.6 mm" in warning for warning in report.warnings)


@pytest.mark.parametrize("thickness", [1.2, 11.0])
def test_a_line_too_thin_or_too_thick_for_the_muscle_is_not_believed(thickness):
    volume, strokes, *_ = scene("MR", thickness)

    surface, report = levator_surface(strokes, side="L", volume=volume)

    assert report.thickness_source == "published"
    assert ((surface.thickness_mm >= 2.0) & (surface.thickness_mm <= 9.0)).all()


def test_an_image_of_another_kind_gives_no_thickness_and_says_so():
    volume, strokes, *_ = scene()
    other = Volume(volume.voxels, volume.geometry, modality="PT")

    _, report = levator_surface(strokes, side="L", volume=other)

    assert report.measured_share is None
    assert any("the image is PT, not MR or CT" in warning for warning in report.warnings)


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("visit", [CT, MR], ids=["CT", "MR"])
def test_the_phantom_muscle_is_about_4_mm_thick(visit, side):
    phantom = visit.phantom
    strokes = coronal_strokes(phantom, side, np.random.default_rng(1))

    surface, report = levator_surface(strokes, side=side, volume=scan_of(visit))

    assert report.measured_share > 0.4
    measured = surface.thickness_mm[surface.thickness_mm > 3.3]
    assert np.median(measured) == pytest.approx(phantom.levator_thickness_mm, abs=0.6)


@pytest.mark.parametrize("modality", ["MR", "CT"])
@pytest.mark.parametrize("off", [2.0, -2.0])
def test_strokes_2_mm_off_are_snapped_onto_the_line_and_shown_beside_the_drawn_ones(modality, off):
    volume, strokes, middle, across = scene(modality, off_mm=off)

    surface, report = levator_surface(strokes, side="L", volume=volume, snap=True)

    points = np.concatenate([stroke.points_mm for stroke in report.snapped])
    assert np.abs((points - middle) @ across).mean() < 0.3
    assert np.abs((surface.points_mm.reshape(-1, 3) - middle) @ across).mean() < 0.3
    assert report.strokes == tuple(strokes)
    assert sum("was moved by up to" in warning for warning in report.warnings) == len(strokes)


def test_nothing_is_snapped_unless_asked():
    volume, strokes, middle, across = scene(off_mm=2.0)

    surface, report = levator_surface(strokes, side="L", volume=volume)

    assert report.snapped is None
    assert ((surface.points_mm - middle) @ across).mean() == pytest.approx(2.0, abs=0.05)


def test_a_stroke_is_not_moved_where_there_is_no_line():
    volume, strokes, *_ = scene(lateral="muscle", off_mm=2.0)
    noise = np.random.default_rng(8).normal(300.0, 12.0, SHAPE).astype(np.float32)
    blank = Volume(noise, volume.geometry, modality="MR")

    for image in (blank, volume):
        moved = snapped(strokes[2], image).points_mm
        assert distances_to(_densely(strokes[2].points_mm), moved).max() < 0.8


def _densely(points):
    return np.concatenate([a + (b - a) * np.linspace(0, 1, 40)[:, None] for a, b in pairwise(points)])


@pytest.mark.parametrize("off", [3.5, 6.0, 9.0])
def test_no_point_is_moved_farther_than_3_mm(off):
    volume, strokes, *_ = scene(off_mm=off)

    moved = snapped(strokes[1], volume).points_mm

    assert distances_to(_densely(strokes[1].points_mm), moved).max() <= SNAP_AT_MOST_MM + 1e-3


@pytest.mark.parametrize("visit", [CT, MR], ids=["CT", "MR"])
def test_snapping_brings_strokes_nearer_to_the_middle_of_the_phantom_muscle(visit):
    phantom = visit.phantom
    drawn = [
        LevatorStroke(stroke.points_mm + np.array([1.2, 0.0, 0.0]), "L")
        for stroke in coronal_strokes(phantom, "L")
    ]

    _, report = levator_surface(drawn, side="L", volume=scan_of(visit), snap=True)

    truth = true_surface(phantom, "L")
    before, after = (
        distances_to(truth, np.concatenate([stroke.points_mm for stroke in strokes])).mean()
        for strokes in (report.strokes, report.snapped)
    )
    assert after < 0.7 * before


def test_snapping_needs_an_image_that_shows_muscle():
    volume, strokes, *_ = scene()

    with pytest.raises(PromptError, match="snapping needs an image"):
        levator_surface(strokes, side="L", snap=True)
    with pytest.raises(PromptError, match="state the modality"):
        levator_surface(strokes, side="L", volume=Volume(volume.voxels, volume.geometry), snap=True)


def test_strokes_outside_the_image_are_refused_and_one_that_leaves_it_is_named():
    volume, strokes, *_ = scene()
    away = [LevatorStroke(stroke.points_mm + np.array([0.0, 0.0, 400.0]), "L") for stroke in strokes]
    longer = np.concatenate(
        [strokes[4].points_mm, strokes[4].points_mm[-1] + [[-12.0, 0.0, -16.0], [-36.0, 0.0, -48.0]]]
    )

    _, report = levator_surface([*strokes[:4], LevatorStroke(longer, "L")], side="L", volume=volume)

    assert any("stroke 5 lies with 1 of 17 points outside" in warning for warning in report.warnings)
    with pytest.raises(PromptError, match="all of them lie outside it"):
        levator_surface(away, side="L", volume=volume)
