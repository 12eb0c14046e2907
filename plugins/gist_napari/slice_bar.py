"""A bar below a pane that shows and sets which slice is seen, counted as the pane counts."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QScrollBar

from gist_napari.pane import Pane

__all__ = ["SliceBar"]


class SliceBar(QScrollBar):
    """Goes through the slices of a pane; a linked pane follows."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.pane = pane
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSingleStep(1)
        pane.view_changed.connect(self._follow)
        self.valueChanged.connect(self._go)
        self._follow()

    def _follow(self) -> None:
        """Show where the pane is, without sending it anywhere."""
        was_blocked = self.blockSignals(True)
        self.setRange(0, max(self.pane.n_slices - 1, 0))
        self.setPageStep(max(self.pane.n_slices // 10, 1))
        self.setValue(self.pane.slice_index)
        self.setEnabled(self.pane.n_slices > 1 and self.pane.flat)
        self.blockSignals(was_blocked)

    def _go(self, index: int) -> None:
        self.pane.step(index - self.pane.slice_index)
