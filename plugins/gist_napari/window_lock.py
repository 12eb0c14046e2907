"""One window for both panes: the same values where they have a unit, else the same percentiles."""

from __future__ import annotations

from qtpy.QtCore import QObject

from gist_imaging.spatial import Volume
from gist_napari.layers import FloatArray
from gist_napari.pane import Pane
from gist_napari.window_level import matched, quantiles

__all__ = ["WindowLock"]


class WindowLock(QObject):
    """While it is on, a window that is set in one pane is set in the other too; a new scan takes the other's.

    Parameters
    ----------
    pre, post : the panes; PRE leads when it is switched on
    """

    def __init__(self, pre: Pane, post: Pane) -> None:
        super().__init__(pre)
        self.pre, self.post = pre, post
        self.enabled = False
        self._busy = False
        self._shown: dict[Pane, Volume | None] = {}
        self._known: list[tuple[Volume, FloatArray]] = []
        for pane in (pre, post):
            pane.window_changed.connect(lambda pane=pane: self._follow(pane))

    def set_enabled(self, enabled: bool) -> None:
        """Hold both windows together from now on, or let each pane have its own."""
        self.enabled = enabled
        self._follow(self.pre)

    def _follow(self, pane: Pane) -> None:
        other = self.post if pane is self.pre else self.pre
        is_new = pane.volume is not self._shown.get(pane)
        self._shown[pane] = pane.volume
        if is_new and self.enabled and pane.volume is not None and other.volume is not None:
            pane, other = other, pane
        if not self.enabled or self._busy or pane.volume is None or other.volume is None:
            return
        self._busy = True
        try:
            window = matched(pane.window, pane.volume, other.volume, lambda volume: self._quantiles(volume))
            if window != other.window:
                other.set_window(window)
        finally:
            self._busy = False

    def _quantiles(self, volume: Volume) -> FloatArray:
        """Return them, worked out once for each volume that is shown."""
        shown = [pane.volume for pane in (self.pre, self.post)]
        self._known = [held for held in self._known if any(held[0] is one for one in shown)]
        for known, values in self._known:
            if known is volume:
                return values
        self._known.append((volume, quantiles(volume)))
        return self._known[-1][1]
