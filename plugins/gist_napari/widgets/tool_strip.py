"""The row of tools above the images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QLocale, QSize, Qt, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QToolButton, QWidget

from gist_napari.choices import LARGEST_BRUSH_MM, SMALLEST_BRUSH_MM
from gist_napari.keys import Binding, bindings_of_user, tips
from gist_napari.said import Toast
from gist_napari.tools.names import TOOLS, Tool
from gist_napari.widgets.icons import ICON_PX, ICONS, icon
from gist_napari.widgets.style import QUIET, TEXT, divider, dress, look, tool_button
from gist_napari.widgets.why_not import why_not

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from gist_napari.session import Session

__all__ = ["BrushSize", "ToolStrip"]

HEIGHT_PX = 34
FOLDS_BELOW_PX = 1180
"""Narrower windows show icons alone; the words stay in the tooltips."""

_GROUPS = (
    (Tool.PAN, Tool.WINDOW),
    (Tool.STROKE, Tool.LOOP, Tool.OUTLINE),
    (Tool.BRUSH, Tool.ERASE, Tool.RANGE_BRUSH),
    (Tool.CALIPER, Tool.RULER, Tool.BIDIMENSIONAL, Tool.ELLIPSE),
    (Tool.LANDMARK, Tool.LEVATOR),
)
_PLANES = {"axial": "Ax", "coronal": "Cor", "sagittal": "Sag"}

_ACTION_OF = {
    **{tool.value: f"tool_{tool.value}" for tool in Tool},
    **{name: f"plane_{name}" for name in _PLANES},
    "fill": "outline",
    "cube": "three_d",
}
"""Name of a button to the action of `keys.BINDINGS` that does the same, where they differ."""

_WORDS_FIRST = (
    "stroke", "grow", "brush", "erase", "outline", "between", "levator", "keep_largest", "pan", "window",
    "caliper", "landmark", "loop", "range_brush", "ruler", "bidimensional", "ellipse", "link", "blink",
    "hide", "fill", "cube", "reference", "undo", "redo",
)  # fmt: skip
"""The order in which buttons get a word in place of their icon, as far as the width goes."""

_WORD = Qt.ToolButtonStyle.ToolButtonTextOnly
_ICON = Qt.ToolButtonStyle.ToolButtonIconOnly


class BrushSize(QDoubleSpinBox):
    """Diameter of the brush in mm; the same value as the keys [ and ] and the wheel with Shift change."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setLocale(QLocale.c())
        self.setRange(SMALLEST_BRUSH_MM, LARGEST_BRUSH_MM)
        self.setDecimals(1)
        self.setSuffix(" mm")
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFixedWidth(90)
        self.setToolTip("Diameter of the brush, round in mm on every grid  [ [ ] smaller, ] larger ]")
        self.setValue(session.brush_mm)
        self.valueChanged.connect(self._typed)
        session.active_changed.connect(self._follow)

    def stepBy(self, steps: int) -> None:
        """Change the size by a fifth for each step."""
        for _ in range(abs(steps)):
            (self.session.larger_brush if steps > 0 else self.session.smaller_brush)()

    def _typed(self, diameter_mm: float) -> None:
        if abs(diameter_mm - self.session.brush_mm) >= 0.05:
            self.session.set_brush_mm(diameter_mm)

    def _follow(self) -> None:
        self.blockSignals(True)
        self.setValue(self.session.brush_mm)
        self.blockSignals(False)


