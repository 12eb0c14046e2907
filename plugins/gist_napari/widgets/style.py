"""How our widgets look: colours, sizes, and the small pieces that every page is made of.

Nothing of napari's theme is changed: `dress` gives a widget of ours its own colours, so it is as legible in
napari's light theme as in the dark one. Every colour has its contrast tested.
"""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

__all__ = [
    "BODY_PX", "BUTTON", "CANVAS", "ERROR", "HEADING_PX", "LEVATOR", "LINE", "PANEL", "PROPOSAL", "QUIET",
    "ROW_PX", "SMALL_PX", "SPHINCTER", "TARGET_PX", "TEXT", "TUMOUR", "WALL", "WARNING", "button", "contrast",
    "divider", "dress", "error", "heading", "look", "minus", "number", "number_text", "quiet", "sheet",
    "tabular", "text", "tool_button", "warning",
]  # fmt: skip

CANVAS = "#000000"
"""Behind images only; nothing else is pure black."""
PANEL = "#1E2124"
BUTTON = "#2A2E33"
RAISED = "#3A4048"
"""A button under the mouse, or one that is chosen."""
LINE = "#6B737C"
"""Borders of what can be pressed: 3 : 1 on the panel (WCAG 1.4.11)."""
TEXT = "#D6DADF"
"""Never pure white next to an image."""
QUIET = "#9AA3AD"
"""Units and hints."""
TUMOUR = "#FF9E3D"
LEVATOR = "#56B4E9"
WALL = "#4FC79A"
SPHINCTER = "#CC79A7"
PROPOSAL = "#F0E442"
WARNING = "#F0B429"
"""Always with ▲ and a word."""
ERROR = "#FF8A70"
"""Always with ✕ and a word."""

BODY_PX, SMALL_PX, HEADING_PX = 13, 12, 14
TARGET_PX = 28
"""What can be clicked is at least so high."""
ROW_PX = 24
"""Rows of a form are at least so high."""

_MARKS = Path(__file__).parent / "marks"


