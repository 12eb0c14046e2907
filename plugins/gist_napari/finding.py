"""Going to what matters in the images: the longest diameter, what nobody verified, the points of a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gist_napari.drawings import surfaces_of
from gist_napari.surface import SurfaceView

if TYPE_CHECKING:
    from gist_napari.reading_view import ReadingView

__all__ = ["Finder"]


class Finder:
    """Leads the panes of a reading view to places, and turns them into 3D and back."""

    def __init__(self, reading: ReadingView) -> None:
        self.reading, self.session = reading, reading.session
        self._surfaces = tuple(SurfaceView(pane) for pane in reading.panes)

    def longest(self) -> None:
        """Show the slice of the longest diameter of the active lesion, each pane its own."""
        found = False
        for at, pane in enumerate(self.reading.panes):
            visit = self.reading.visit_at(at)
            numbers = None if visit is None else self.session.numbers(self.session.active_lesion, visit.label)
            ends = None if numbers is None else numbers.end_points_mm.get("longest_axial_diameter_mm")
            if ends and pane.volume is not None:
                pane.go_to(np.mean(np.asarray(ends), axis=0))
                found = True
        if not found:
            self.session.warn("No longest diameter yet: accept a mask first (F3).")

    def unverified(self) -> None:
        """Show the next mask that was copied or proposed and that nobody has accepted yet."""
        case = self.session.case
        if case is None:
            return
        waiting = [(key[1], key[2]) for key, _ in case.state.under("proposal")]
        for key, _ in case.state.under("mask_facts"):
            if case.state.plain(*key).get("state") == "unverified":
                waiting.append((key[1], key[2]))
        if not waiting:
            self.session.warn("Nothing waits to be verified.")
            return
        now = (self.session.active_lesion, self.session.active_visit)
        lesion, visit = waiting[(waiting.index(now) + 1) % len(waiting) if now in waiting else 0]
        self.session.choose_lesion(lesion)
        self.session.choose_visit(visit)
        mask = case.state.proposal(lesion, visit) or case.state.mask(lesion, visit)
        box = None if mask is None else mask.bounding_box
        if mask is not None and box is not None:
            middle = np.asarray(box[0]) + (np.asarray(box[1]) - 1) / 2
            self.reading.go_to(visit, mask.geometry.to_patient(middle))

    def points(self, visit: str, points_mm: npt.ArrayLike) -> None:
        """Draw the two nearest points of a metric and go there."""
        points = np.asarray(points_mm, dtype=np.float64).reshape(-1, 3)
        self.reading.point_at(visit, points)
        self.reading.go_to(visit, points.mean(axis=0))

    def toggle_surfaces(self) -> None:
        """Show tumour and levator ani of the active pane as surfaces to turn, or its slices again."""
        at = self.reading.active
        view, pane, visit = self._surfaces[at], self.reading.panes[at], self.reading.visit_at(at)
        if view.is_shown:
            view.hide()
        elif visit is not None and pane.volume is not None:
            drawn = surfaces_of(self.session, visit.label)
            if drawn:
                view.show(drawn)
            else:
                self.session.warn("Nothing to show in 3D yet: accept a mask or trace the levator ani first.")

    def flatten(self) -> None:
        """Bring both panes back from 3D to slices."""
        for view in self._surfaces:
            if view.is_shown:
                view.hide()

    def blink(self, on: bool) -> None:
        """Lay the other visit over the active pane, slice for slice, while `on`."""
        link = self.reading.link
        refused = link.blink_refused if on else ""
        if refused:
            self.session.warn(refused[0].upper() + refused[1:] + ".")
        link.set_blink(self.reading.panes[self.reading.active], on and not refused)
