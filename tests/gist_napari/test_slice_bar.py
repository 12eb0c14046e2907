"""The bar below a pane."""

from __future__ import annotations

import pytest
from chiral_phantom import acquisition, chiral_volume
from pane_window import two_panes

from gist_napari.link import PaneLink
from gist_napari.planes import Plane
from gist_napari.slice_bar import SliceBar

pytestmark = pytest.mark.gui


def test_the_bar_follows_the_pane_and_leads_both():
    with two_panes() as window:
        link = PaneLink(window.pre, window.post)
        bar = SliceBar(window.pre)
        assert not bar.isEnabled()
        for pane in (window.pre, window.post):
            pane.show_volume(chiral_volume(acquisition("axial", flips=(-1, 1, 1))), caption="phantom")
        link.set_plane(Plane.AXIAL)

        window.wheel(window.pre, -3)
        assert bar.value() == window.pre.slice_index
        assert bar.maximum() == window.pre.n_slices - 1

        bar.setValue(4)
        assert (window.pre.slice_index, window.post.slice_index) == (4, 4)

        window.pre.set_plane(Plane.SAGITTAL)
        assert bar.maximum() == window.pre.n_slices - 1
        assert bar.value() == window.pre.slice_index
        bar.close()
