"""One time point on the screen: its header, the image, the slice slider, and two reference views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from gist_napari.reference_view import ReferenceRow
from gist_napari.widgets.style import look

if TYPE_CHECKING:
    from gist_napari.pane import Pane

__all__ = ["PaneFrame"]

HEADER_PX = 22
SLIDER_PX = 22


class PaneFrame(QWidget):
    """Header, canvas, slider and reference row of one time point; fixed heights, so both panes line up."""

    reference_clicked = Signal(object)  # (3,) LPS mm

    def __init__(self, pane: Pane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pane = pane
        self.header = QLabel()
        self.header.setObjectName("gistPaneHeader")
        self.header.setFixedHeight(HEADER_PX)
        # A long series name must not make one pane wider than the other.
        self.header.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.header.setTextFormat(Qt.TextFormat.PlainText)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setFixedHeight(SLIDER_PX)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.slider.setToolTip("Slice (wheel, Up and Down)")
        self.references = ReferenceRow(pane)
        for view in self.references.views:
            view.went.connect(self.reference_clicked)
        self.chip = QLabel()
        self.chip.setObjectName("gistLinkChip")
        self.chip.setFixedHeight(HEADER_PX)
        look(self.chip, "quiet")
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 6, 0)
        top.addWidget(self.header, 1)
        top.addWidget(self.chip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(pane.widget, 1)
        layout.addWidget(self.slider)
        layout.addWidget(self.references)
        self.slider.valueChanged.connect(self._slide)
        pane.stepped.connect(lambda _index: self.follow())

    def set_header(self, text: str, tooltip: str = "") -> None:
        """Show which time point and series this is."""
        self.header.setText(text)
        self.header.setToolTip(tooltip or text)

    def set_chip(self, text: str, tooltip: str) -> None:
        """Show how this pane goes together with the other."""
        self.chip.setText(text)
        self.chip.setToolTip(tooltip)

    def set_reference_height(self, height_px: int) -> None:
        """Show the reference row at this height, or hide it with 0."""
        self.references.setVisible(height_px > 0)
        if height_px > 0:
            self.references.setFixedHeight(height_px)

    def follow(self) -> None:
        """Bring the slider to the slice that the canvas shows."""
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(self.pane.n_slices - 1, 0))
        self.slider.setValue(self.pane.slice_index)
        self.slider.blockSignals(False)

    def _slide(self, index: int) -> None:
        self.pane.step(index - self.pane.slice_index)
