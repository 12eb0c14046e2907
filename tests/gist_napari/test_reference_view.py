"""The small pictures of the other planes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from chiral_phantom import BALLS, MIDDLE_MM, SEEN, acquisition, ball_on, chiral_volume
from pane_window import TwoPanes, two_panes

from gist_napari.link import PaneLink
from gist_napari.planes import Plane
from gist_napari.reference_view import ReferenceRow, ReferenceView
from gist_napari.window_level import Window

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def window() -> Iterator[TwoPanes]:
    with two_panes() as opened:
        opened.link = PaneLink(opened.pre, opened.post)
        opened.row = ReferenceRow(opened.pre)
        opened.row.resize(700, 330)
        opened.row.show()
        yield opened
        opened.row.close()


def picture_of(view: ReferenceView) -> np.ndarray:
    from qtpy.QtGui import QImage

    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


@pytest.mark.parametrize("acquired", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("oblique", [False, True])
def test_reference_views_are_hung_as_the_panes_are(window, acquired, oblique):
    pane = window.pre
    pane.show_volume(chiral_volume(acquisition(acquired, flips=(-1, 1, -1), oblique=oblique)), caption="x")
    pane.set_window(Window.between(0, 255))
    pane.go_to(MIDDLE_MM)

    for view in window.row.views:
        assert view.plane is not pane.plane
        picture = picture_of(view)
        middle = np.array([view.width(), view.height()]) / 2
        for name, side in SEEN[view.plane.value].items():
            found = ball_on(picture, BALLS[name][1])
            assert found is not None, f"{view.plane.value}: {name}"
            far = 40.0 * view.view.px_per_mm
            assert np.linalg.norm((found - middle) / far - side) < 0.35, f"{view.plane.value}: {name}"


def test_a_click_goes_there_and_the_other_pane_follows(window):
    from qtpy.QtCore import QPoint, Qt
    from qtpy.QtTest import QTest

    for pane in (window.pre, window.post):
        pane.show_volume(chiral_volume(acquisition("axial", flips=(-1, 1, 1))), caption="x")
    window.link.set_plane(Plane.AXIAL)
    coronal = next(view for view in window.row.views if view.plane is Plane.CORONAL)
    went = []
    coronal.went.connect(went.append)
    x, y = coronal.view.to_canvas(MIDDLE_MM + BALLS["S"][0])

    QTest.mouseClick(
        coronal, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(int(x), int(y))
    )

    assert window.pre.value_at(went[0]) == BALLS["S"][1]
    for pane in (window.pre, window.post):
        assert pane.at_mm[2] == pytest.approx(MIDDLE_MM[2] + 40.0, abs=3.4)


def test_the_line_shows_where_the_slice_of_the_pane_cuts(window):
    pane = window.pre
    pane.show_volume(chiral_volume(acquisition("axial")), caption="x")
    pane.set_window(Window.between(0, 255))
    sagittal = next(view for view in window.row.views if view.plane is Plane.SAGITTAL)
    for height_mm in (30.6, -20.4):
        pane.go_to(MIDDLE_MM + np.array((0.0, 0.0, height_mm)))

        picture = picture_of(sagittal).astype(int)

        x, y = sagittal.view.to_canvas(MIDDLE_MM + np.array((0.0, 25.0, height_mm)))
        around = picture[round(y) - 2 : round(y) + 3, round(x)]
        assert around.max() > 150
        assert around.min() < 30


def test_it_is_drawn_anew_only_when_the_wheel_rests(window):
    pane = window.pre
    pane.show_volume(chiral_volume(acquisition("axial")), caption="x")
    window.pump(0.2)
    drawn = []
    view = window.row.views[0]
    paint = view._rest.timeout
    paint.connect(lambda: drawn.append(pane.slice_index))

    for _ in range(12):
        window.wheel(pane, -1)
    window.pump(0.3)

    assert drawn == [pane.slice_index]


def test_without_a_volume_it_says_so(window):
    window.pre.clear("nothing")

    assert window.row.views[0].view is None
    assert picture_of(window.row.views[0]).any()
