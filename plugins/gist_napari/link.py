"""Two panes that show one patient at two times: always equally large, and going through slices together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, QTimer, Signal

from gist_imaging.spatial.register_transform import RigidTransform
from gist_napari.bridge import (
    PLANES_AGREE_WITHIN_DEG,
    Bridge,
    bridge_between,
    plane_angle_deg,
    seen_through,
)
from gist_napari.grey import grey_image
from gist_napari.layers import FloatArray
from gist_napari.overlay import SlicePicture
from gist_napari.pane import Pane
from gist_napari.planes import Plane, PlaneMap

__all__ = ["PaneLink"]

# The crosshair of the other pane follows the mouse at most this often: each time its canvas is drawn anew.
_CROSSHAIR_MS = 40

_HOW_WORDS = {
    "registration": "linked by registration",
    "one frame": "linked by position",
    "middle": "linked by the middle of the scans (not registered)",
}


class PaneLink(QObject):
    """Holds PRE and POST together.

    Magnification is equal whatever happens, linked or not: a tumour drawn larger in one pane is a false
    finding. Slices and middle go together while `enabled` and the planes agree.
    """

    changed = Signal()
    """What `words` says has changed."""

    def __init__(self, pre: Pane, post: Pane) -> None:
        super().__init__(pre)
        self.pre, self.post = pre, post
        self.enabled = True
        self.transform: RigidTransform | None = None
        self.transform_checked = False
        self.shift_mm = 0.0
        """How far POST has been moved on, against what the way from PRE says; towards later slices."""
        self._ratio = 1.0
        self._busy = False
        self._blinking: Pane | None = None
        self._last_index = {pre: 0, post: 0}
        self._crosshair: tuple[Pane, FloatArray | None] | None = None
        self._crosshair_timer = QTimer(self)
        self._crosshair_timer.setSingleShot(True)
        self._crosshair_timer.setInterval(_CROSSHAIR_MS)
        self._crosshair_timer.timeout.connect(self._draw_crosshair)
        for pane in (pre, post):
            pane.fit_wanted.connect(lambda pane=pane: self._on_fit_wanted(pane))
            pane.resized.connect(self._on_resized)
            pane.view_changed.connect(lambda pane=pane: self._on_view_changed(pane))
            pane.stepped.connect(lambda _, pane=pane: self._on_stepped(pane, self.enabled))
            pane.stepped_alone.connect(lambda _, pane=pane: self._on_stepped(pane, False))
            pane.moved.connect(lambda point, pane=pane: self._on_moved(pane, point))
            # A crosshair that is due when the window closes has nothing left to be drawn on.
            pane.overlay.destroyed.connect(self._crosshair_timer.stop)

    # What links them

    def set_enabled(self, enabled: bool) -> None:
        """Let both panes go through slices together, or each for itself; what they drifted apart stays."""
        self.enabled = enabled
        if enabled:
            self._follow(self.pre, slices=True)
        self.changed.emit()

    def set_transform(self, transform: RigidTransform | None, *, checked: bool = False) -> None:
        """Carry positions of PRE to POST by `transform` from now on; None takes it away.

        Parameters
        ----------
        checked : whether a reader has looked at it and found it right; blinking needs that
        """
        self.transform, self.transform_checked, self.shift_mm = transform, checked, 0.0
        self._blink_again()
        if self.enabled:
            self._follow(self.pre, slices=True)
        self.changed.emit()

    def set_shift_mm(self, shift_mm: float) -> None:
        """Let POST stand `shift_mm` further on than the way from PRE says."""
        self.shift_mm = shift_mm
        if self.enabled:
            self._follow(self.pre, slices=True)
        self.changed.emit()

    @property
    def bridge(self) -> Bridge | None:
        """The way from PRE to POST without the shift; None while a pane shows nothing."""
        if self.pre.volume is None or self.post.volume is None:
            return None
        return bridge_between(self.pre.volume, self.post.volume, self.transform)

    @property
    def parted(self) -> str:
        """Why the slices do not go together although linked, or ""."""
        views, bridge = self._views(), self.bridge
        if views is None or bridge is None:
            return "only one scan is shown"
        angle = plane_angle_deg(*views, bridge)
        if angle > PLANES_AGREE_WITHIN_DEG:
            return f"not linked: the planes differ by {angle:.0f}°"
        return ""

    @property
    def words(self) -> str:
        """How the panes are linked, such as "linked by registration, +6 mm"."""
        if not self.enabled:
            return f"link off{self._shift_words()}"
        if self.parted:
            return self.parted
        bridge = self.bridge
        return f"{_HOW_WORDS[bridge.how] if bridge else ''}{self._shift_words()}"

    def _shift_words(self) -> str:
        shift = f"{self.shift_mm:+.1f}".removesuffix(".0").replace("-", "−")
        return f", {shift} mm" if abs(self.shift_mm) >= 0.05 else ""

    def carried(self, pane: Pane, point_mm: npt.ArrayLike) -> FloatArray | None:
        """Return where a position of `pane` lies in the other pane, with the shift; None if unknown."""
        views, bridge = self._views(), self.bridge
        if views is None or bridge is None:
            return None
        shift = self.shift_mm * views[1].normal
        if pane is self.pre:
            return np.asarray(bridge.to_post(point_mm) + shift)
        return bridge.to_pre(np.asarray(point_mm, dtype=np.float64) - shift)

    def other(self, pane: Pane) -> Pane:
        """Return the pane that is not `pane`."""
        return self.post if pane is self.pre else self.pre

    def _views(self) -> tuple[PlaneMap, PlaneMap] | None:
        pre, post = self.pre.view, self.post.view
        return None if pre is None or post is None else (pre, post)

    # Equal magnification

    def set_plane(self, plane: Plane) -> None:
        """Show one plane in both panes."""
        for pane in (self.pre, self.post):
            pane.set_plane(plane)
        if self.enabled:
            self._follow(self.pre, slices=True)

    def fit(self) -> None:
        """Make both pictures as large as fits the pane that has less room, and show them whole."""
        self._ratio = 1.0
        self._magnify()
        for pane in self._shown():
            pane.show_whole()

    def _shown(self) -> list[Pane]:
        return [pane for pane in (self.pre, self.post) if pane.view is not None]

    def _common_fit(self) -> float | None:
        return min((pane.fit_px_per_mm() for pane in self._shown()), default=None)

    def _magnify(self) -> None:
        fit = self._common_fit()
        if fit is not None:
            self._set_all(fit * self._ratio)

    def _set_all(self, px_per_mm: float) -> None:
        busy, self._busy = self._busy, True
        for pane in self._shown():
            pane.set_px_per_mm(px_per_mm)
        self._busy = busy

    def _on_fit_wanted(self, pane: Pane) -> None:
        self._ratio = 1.0
        self._magnify()
        self._last_index[pane] = pane.slice_index
        self._blink_again()
        self.changed.emit()

    def _on_resized(self) -> None:
        self._magnify()

    # Going together

    def _on_view_changed(self, pane: Pane) -> None:
        if self._busy or pane.view is None:
            return
        fit = self._common_fit()
        if fit is not None:
            self._ratio = pane.px_per_mm / fit
        self._set_all(pane.px_per_mm)
        if self.enabled:
            self._follow(pane, slices=False)

    def _on_stepped(self, pane: Pane, together: bool) -> None:
        view = pane.view
        if self._busy or view is None:
            return
        gone_mm = (pane.slice_index - self._last_index[pane]) * view.thickness_mm
        self._last_index[pane] = pane.slice_index
        if together:
            self._follow(pane, slices=True)
        else:
            self.shift_mm += gone_mm if pane is self.post else -gone_mm
            self.changed.emit()
        self._blink_again()

    def _follow(self, pane: Pane, *, slices: bool) -> None:
        """Bring the other pane to where `pane` is."""
        if pane.view is None or self.parted:
            return
        target_mm = self.carried(pane, pane.at_mm)
        if target_mm is None:
            return
        other = self.other(pane)
        busy, self._busy = self._busy, True
        if slices:
            other.show_slice_at(target_mm)
            self._last_index[other] = other.slice_index
        other.set_centre(target_mm)
        self._busy = busy

    # Crosshair

    def _on_moved(self, pane: Pane, point_mm: FloatArray | None) -> None:
        if pane.mouse.is_drawing:  # the mark in the other pane stands still meanwhile
            return
        if pane.volume is None:
            # The case is left, the window may be closing: there is nothing to mark, nor soon a canvas.
            return
        self._crosshair = (pane, point_mm)
        if not self._crosshair_timer.isActive():
            self._crosshair_timer.start()

    def forget_pointer(self) -> None:
        """Draw no crosshair until the mouse moves again: another case is shown."""
        self._crosshair = None
        self._crosshair_timer.stop()

    def _draw_crosshair(self) -> None:
        if self._crosshair is None:
            return
        pane, point_mm = self._crosshair
        pane.set_crosshair(None)
        carried = None if point_mm is None or not self.enabled else self.carried(pane, point_mm)
        self.other(pane).set_crosshair(carried)

    # Blinking

    @property
    def blink_refused(self) -> str:
        """Why the other visit cannot be laid over a pane, and what to do; "" where it can."""
        bridge = self.bridge
        if bridge is None or self._views() is None:
            return "blink needs both scans: show the other visit first"
        if bridge.how == "middle":
            return "blink needs registered scans: register them first"
        if bridge.how == "registration" and not self.transform_checked:
            return "blink needs a checked registration: look at it and confirm it first"
        return ""

    def set_blink(self, pane: Pane, on: bool) -> bool:
        """Show the other visit in `pane`, slice for slice, or the pane's own image again.

        Returns
        -------
        whether the other visit is shown; `blink_refused` says why not
        """
        if not on or self.blink_refused:
            self._blinking = None
            pane.set_over(None)
            return False
        self._blinking = pane
        self._blink_again()
        return True

    def _blink_again(self) -> None:
        pane = self._blinking
        if pane is None:
            return
        view, other, bridge = pane.view, self.other(pane), self.bridge
        if view is None or other.volume is None or bridge is None or self.blink_refused:
            self._blinking = None
            pane.set_over(None)
            return
        values = seen_through(view, other.volume, bridge if pane is self.pre else bridge.reversed())
        image = grey_image(values, other.window, other.inverted)
        pane.set_over(SlicePicture(image), f"{other.title} seen here")
