"""The task panel: five pages, one question at a time, never wider than its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gist_napari.tools.names import Tool
from gist_napari.widgets import style
from gist_napari.widgets.landmark_page import LandmarkPage
from gist_napari.widgets.levator_page import LevatorPage
from gist_napari.widgets.live_numbers import LiveNumbers
from gist_napari.widgets.look_page import LookPage
from gist_napari.widgets.measure_page import MeasurePage
from gist_napari.widgets.metrics_page import MetricsPage
from gist_napari.widgets.page import Page
from gist_napari.widgets.parts import Switch
from gist_napari.widgets.relation_form import RelationForm
from gist_napari.widgets.report_page import ReportPage
from gist_napari.widgets.response_page import ResponsePage
from gist_napari.widgets.segment_page import SegmentPage

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from gist_napari.session import Session

__all__ = ["NARROW_PX", "WIDE_PX", "TaskPanel"]

NARROW_PX, WIDE_PX = 320, 400
"""Width of the panel in a window of 1280 px, and from 1600 px on."""
_WIDE_FROM_PX = 1600

PAGES: Mapping[str, tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    "look": ("Look", "Quality, hanging, impression", ()),
    "segment": ("Segment", "Outline the active lesion", ()),
    "measure": (
        "Measure",
        "Diameters and landmarks",
        (
            ("measure", "Sizes", "Diameters, rulers, regions"),
            ("landmarks", "Landmarks", "Seven points of the pelvis"),
        ),
    ),
    "levator": (
        "Levator",
        "Levator ani and your call",
        (("levator", "Strokes", "Trace the muscle"), ("call", "My call", "Contact, displacement, invasion")),
    ),
    "report": (
        "Report",
        "Your call, then what was measured",
        (
            ("report", "Call", "What is open, what was committed"),
            ("metrics", "Metrics", "What was measured, after the commit"),
            ("response", "Response", "Change, after the commit"),
        ),
    ),
}
"""Name of a page to its word, its tooltip, and the parts that it has."""
_TOOLS = {"landmarks": Tool.LANDMARK, "levator": Tool.LEVATOR}
"""Tools that belong to one page: a click elsewhere must not place a point."""


class TaskPanel(QWidget):
    """Five pages at the right of the images; F2 to F6 choose them.

    Parameters
    ----------
    session : what is open, and what can be done
    numbers : sizes measured beside the drawing; one of its own where none is shared
    """

    stage_wanted = Signal(object)  # look_page.Stage
    preset_wanted = Signal(int)
    interpolation_wanted = Signal(bool)
    one_window_wanted = Signal(bool)
    mouse_style_wanted = Signal(str)
    points_wanted = Signal(str, object)  # visit, points in mm to draw
    export_wanted = Signal()
    page_changed = Signal(str)

    def __init__(
        self, session: Session, numbers: LiveNumbers | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("task_panel")
        style.dress(self)
        self.look = LookPage(session)
        self.live = numbers if numbers is not None else LiveNumbers(session, self)
        self.segment = SegmentPage(session, self.live)
        self.measure = MeasurePage(session, self.live)
        self.landmarks = LandmarkPage(session)
        self.levator = LevatorPage(session)
        self.call = RelationForm(session)
        self.report = ReportPage(session)
        self.metrics = MetricsPage(session)
        self.response = ResponsePage(session)
        self.pages: dict[str, Page] = {
            "look": self.look,
            "segment": self.segment,
            "measure": self.measure,
            "landmarks": self.landmarks,
            "levator": self.levator,
            "call": self.call,
            "report": self.report,
            "metrics": self.metrics,
            "response": self.response,
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._heads())
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        self._parts: dict[str, Switch] = {}
        self._bodies: dict[str, QStackedWidget] = {}
        for name, (_, _, parts) in PAGES.items():
            self.stack.addWidget(self._page(name, parts))
        self._connect()
        self.fit(0)
        self.current = ""
        self.show_page("look")

    # ---------------------------------------------------------------- building

    def _heads(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(4, 4, 4, 2)
        row.setSpacing(2)
        self.heads: dict[str, Any] = {}
        group = QButtonGroup(self)
        for number, (name, (word, tip, _)) in enumerate(PAGES.items()):
            head = style.tool_button(word, tip, f"F{number + 2}", checkable=True)
            head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            head.setStyleSheet("padding: 0 2px;")
            head.clicked.connect(lambda _=False, name=name: self.show_page(name))
            group.addButton(head)
            row.addWidget(head, len(word))
            self.heads[name] = head
        return row

    def _page(self, name: str, parts: tuple[tuple[str, str, str], ...]) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        body = self._bodies[name] = QStackedWidget()
        if parts:
            switch = self._parts[name] = Switch(parts)
            switch.chosen.connect(self.show_page)
            margin = QVBoxLayout()
            margin.setContentsMargins(10, 6, 10, 0)
            margin.addWidget(switch)
            column.addLayout(margin)
            switch.show_chosen(parts[0][0])
        for part, _, _ in parts or ((name, "", ""),):
            page = self.pages[part]
            body.addWidget(page if part == "call" else _scrolled(page))
        column.addWidget(body, 1)
        return holder

    def _connect(self) -> None:
        session = self.session
        session.page_wanted.connect(self.show_page)
        self.look.stage_wanted.connect(self.stage_wanted)
        self.look.preset_wanted.connect(self.preset_wanted)
        self.look.interpolation_wanted.connect(self.interpolation_wanted)
        self.look.one_window_wanted.connect(self.one_window_wanted)
        self.look.mouse_style_wanted.connect(self.mouse_style_wanted)
        self.metrics.points_wanted.connect(self.points_wanted)
        self.report.export_wanted.connect(self.export_wanted)
        self.report.commit_wanted.connect(self.commit)
        self.report.question_wanted.connect(self.go_to_question)

    # ---------------------------------------------------------------- choosing

    def fit(self, window_width: int) -> None:
        """Take the width that a window of `window_width` px has for the panel."""
        self.setFixedWidth(WIDE_PX if window_width >= _WIDE_FROM_PX else NARROW_PX)

    def show_page(self, name: str) -> None:
        """Show a page, or a part of one: look, segment, measure, landmarks, levator, call, report, ..."""
        for at, (page, (_, _, parts)) in enumerate(PAGES.items()):
            inside = [part for part, _, _ in parts]
            if name != page and name not in inside:
                continue
            if page in self._parts:
                # A page comes back to the part that was left; chosen again, to its first.
                part = name if name != page or self.current in inside else self._parts[page].name
                self._parts[page].show_chosen(part)
                self._bodies[page].setCurrentIndex(inside.index(part))
                name = part
            self.heads[page].setChecked(True)
            self.stack.setCurrentIndex(at)
            left, self.current = self.current, name
            self.page_changed.emit(name)
            if left != name:
                self._begin(left)
            return

    def _begin(self, left: str) -> None:
        """Take the tool of the page and go to its first question; a tool of the page that was left goes."""
        session = self.session
        if session.case is None:
            return
        if session.tool == _TOOLS.get(left):
            session.choose_tool(Tool.PAN)
        if self.current == "look":
            self.look.begin()
        elif self.current == "call":
            self.call.begin()
        elif self.current == "landmarks" and not session.case.read_only:
            self.landmarks.begin()

    def commit(self) -> bool:
        """Commit the reader's call, or show the first question that is open; return whether it is done."""
        done = self.call.commit_call()
        self.show_page("report" if done else "call")
        return done

    def go_to_question(self, question: Any) -> None:
        """Show the field that an open question is about."""
        self.show_page("call")
        self.call.go_to(question)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F2 to F6 choose the page."""
        keys = (Qt.Key.Key_F2, Qt.Key.Key_F3, Qt.Key.Key_F4, Qt.Key.Key_F5, Qt.Key.Key_F6)
        for key, name in zip(keys, PAGES, strict=True):
            if event.key() == key:
                self.show_page(name)
                return
        super().keyPressEvent(event)


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area