class ToolStrip(QWidget):
    """Tools, actions on the mask, undo with names, planes, and how the panes are shown.

    A button that cannot work now is drawn dashed, stays clickable, and says why. What only the window can do
    is told by signals; the window answers with `show_plane`, `show_blink` and `set_blocked`.
    """

    plane_wanted = Signal(str)  # axial, coronal, sagittal
    blink_wanted = Signal(bool)
    reference_wanted = Signal()
    three_d_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("toolStrip")
        dress(self)
        self.setFixedHeight(HEIGHT_PX)
        self.buttons: dict[str, QToolButton] = {}
        self.brush_size = BrushSize(session)
        self._tips: dict[str, tuple[str, str]] = {}
        self._blocked: dict[str, str] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 2, 4, 2)
        self._row.setSpacing(2)
        self._row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self._lay_out()
        self._measured: tuple[int, dict[str, int]] | None = None
        session.active_changed.connect(self.refresh)
        session.case_changed.connect(self.refresh)
        session.view_changed.connect(self.refresh)
        session.state_changed.connect(self.refresh)
        session.job_changed.connect(self.refresh)
        self.show_keys(bindings_of_user()[0])

    # ---------------------------------------------------------------- what the window tells

    def show_plane(self, plane: str) -> None:
        """Mark the plane that both panes show."""
        for name in _PLANES:
            self.buttons[name].setChecked(name == plane)

    def show_blink(self, on: bool) -> None:
        """Mark whether the other time point stands in the pane now."""
        self.buttons["blink"].setChecked(on)

    def show_reference(self, on: bool) -> None:
        """Mark whether the reference row is shown."""
        self.buttons["reference"].setChecked(on)

    def set_blocked(self, name: str, reason: str) -> None:
        """Let a button say `reason` instead of working; "" frees it."""
        if self._blocked.get(name, "") != reason:
            self._blocked[name] = reason
            self.refresh()

    def show_keys(self, bindings: Iterable[Binding]) -> None:
        """Name the keys of the table in the tooltips."""
        keys = tips(bindings)
        for name, (tip, _) in self._tips.items():
            self._tips[name] = (tip, keys.get(_ACTION_OF.get(name, name), ""))
        self.refresh()

    # ---------------------------------------------------------------- layout

    def _lay_out(self) -> None:
        for group in _GROUPS:
            for tool in group:
                made = self._add(tool.value, TOOLS[tool].word, TOOLS[tool].hint, checkable=True)
                made.clicked.connect(lambda _on, tool=tool: self._choose(tool))
                if tool is Tool.BRUSH:
                    self._row.addWidget(self.brush_size)
            self._line()
        session = self.session
        self._action("grow", "Grow", "Propose the tumour from the strokes.", session.grow)
        self._action("between", "Between", "Propose what lies between the outlines.", session.between)
        self._action("keep_largest", "Largest", "Propose the largest piece alone.", session.keep_largest)
        self._line()
        self._action("undo", "Undo", "", session.undo)
        self._action("redo", "Redo", "", session.redo)
        self._line()
        for plane, word in _PLANES.items():
            made = self._add(plane, word, f"Show both panes {plane}.", checkable=True, pictured=False)
            made.clicked.connect(lambda _on, plane=plane: self._plane(plane))
        self._line()
        self._switch("link", "Link", "Scroll and zoom both panes together.", self._link)
        self._switch("blink", "Blink", "Show the other time point in this pane.", self.blink_wanted.emit)
        self._switch("fill", "Fill", "Fill masks lightly, or show outlines alone.", self._fill)
        self._switch("hide", "Hide", "Hide all masks.", lambda on: session.set_view(hidden=on))
        self._line()
        self._switch(
            "reference", "Ref", "Show the two other planes below.", lambda _on: self.reference_wanted.emit()
        )
        self._action("cube", "3D", "Look at tumour and levator ani in 3D.", self.three_d_wanted.emit)
        self._row.addStretch(1)

    def _add(self, name: str, word: str, tip: str, *, checkable: bool, pictured: bool = True) -> QToolButton:
        made = tool_button(word, checkable=checkable)
        made.setObjectName(name)
        made.setAccessibleName(word)
        made.setToolButtonStyle(_ICON if pictured else _WORD)
        if pictured:
            made.setIcon(icon(name))
            made.setIconSize(QSize(ICON_PX, ICON_PX))
        self._tips[name] = (tip, "")
        self.buttons[name] = made
        self._row.addWidget(made)
        return made

    def _action(self, name: str, word: str, tip: str, does: Callable[..., object]) -> None:
        made = self._add(name, word, tip, checkable=False)
        made.clicked.connect(lambda _on: self._unless_blocked(name, does))

    def _switch(self, name: str, word: str, tip: str, does: Callable[..., object]) -> None:
        made = self._add(name, word, tip, checkable=True)

        def pressed(on: bool) -> None:
            if self._reason(name):
                made.setChecked(not on)
            self._unless_blocked(name, lambda: does(on))
            self.refresh()

        made.clicked.connect(pressed)

    def _line(self) -> None:
        self._row.addSpacing(2)
        self._row.addWidget(divider())
        self._row.addSpacing(2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many words as the width has room for, and never cut one."""
        super().resizeEvent(event)
        self._fold()

    def minimumSizeHint(self) -> QSize:
        """Return the width of icons alone, so that the window can become narrow."""
        return QSize(self._widths()[0], HEIGHT_PX)

    def _fold(self) -> None:
        icons, extra = self._widths()
        room = self.width() - icons if self.width() >= FOLDS_BELOW_PX else 0
        for name in _WORDS_FIRST:
            fits = extra[name] <= room
            room -= extra[name] if fits else room
            self.buttons[name].setToolButtonStyle(_WORD if fits else _ICON)
        self._row.activate()

    def _widths(self) -> tuple[int, dict[str, int]]:
        """Return the width of the row with icons alone, and what each word adds; measured once."""
        if self._measured is None:
            for made in self.buttons.values():
                made.ensurePolished()
            widths = {}
            for style in (_WORD, _ICON):
                for name in _WORDS_FIRST:
                    self.buttons[name].setToolButtonStyle(style)
                    widths[style, name] = self.buttons[name].sizeHint().width()
            self._row.invalidate()
            extra = {name: max(widths[_WORD, name] - widths[_ICON, name], 0) for name in _WORDS_FIRST}
            self._measured = (self._row.sizeHint().width(), extra)
        return self._measured

    # ---------------------------------------------------------------- what is shown

    def refresh(self, _event: object = None) -> None:
        """Bring every button to what the session says now."""
        session, state = self.session, self.session.state
        for tool in Tool:
            self.buttons[tool.value].setChecked(session.case is not None and session.tool is tool)
        self.buttons["link"].setChecked(session.linked)
        self.buttons["hide"].setChecked(session.masks_hidden)
        self.buttons["fill"].setChecked(not session.outline_only)
        for name, made in self.buttons.items():
            reason = self._reason(name)
            look(made, "off" if reason else "")
            if name in ICONS:
                made.setIcon(icon(name, QUIET if reason else TEXT))
            tip, key = self._tips[name]
            if name == "undo":
                tip = f"Undo: {state.undo_label}" if state and state.undo_label else "Nothing to undo."
            elif name == "redo":
                tip = f"Redo: {state.redo_label}" if state and state.redo_label else "Nothing to redo."
            word = f"{made.text()}: {tip}" if name not in ("undo", "redo") else tip
            with_key = f"{word}  [{key}]" if key else word
            made.setToolTip(
                f"{with_key}\nNot now: {reason}" if reason and name not in ("undo", "redo") else with_key
            )

    def _reason(self, name: str) -> str:
        return self._blocked.get(name) or why_not(self.session, name)

    # ---------------------------------------------------------------- what is done

    def press(self, name: str) -> None:
        """Do what a click on the button called `name` does: its action, or saying why not."""
        self.buttons[name].click()

    def _choose(self, tool: Tool) -> None:
        self._unless_blocked(tool.value, lambda: self.session.choose_tool(tool))
        self.refresh()

    def _plane(self, plane: str) -> None:
        shown = next((name for name in _PLANES if name != plane and self.buttons[name].isChecked()), plane)
        self.show_plane(shown)
        self._unless_blocked(plane, lambda: self.plane_wanted.emit(plane))

    def _link(self, on: bool) -> None:
        self.session.set_view(linked=on)

    def _fill(self, on: bool) -> None:
        self.session.set_view(outline=not on)

    def _unless_blocked(self, name: str, does: Callable[..., object]) -> None:
        reason = self._reason(name)
        if reason:
            self.session.said.emit(Toast(reason, "warning"))
        else:
            does()
