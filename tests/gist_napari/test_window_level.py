"""Windows and presets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from strategies import oblique_geometry

from gist_imaging.errors import GistImagingError
from gist_imaging.spatial import Quantity, Volume
from gist_napari.window_level import CT_PRESETS, MR_PRESETS, Window, default_window, dragged, presets_of

GEOMETRY = oblique_geometry(shape=(10, 20, 50))


def volume(values, quantity=Quantity.ARBITRARY) -> Volume:
    return Volume(np.asarray(values).reshape(GEOMETRY.shape), GEOMETRY, quantity)


# Level and width as radiologists write them, black and white computed by hand.
@pytest.mark.parametrize(
    ("key", "width", "level", "black", "white"),
    [
        (1, 400, 40, -160, 240),
        (2, 1500, -600, -1350, 150),
        (3, 150, 90, 15, 165),
        (4, 2500, 480, -770, 1730),
        (5, 350, 40, -135, 215),
    ],
)
def test_ct_presets_land_on_the_written_numbers(key, width, level, black, white):
    window = CT_PRESETS[key].of(volume(np.zeros(10000, dtype=np.int16), Quantity.HU))

    assert (window.width, window.level) == (width, level)
    assert window.limits == (black, white)


def test_hu_open_with_soft_tissue():
    assert default_window(volume(np.arange(10000), Quantity.HU)) == Window(40, 400)


def test_a_scan_without_units_opens_with_its_extreme_thousandths_cut():
    values = np.random.default_rng(2).permutation(10000).astype(np.float32)

    black, white = default_window(volume(values)).limits

    # The 0.1 % darkest of 0 to 9999 lie below 10, the 0.1 % brightest above 9989.
    assert (black, white) == pytest.approx((9.999, 9989.001), abs=0.01)


def test_one_bright_voxel_does_not_darken_the_picture():
    values = np.full(10000, 100.0)
    values[::2] = 300.0
    values[77] = 65535.0

    assert default_window(volume(values)).limits == pytest.approx((100.0, 300.0))


def test_presets_without_units_say_that_they_are_not_calibrated():
    assert presets_of(volume(np.arange(10000))) is MR_PRESETS
    assert all("not calibrated" in preset.name for preset in MR_PRESETS.values())
    assert set(MR_PRESETS) == set(CT_PRESETS) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("value", [0.0, -3.0, 1e6])
def test_a_flat_image_still_has_a_window(value):
    window = default_window(volume(np.full(10000, value)))

    assert window.width > 0
    assert np.isfinite(window.limits).all()


def test_values_that_are_not_numbers_do_not_spoil_the_window():
    values = np.arange(10000, dtype=np.float32)
    values[:500] = np.nan

    assert np.isfinite(default_window(volume(values)).limits).all()


def test_dragging_right_widens_and_down_raises_the_level():
    start = Window(40, 400)

    assert dragged(start, 150, 0).width > 400
    assert dragged(start, -150, 0).width < 400
    assert dragged(start, 150, 0).level == 40
    assert dragged(start, 0, 90) == Window(160, 400)
    assert dragged(start, -1e5, 0).width > 0


@pytest.mark.parametrize(("level", "width"), [(40, 0), (40, -1), (np.nan, 4), (0, np.inf)])
def test_a_window_that_shows_nothing_is_refused(level, width):
    with pytest.raises(GistImagingError, match="width above 0"):
        Window(level, width)


def test_a_window_is_written_as_width_and_level():
    assert str(Window(40, 400)) == "WW 400  WL 40"
    assert str(Window(1.25, 2.5)) == "WW 2.50  WL 1.25"


def test_an_image_opens_with_the_window_that_its_files_suggest():
    suggested = replace(volume(np.arange(10000), Quantity.HU), window=(60.0, 350.0))

    assert default_window(suggested) == Window(60, 350)