def sheet() -> str:
    """Return the style sheet of our widgets; it is set on them, never on the window or the application."""
    down, up, tick, chosen = (
        (_MARKS / f"{name}.svg").as_posix() for name in ("down", "up", "tick", "chosen")
    )
    return f"""
    QWidget {{ background: {PANEL}; color: {TEXT}; font-size: {BODY_PX}px; padding: 0; margin: 0; }}
    QLabel {{ background: transparent; border: none; padding: 0; }}
    QLabel[look="quiet"] {{ color: {QUIET}; font-size: {SMALL_PX}px; }}
    QLabel[look="heading"] {{ font-size: {HEADING_PX}px; font-weight: 600; }}
    QLabel[look="warning"] {{ color: {WARNING}; }}
    QLabel[look="error"] {{ color: {ERROR}; }}
    QPushButton, QToolButton {{
        background: {BUTTON}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 3px;
        padding: 0 8px; min-height: {TARGET_PX - 2}px; }}
    QToolButton {{ padding: 0 3px; }}
    QPushButton:hover, QToolButton:hover {{ background: {RAISED}; }}
    QPushButton:pressed, QToolButton:pressed, QPushButton:checked, QToolButton:checked {{
        background: {RAISED}; border: 2px solid {TEXT}; padding: 0 7px; min-height: {TARGET_PX - 4}px; }}
    QToolButton:pressed, QToolButton:checked {{ padding: 0 2px; }}
    QPushButton:focus, QToolButton:focus {{ border: 2px solid {TEXT}; }}
    QPushButton[look="main"] {{ background: {TEXT}; color: {PANEL}; border-color: {TEXT}; font-weight: 600; }}
    QPushButton[look="main"]:hover {{ background: {QUIET}; }}
    QPushButton[look="link"], QToolButton[look="link"] {{
        background: transparent; border-color: transparent; text-decoration: underline; }}
    QLabel[look="chip"], QLabel[look="chip-differs"], QLabel[look="chip-unknown"] {{
        border: 1px solid {LINE}; border-radius: 3px; padding: 3px 7px; }}
    QLabel[look="chip-differs"] {{ color: {WARNING}; border: 2px solid {WARNING}; }}
    QLabel[look="chip-unknown"] {{ color: {QUIET}; border-style: dashed; }}
    QLabel[look="key"], QPushButton[look="key"] {{ background: transparent; border: none; font-weight: 600;
        font-size: {SMALL_PX}px; padding: 0; min-height: 18px; min-width: 20px; text-align: left; }}
    QPushButton[look="key"]:hover {{ background: {RAISED}; }}
    QPushButton[look="off"], QToolButton[look="off"] {{ color: {QUIET}; border-style: dashed; }}
    QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
        background: {BUTTON}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 3px; padding: 0 6px;
        min-height: {TARGET_PX - 2}px; min-width: 0;
        selection-background-color: {TEXT}; selection-color: {PANEL}; placeholder-text-color: {QUIET}; }}
    QPlainTextEdit, QTextEdit {{ padding: 4px; }}
    QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus,
    QComboBox:focus {{ border: 2px solid {TEXT}; }}
    QComboBox::drop-down {{ border: none; width: 18px; background: transparent; }}
    QComboBox::down-arrow {{ image: url("{down}"); width: 10px; height: 10px; }}
    QComboBox QAbstractItemView {{ background: {BUTTON}; color: {TEXT}; border: 1px solid {LINE};
        selection-background-color: {TEXT}; selection-color: {PANEL}; outline: none; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{
        width: 16px; height: 12px; border: none; border-radius: 0; background: {RAISED}; margin: 1px;
        subcontrol-origin: border; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button {{ subcontrol-position: top right; }}
    QSpinBox::down-button, QDoubleSpinBox::down-button {{ subcontrol-position: bottom right; }}
    QSpinBox::up-button:hover, QDoubleSpinBox::up-button:hover, QSpinBox::down-button:hover,
    QDoubleSpinBox::down-button:hover {{ background: {LINE}; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url("{up}"); width: 9px; height: 9px; }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url("{down}"); width: 9px; height: 9px; }}
    QRadioButton, QCheckBox {{ min-height: {ROW_PX}px; spacing: 6px; background: transparent; }}
    QRadioButton::indicator {{ width: 12px; height: 12px; border: 2px solid {QUIET}; border-radius: 8px;
        background: {PANEL}; image: none; }}
    QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 5px solid {TEXT}; background: {PANEL};
        image: none; }}
    QCheckBox::indicator {{ width: 14px; height: 14px; border: 2px solid {QUIET}; border-radius: 3px;
        background: {PANEL}; image: none; }}
    QCheckBox::indicator:checked {{ background: {TEXT}; border-color: {TEXT}; image: url("{tick}"); }}
    QRadioButton:focus, QCheckBox:focus {{ border: 1px solid {TEXT}; border-radius: 3px; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar {{ background: {PANEL}; }}
    QTabBar::tab {{ background: {PANEL}; color: {QUIET}; min-height: {TARGET_PX - 2}px; padding: 0 7px;
        border: none; border-bottom: 2px solid {PANEL}; }}
    QTabBar::tab:selected {{ color: {TEXT}; font-weight: 600; border-bottom: 2px solid {TEXT}; }}
    QTableView, QTreeView, QListView {{ background: {PANEL}; alternate-background-color: {BUTTON};
        color: {TEXT}; gridline-color: {BUTTON}; border: none; outline: none;
        selection-background-color: {RAISED}; selection-color: {TEXT}; }}
    QTableView::item {{ padding: 0 8px; border: none; }}
    QTableView::item:selected, QListView::item:selected {{ background: {RAISED}; color: {TEXT}; }}
    QHeaderView {{ background: {PANEL}; }}
    QHeaderView::section {{ background: {PANEL}; color: {QUIET}; border: none; font-size: {SMALL_PX}px;
        border-bottom: 1px solid {LINE}; padding: 4px 8px; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: {PANEL}; border: none; }}
    QSlider {{ background: {PANEL}; }}
    QSlider::groove:horizontal {{ background: {LINE}; height: 4px; border-radius: 2px; }}
    QSlider::sub-page:horizontal, QSlider::add-page:horizontal {{ background: {LINE}; height: 4px; }}
    QSlider::handle:horizontal {{ background: {TEXT}; width: 12px; height: 12px; margin: -4px 0;
        border-radius: 6px; border: none; }}
    QScrollBar:vertical {{ background: {PANEL}; width: 10px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {LINE}; border-radius: 4px; min-height: 28px; }}
    QScrollBar:horizontal {{ background: {PANEL}; height: 10px; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {LINE}; border-radius: 4px; min-width: 28px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QProgressBar {{ background: {BUTTON}; border: 1px solid {LINE}; border-radius: 3px; text-align: center;
        color: {TEXT}; min-height: 12px; max-height: 12px; }}
    QProgressBar::chunk {{ background: {LINE}; }}
    QMenu {{ background: {BUTTON}; color: {TEXT}; border: 1px solid {LINE}; }}
    QMenu::item {{ padding: 6px 22px; background: transparent; font-size: {BODY_PX}px; }}
    QMenu::indicator {{ width: 14px; height: 14px; left: 5px; image: none; }}
    QMenu::indicator:checked {{ image: url("{chosen}"); }}
    QMenu::item:selected {{ background: {RAISED}; }}
    QToolTip {{ background: {BUTTON}; color: {TEXT}; border: 1px solid {LINE}; padding: 3px;
        font-size: {SMALL_PX}px; }}
    QWidget[look="alarm"], QWidget[look="alarm"] QLabel {{ background: {WARNING}; color: {PANEL}; }}
    QWidget[look="alarm"] QToolButton, QWidget[look="alarm"] QPushButton {{ background: {PANEL}; }}
    QFrame[look="line"] {{ background: {LINE}; border: none; }}
    """


