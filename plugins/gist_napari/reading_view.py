"""The two images of the open case and everything that follows them: stages, scenes, gestures, read-out.

Knows panes and the session; what a reader does goes through the session, what is seen through the panes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gist_imaging.errors import GistImagingError
from gist_napari.captions import link_chip, pane_title, unlike_slices
from gist_napari.drawings import MaskCopies, scene_of
from gist_napari.facts import PaneFacts
from gist_napari.finding import Finder
from gist_napari.hand import Hand
from gist_napari.pane_frame import PaneFrame
from gist_napari.planes import Plane
from gist_napari.readout import readout
from gist_napari.scene import LineDrawing, Scene
from gist_napari.slices_seen import SlicesSeen
from gist_napari.stages import Stage, stages

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import SeriesFacts, VisitFacts
    from gist_napari.link import PaneLink
    from gist_napari.pane import Pane
    from gist_napari.session import Session

__all__ = ["ReadingView"]

FloatArray = npt.NDArray[np.float64]

REFERENCE_PX = {"small": 150, "large": 280}
"""Height of the reference row on a small and on a large window (from 1,600 px wide, inclusive)."""

LARGE_FROM_PX, NO_ROW_BELOW_PX = 1600, 1180

_PLANES = {plane.value for plane in Plane}
_REMEMBER_AFTER_MS = 400


class ReadingView(QWidget):
    """Pre and post side by side, each with its header and reference views, and one read-out line below."""

    hung = Signal(int)  # number of the stage
    shown = Signal()  # another volume in a pane

    def __init__(self, session: Session, pre: Pane, post: Pane, link: PaneLink) -> None:
        super().__init__()
        self.session, self.link = session, link
        self.panes: tuple[Pane, Pane] = (pre, post)
        self.frames = (PaneFrame(pre), PaneFrame(post))
        self.readout = QLabel("")
        self.readout.setObjectName("gistReadout")
        self.readout.setFixedHeight(20)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.stages: tuple[Stage, ...] = ()
        self.stage = 0
        self._hung: list[str | None] = [None, None]
        self._copies = MaskCopies()
        self._scenes = [Scene(), Scene()]
        self._pointed: tuple[str, FloatArray] | None = None
        self._wanted_row = True
        self._maximised: int | None = None
        self.hand = Hand(session, self.panes, self.visit_at, self.is_measured, self)
        self.seen = SlicesSeen(session)
        self.finder = Finder(self)
        session.slices_seen = self.seen.of
        self._lay_out()
        self._redraw = _soon(self, 0, self._draw)
        self._remember = _soon(self, _REMEMBER_AFTER_MS, self._keep_place)
        self._connect()

    def _lay_out(self) -> None:
        panes = QHBoxLayout()
        panes.setContentsMargins(0, 0, 0, 0)
        panes.setSpacing(3)
        for frame in self.frames:
            panes.addWidget(frame, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(panes, 1)
        layout.addWidget(self.readout)

    def _connect(self) -> None:
        session = self.session
        session.case_changed.connect(self._open)
        session.state_changed.connect(self._on_event)
        session.active_changed.connect(self._on_active)
        session.view_changed.connect(self._on_view)
        session.go_wanted.connect(self.go_to)
        self.link.changed.connect(self._captions)
        self.hand.moved.connect(self._preview)
        self.hand.ended.connect(self._redraw)
        for at, pane in enumerate(self.panes):
            pane.moved.connect(lambda point, at=at: self._say(at, point))
            pane.stepped.connect(lambda _slice: self._remember())
            pane.maximise_wanted.connect(lambda at=at: self.maximise(at))
            pane.view_changed.connect(lambda at=at: self._follow(at))
            self.frames[at].reference_clicked.connect(lambda point, at=at: self._reference_clicked(at, point))

    # ---------------------------------------------------------------- what is shown

    def visit_at(self, at: int) -> VisitFacts | None:
        """Return the visit in pane 0 (PRE) or 1 (POST)."""
        return self.session.pair[at]

    def is_measured(self, at: int) -> bool:
        """Return whether a pane shows the series that lesions of its visit are outlined on."""
        visit, hung = self.visit_at(at), self._hung[at]
        return visit is not None and hung is not None and hung == visit.measured

    def hang(self, stage: Stage | int) -> None:
        """Show a stage of the hanging protocol in both panes, by itself or by its number."""
        if not self.stages:
            return
        if isinstance(stage, Stage):
            self.stage = self.stages.index(stage) if stage in self.stages else 0
        else:
            self.stage = min(max(stage, 0), len(self.stages) - 1)
        chosen = self.stages[self.stage]
        for at, series in enumerate((chosen.pre, chosen.post)):
            self._show(at, series, chosen.plane)
        self._join()
        self._remember()
        self.hung.emit(self.stage)
        self.shown.emit()

    def next_stage(self, n: int) -> None:
        """Go on to the next stage, or back with -1."""
        if self.stages:
            self.hang((self.stage + n) % len(self.stages))

    def set_plane(self, plane: Plane) -> None:
        """Show another plane in both panes, of the series that are there."""
        for at, pane in enumerate(self.panes):
            if pane.volume is not None:
                pane.set_plane(plane)
                self._caption(at)
        self._join()

    def next_series(self, n: int) -> None:
        """Show the active visit's next series."""
        at = self.active
        visit, hung = self.visit_at(at), self._hung[at]
        if visit is None or not visit.series:
            return
        keys = [one.key for one in visit.series]
        now = keys.index(hung) if hung in keys else -1
        self._show(at, keys[(now + n) % len(keys)], None)
        self._join()

    def _open(self) -> None:
        self.show_pair()
        case = self.session.case
        place = None if case is None else case.state.plain("view", "place")
        if place is None:
            return
        self.hang(int(place.get("stage", 0)))
        if place.get("at_mm") is not None and place.get("visit"):
            self.go_to(str(place["visit"]), np.asarray(place["at_mm"], dtype=np.float64))

    def show_pair(self) -> None:
        """Show the two visits of the session's pair from the first stage on; nothing of others stays."""
        self.hand.drop()
        self.link.forget_pointer()
        if self._maximised is not None:
            self.maximise(self._maximised)
        self._pointed = None
        self.finder.flatten()
        self._hung = [None, None]
        case = self.session.case
        if case is None:
            for at, pane in enumerate(self.panes):
                pane.clear("")
                self.frames[at].set_header("")
            self.readout.setText("")
            self.stages = ()
            return
        self.stages = stages(*self.session.pair)
        self._set_transform()
        self.hang(0)
        self._on_active()
        self._redraw()

    def _show(self, at: int, series: str | None, plane: str | None) -> None:
        pane, visit, case = self.panes[at], self.visit_at(at), self.session.case
        if case is None or visit is None or series is None:
            self._hung[at] = None
            pane.clear(_NO_FOLLOW_UP if at == 1 else _NO_BASELINE)
            self.frames[at].set_header(self._title(at))
            return
        before, self._hung[at] = self._hung[at], series
        if before != series:
            self.hand.drop()
        try:
            volume = case.images.volume(visit.label, series)
        except GistImagingError as error:
            pane.clear(str(error))
            self.frames[at].set_header(self._title(at))
            return
        if pane.volume is not volume or before is None:
            named = self._series(at)
            pane.show_volume(volume, caption="" if named is None else named.name, facts=self._facts(at))
        if plane in _PLANES and pane.plane is not Plane(plane):
            pane.set_plane(Plane(plane))
        self._caption(at)

    def _series(self, at: int) -> SeriesFacts | None:
        visit, hung = self.visit_at(at), self._hung[at]
        if visit is None or hung is None:
            return None
        return next((one for one in visit.series if one.key == hung), None)

    def _facts(self, at: int) -> PaneFacts:
        case, visit = self.session.case, self.visit_at(at)
        if case is None or visit is None:
            return PaneFacts()
        return PaneFacts(case.case, visit.day, unlike_slices(self._series(0), self._series(1)))

    def _title(self, at: int) -> str:
        pane = self.panes[at]
        is_reformat = pane.grid is not None and not pane.is_acquired_plane
        return pane_title(at, self.visit_at(at), self._series(at), is_reformat)

    def _caption(self, at: int) -> None:
        series = self._series(at)
        tooltip = "" if series is None or not series.problems else f"Geometry: {', '.join(series.problems)}"
        self.frames[at].set_header(self._title(at), tooltip)
        self.frames[at].set_chip(*link_chip(self.link))
        self.frames[at].follow()

    def _join(self) -> None:
        self.link.set_enabled(self.session.linked)
        self.link.fit()
        self._captions()
        self._redraw()

    # ---------------------------------------------------------------- following

    def go_to(self, visit: str, point_mm: npt.ArrayLike) -> None:
        """Bring both panes to a place of a visit."""
        for at in (0, 1):
            facts = self.visit_at(at)
            if facts is not None and facts.label == visit and self.panes[at].volume is not None:
                self.panes[at].go_to(point_mm)
                carried = self.link.carried(self.panes[at], point_mm) if self.session.linked else None
                if carried is not None and not self.link.parted:
                    self.link.other(self.panes[at]).go_to(carried)
        self._redraw()

    def _on_event(self, event: Event) -> None:
        if event.kind != "view":
            # The points of a number that was measured before this step: it is told no more.
            self._pointed = None
            self._redraw()
        if any(change.key[0] == "registration" for change in event.changes) or event.kind in ("undo", "redo"):
            self._set_transform()

    def _set_transform(self) -> None:
        is_checked = self.session.registration_state == "ok"
        self.link.set_transform(self.session.registration(), checked=is_checked)

    def _on_active(self) -> None:
        for at, pane in enumerate(self.panes):
            pane.set_active(at == self.active and pane.volume is not None)
        if self._maximised is not None and self._maximised != self.active and self.session.case is not None:
            # Keys go to the active pane: it is the one that is seen.
            self._show_frames(self.active)
        self._redraw()

    def _on_view(self) -> None:
        self.link.set_enabled(self.session.linked)
        self._captions()
        self._redraw()

    def _captions(self) -> None:
        for at in (0, 1):
            self._caption(at)

    def _follow(self, at: int) -> None:
        self.frames[at].follow()
        visit = self.visit_at(at)
        if visit is not None and self.panes[at].view is not None:
            self.seen.note(visit.label, self.panes[at], self.is_measured(at))

    def point_at(self, visit: str, points_mm: FloatArray) -> None:
        """Draw a line between two points of a visit until another case is opened."""
        self._pointed = (visit, points_mm)
        self._redraw()

    def redraw(self) -> None:
        """Draw everything over the images anew, soon."""
        self._redraw()

    def _draw(self) -> None:
        """Make both scenes anew: something was given, taken, hidden or chosen."""
        for at, pane in enumerate(self.panes):
            visit = self.visit_at(at)
            if pane.volume is None or visit is None:
                self._scenes[at] = Scene()
            else:
                scene = scene_of(self.session, visit.label, pane.volume.geometry, self._copies)
                if self._pointed is not None and self._pointed[0] == visit.label:
                    shown = LineDrawing(self._pointed[1], style="warning", handles=True, slice_only=False)
                    scene = Scene(scene.masks, (*scene.lines, shown), scene.points)
                self._scenes[at] = scene
        self._preview()

    def _preview(self) -> None:
        """Draw the scenes with what the gesture will do; cheap enough for every move of the mouse."""
        for at, pane in enumerate(self.panes):
            held, drawn = self._scenes[at], self.hand.preview(at)
            pane.set_scene(
                Scene(held.masks + drawn.masks, held.lines + drawn.lines, held.points + drawn.points)
            )

    @property
    def active(self) -> int:
        """Which pane keys go to: 0 for PRE, 1 for POST."""
        for at in (0, 1):
            visit = self.visit_at(at)
            if visit is not None and visit.label == self.session.active_visit:
                return at
        return 0

    def _keep_place(self) -> None:
        at = self.active
        # A pane that shows surfaces is at no place.
        if self.session.case is not None and self.panes[at].view is not None:
            self.session.remember_view(stage=self.stage, at_mm=[float(x) for x in self.panes[at].at_mm])

    def _reference_clicked(self, at: int, point_mm: FloatArray) -> None:
        visit = self.visit_at(at)
        if visit is not None:
            self.session.choose_visit(visit.label)
            self.go_to(visit.label, point_mm)

    # ---------------------------------------------------------------- read-out and size

    def _say(self, at: int, point_mm: FloatArray | None) -> None:
        pane = self.panes[at]
        if point_mm is None or pane.volume is None:
            self.readout.setText("")
            return
        series = self._series(at)
        where = f"{pane.plane.value} slice {pane.slice_index + 1}/{pane.n_slices}"
        name = "" if series is None else series.name
        value = pane.value_at(point_mm)
        self.readout.setText(readout(point_mm.tolist(), value, pane.volume.quantity, where, name, pane.tag))

    def maximise(self, at: int) -> None:
        """Give one pane the whole width, or both their halves again."""
        self._show_frames(None if self._maximised is not None else at)

    def _show_frames(self, maximised: int | None) -> None:
        self._maximised = maximised
        for other, frame in enumerate(self.frames):
            frame.setVisible(maximised is None or other == maximised)
        self.link.fit()

    def toggle_reference_row(self) -> None:
        """Show or hide the reference views."""
        self._wanted_row = not self._wanted_row
        self.fit_window(self.window().width())

    def fit_window(self, width_px: int) -> None:
        """Give the reference row the height that the window has room for."""
        large = width_px >= LARGE_FROM_PX
        height = REFERENCE_PX["large" if large else "small"]
        shown = self._wanted_row and width_px >= NO_ROW_BELOW_PX
        for frame in self.frames:
            frame.set_reference_height(height if shown else 0)


_NO_FOLLOW_UP = (
    "No follow-up in this case yet. Import one (gist-imaging study import), or read the baseline only: "
    "the response is then NE, no follow-up."
)
_NO_BASELINE = "No scan that can be shown at this visit."


def _soon(parent: QWidget, after_ms: int, call: Callable[[], None]) -> Callable[[], None]:
    """Return what makes `call` happen once, `after_ms` after the last wish."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(call)
    return timer.start
