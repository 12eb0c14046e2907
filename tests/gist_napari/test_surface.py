"""The 3D view is not mirrored, and goes away again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from chiral_phantom import BALLS, MIDDLE_MM, RADIUS_MM, acquisition, chiral_volume
from pane_window import TwoPanes, two_panes

from gist_imaging.anatomy.mesh_topology import enclosed_volume_mm3, is_closed
from gist_imaging.spatial import Geometry, Mask
from gist_napari.link import PaneLink
from gist_napari.scene import STYLES
from gist_napari.surface import SurfaceDrawing, SurfaceView, surface_of

# Which ball wears which colour, and where it must be seen: (right, down).
WORN = {"R": "tumour", "L": "levator", "S": "wall", "RAS": "sphincter"}
SIDES = {"R": (-1, 0), "L": (1, 0), "S": (0, -1), "RAS": (-0.6, -0.6)}


def ball(geometry: Geometry, name: str) -> Mask:
    points = geometry.to_patient(np.moveaxis(np.indices(geometry.shape), 0, -1)) - MIDDLE_MM
    return Mask(np.linalg.norm(points - BALLS[name][0], axis=-1) <= RADIUS_MM, geometry)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, -1)])
def test_the_surface_of_a_ball_is_closed_and_as_large_as_the_ball(flips):
    mesh = surface_of(ball(acquisition("coronal", flips=flips, oblique=True), "RAS"))

    assert is_closed(mesh)
    # Above 0: counter-clockwise as seen from outside, on mirrored grids too.
    assert enclosed_volume_mm3(mesh) == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.04)
    np.testing.assert_allclose(mesh.vertices_mm.mean(axis=0), MIDDLE_MM + BALLS["RAS"][0], atol=0.6)


def test_an_empty_mask_has_no_surface():
    geometry = acquisition("axial")

    assert surface_of(Mask(np.zeros(geometry.shape, dtype=np.bool_), geometry)) is None


def test_one_voxel_still_has_a_surface():
    geometry = acquisition("axial", oblique=True)
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    voxels[5, 6, 7] = True

    assert is_closed(surface_of(Mask(voxels, geometry)))


@pytest.fixture(scope="module")
def window() -> Iterator[TwoPanes]:
    with two_panes() as opened:
        yield opened


def coloured(picture: np.ndarray, style: str) -> np.ndarray:
    """Return the middle (x, y) of what has the hue of a style, lit or not."""
    hue = np.array([int(STYLES[style][at : at + 2], 16) for at in (1, 3, 5)], dtype=float)
    pixels = picture.astype(float)
    length = np.linalg.norm(pixels, axis=2)
    cosine = pixels @ hue / np.maximum(length, 1) / np.linalg.norm(hue)
    found = np.argwhere((cosine > 0.998) & (length > 60))
    assert len(found) > 200, style
    return found.mean(axis=0)[::-1]


@pytest.mark.gui
@pytest.mark.parametrize("oblique", [False, True])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
@pytest.mark.parametrize("acquired", ["axial", "sagittal"])
def test_the_3d_view_is_not_mirrored(window, acquired, flips, oblique):
    pane, geometry = window.post, acquisition(acquired, flips=flips, oblique=oblique)
    pane.show_volume(chiral_volume(geometry), caption="phantom")
    view = SurfaceView(pane)

    view.show([SurfaceDrawing(surface_of(ball(geometry, name)), style) for name, style in WORN.items()])
    picture = window.picture_of(pane)
    far = 40.0 * pane.px_per_mm
    at = {name: coloured(picture, style) for name, style in WORN.items()}
    view.hide()

    # Seen from the front: the patient's right at the left of the screen, the head up.
    middle = (at["R"] + at["L"]) / 2
    for name, side in SIDES.items():
        assert np.linalg.norm((at[name] - middle) / far - side) < 0.3, name


@pytest.mark.gui
def test_the_slices_come_back_as_they_hung(window):
    PaneLink(window.pre, window.post)
    geometry = acquisition("coronal", oblique=True)
    for pane in (window.pre, window.post):
        pane.show_volume(chiral_volume(geometry), caption="phantom")
    pane = window.post
    before, picture = pane.view, window.picture_of(pane)
    view = SurfaceView(pane)

    view.show([SurfaceDrawing(surface_of(ball(geometry, "R")))])
    assert pane.view is None
    assert view.is_shown
    assert tuple(pane.overlay.picture.letters) == ("R", "L", "S", "I")
    window.wheel(pane, -3)
    view.hide()

    assert pane.view == before
    assert len(pane.model.layers) == 1
    assert window.pre.px_per_mm == pane.px_per_mm
    np.testing.assert_array_equal(window.picture_of(pane), picture)