def dress(widget: QWidget) -> None:
    """Give a widget of ours, and everything in it, our colours, whatever napari's theme is."""
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
    widget.setStyleSheet(sheet())


def look(widget: QWidget, name: str) -> None:
    """Change how a widget looks: quiet, heading, warning, error, main, link, off, alarm, or "" for normal."""
    if widget.property("look") == name:
        return
    widget.setProperty("look", name)
    # Rules for what is inside a widget are not looked up again by Qt itself.
    for one in (widget, *widget.findChildren(QWidget)):
        one.style().unpolish(one)
        one.style().polish(one)


def text(words: str, *, wrap: bool = False) -> QLabel:
    """Return a line of normal text; with `wrap`, a paragraph."""
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    return label


def quiet(words: str, *, wrap: bool = True) -> QLabel:
    """Return a hint or a unit."""
    return _looking(text(words, wrap=wrap), "quiet")


def heading(words: str) -> QLabel:
    """Return a heading."""
    return _looking(text(words), "heading")


def warning(words: str) -> QLabel:
    """Return a paragraph with ▲ before it."""
    return _looking(text(f"▲ {words}", wrap=True), "warning")


def error(words: str) -> QLabel:
    """Return a paragraph with ✕ before it."""
    return _looking(text(f"✕ {words}", wrap=True), "error")


def _looking(label: QLabel, name: str) -> QLabel:
    label.setProperty("look", name)
    return label


def minus(words: str) -> str:
    """Return `words` with a true minus sign, as wide as a digit."""
    return words.replace("-", "\N{MINUS SIGN}")


def number_text(value: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """Return a number for the eye, "–" where it was not measured; full precision is kept elsewhere.

    >>> number_text(61.249), number_text(None), number_text(12.0, 0), number_text(3.0, signed=True)
    ('61.2', '–', '12', '+3.0')
    """
    if value is None:
        return "–"
    shown = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    return minus("0" + shown[2:] if shown.startswith("-0") and not shown.strip("-0.") else shown)


def number(value: float | None, unit: str, digits: int = 1) -> QLabel:
    """Return a number with its unit in quiet colour, in digits of one width."""
    label = QLabel(f'{number_text(value, digits)} <span style="color:{QUIET}">{unit}</span>')
    label.setTextFormat(Qt.TextFormat.RichText)
    tabular(label)
    return label


def tabular(widget: QWidget) -> None:
    """Let the digits of a widget have one width, so that decimal points stand in line."""
    font = QFont(widget.font())
    font.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(font)


def button(word: str, tip: str = "", key: str = "", *, main: bool = False) -> QPushButton:
    """Return a push button; its tooltip is the sentence and the key."""
    made = QPushButton(word)
    made.setToolTip(_tip(tip or word, key))
    made.setMinimumHeight(TARGET_PX)
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    if main:
        made.setProperty("look", "main")
    return made


def tool_button(word: str, tip: str = "", key: str = "", *, checkable: bool = False) -> QToolButton:
    """Return a flat button of a strip, at least 28 x 28 px; its tooltip is the sentence and the key."""
    made = QToolButton()
    made.setText(word)
    made.setToolTip(_tip(tip or word, key))
    made.setCheckable(checkable)
    made.setMinimumSize(TARGET_PX, TARGET_PX)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return made


def _tip(words: str, key: str) -> str:
    return f"{words}  [{key}]" if key else words


def divider(*, upright: bool = True) -> QFrame:
    """Return a thin line between groups."""
    line = QFrame()
    line.setProperty("look", "line")
    if upright:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance).

    >>> round(contrast("#FFFFFF", "#000000"), 1)
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
