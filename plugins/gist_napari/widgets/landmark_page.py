"""The landmarks one after another: the next one named, said where it lies, and marked on a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_imaging.anatomy.landmark_names import DEFINITIONS, LandmarkName
from gist_napari.tools.names import Tool
from gist_napari.widgets import style
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import Fold
from gist_napari.widgets.pelvis_drawing import PelvisDrawing
from gist_napari.widgets.telling import sentence

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_napari.session import Session

__all__ = ["ORDER", "LandmarkPage"]

ORDER = (
    LandmarkName.INFERIOR_PUBIC_POINT,
    LandmarkName.LAST_COCCYGEAL_JOINT,
    LandmarkName.SACRAL_PROMONTORY,
    LandmarkName.ANORECTAL_JUNCTION,
    LandmarkName.ANAL_VERGE,
    LandmarkName.ISCHIAL_SPINE_RIGHT,
    LandmarkName.ISCHIAL_SPINE_LEFT,
)
"""The seven that everything needs, in the order in which they are asked for."""


class LandmarkPage(Page):
    """Seven clicks in order (W8); more points under More."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.what = style.heading("")
        self.what.setWordWrap(True)
        self.where = style.text("", wrap=True)
        self.drawing = PelvisDrawing()
        for widget in (self.what, self.where, self.drawing):
            self.rows.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.back = style.button("One back", "Go to the point before", "Backspace")
        self.hidden = style.button("9  not visible", "Say that this point cannot be seen here", "9")
        self.copy = style.button("Copy from PRE", "Carry the first scan's points over; they are unverified")
        self.back.clicked.connect(self.one_back)
        self.hidden.clicked.connect(self.not_visible)
        self.copy.clicked.connect(self._copy)
        self.verify = style.button("Copied ones are right", "Stand behind the copied points where they lie")
        self.verify.clicked.connect(lambda: session.do(workflow.verify_landmarks, session.active_visit))
        for button in (self.back, self.hidden):
            row.addWidget(button)
        self.rows.addLayout(row)
        self.rows.addWidget(self.copy)
        self.rows.addWidget(self.verify)
        self.questions = QVBoxLayout()
        self.rows.addLayout(self.questions)
        self.list = QVBoxLayout()
        self.list.setSpacing(0)
        self.rows.addLayout(self.list)
        self.more = Fold("landmarks", "More points")
        self.others = QComboBox()
        self.others.setToolTip("Choose another point to place")
        for name in LandmarkName:
            if name not in ORDER:
                self.others.addItem(name.words, name.value)
        self.others.activated.connect(lambda at: self.want(LandmarkName(self.others.itemData(at))))
        self.more.rows.addWidget(self.others)
        self.more_list = QVBoxLayout()
        self.more.rows.addLayout(self.more_list)
        self.rows.addWidget(self.more)
        self.rows.addStretch(1)
        self._visit = ""
        session.state_changed.connect(self._on_event)
        self.refresh()

    def _on_event(self, event: Event) -> None:
        """Go on when the wanted point was placed."""
        wanted = self._wanted()
        if event.kind == "act" and wanted is not None:
            own = ("landmark", self.session.active_visit, wanted.value)
            if any(change.key == own for change in event.changes):
                self._choose(self.next_name())

    # ---------------------------------------------------------------- which one

    def _held(self, name: LandmarkName) -> Any:
        case = self.session.case
        return None if case is None else case.state.plain("landmark", self.session.active_visit, name.value)

    def next_name(self) -> LandmarkName | None:
        """Return the first of the seven that nobody has answered, None when all are."""
        return next((name for name in ORDER if self._held(name) is None), None)

    def want(self, name: LandmarkName | None) -> None:
        """Let the next click place this point."""
        self._choose(name)
        self.refresh()

    def _choose(self, name: LandmarkName | None) -> None:
        # Telling what holds already would make the page follow itself without end.
        word = "" if name is None else name.value
        if self.session.landmark != word:
            self.session.set_landmark(word)

    def begin(self) -> None:
        """Take the landmark tool and ask for the first point that is missing."""
        self.session.choose_tool(Tool.LANDMARK)
        self.want(self.next_name())
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def one_back(self) -> None:
        """Go to the point before this one."""
        wanted = self._wanted()
        at = len(ORDER) if wanted not in ORDER else ORDER.index(wanted)
        if at > 0:
            self.want(ORDER[at - 1])

    def not_visible(self) -> None:
        """Say that the wanted point cannot be seen, and go on."""
        wanted = self._wanted()
        if wanted is None:
            return
        self.session.do(workflow.place_landmark, self.session.active_visit, wanted.value, None)
        self.refresh_soon()

    def _wanted(self) -> LandmarkName | None:
        held = self.session.landmark
        return LandmarkName(held) if held in {name.value for name in LandmarkName} else None

    def _copy(self) -> None:
        pre, post = self.session.pair
        if pre is not None and post is not None:
            self.session.do(workflow.copy_landmarks, pre.label, post.label)

    # ---------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Show the wanted point and those that are placed."""
        session = self.session
        visit = session.active_visit
        placed = [name for name in LandmarkName if self._held(name) is not None]
        wanted = self._wanted()
        if session.case is not None and (wanted is None or visit != self._visit):
            wanted = self.next_name()
            self._choose(wanted)
        self._visit = visit
        self._show_wanted(wanted)
        seen = frozenset(name for name in placed if self._held(name).get("point_mm") is not None)
        hollow = frozenset(name for name in seen if self._held(name).get("status") == "copied")
        self.drawing.show_points(wanted, seen, hollow)
        post = session.case is not None and session.tag_of(visit) == "POST"
        self.copy.setVisible(post)
        self._show_list(self.list, ORDER, wanted)
        self._show_list(self.more_list, tuple(name for name in placed if name not in ORDER), wanted)
        emptied(self.questions)
        for _, words in self.asked(workflow.landmark_questions, visit) or () if visit else ():
            self.questions.addWidget(style.warning(sentence(words)))
        self.verify.setVisible(bool(hollow))

    def _show_wanted(self, wanted: LandmarkName | None) -> None:
        session = self.session
        tag = session.tag_of(session.active_visit)
        if session.case is None:
            self.what.setText("No case is open")
            self.where.setText("Choose one in the worklist and press Enter.")
        elif wanted is None:
            self.what.setText(f"{tag}: all seven points are answered")
            self.where.setText("Drag a point to move it, or choose another under More points.")
        else:
            at = f"{ORDER.index(wanted) + 1} of {len(ORDER)}" if wanted in ORDER else "more"
            self.what.setText(f"{tag} · {at} · {sentence(wanted.words)}")
            where = DEFINITIONS[wanted].where
            self.where.setText(f"Click: {where.removeprefix('P: ')}.")

    def _show_list(
        self, column: QVBoxLayout, names: tuple[LandmarkName, ...], wanted: LandmarkName | None
    ) -> None:
        emptied(column)
        for name in names:
            held = self._held(name)
            row = QHBoxLayout()
            row.setSpacing(4)
            mark, words = _mark(held)
            current = "▸" if name == wanted else " "
            label: QLabel = style.text(f"{current} {mark} {sentence(name.words)}", wrap=True)
            if name != wanted:
                style.look(label, "quiet" if held is None else "")
            label.setMinimumHeight(style.ROW_PX)
            row.addWidget(label, 1)
            if words:
                row.addWidget(style.quiet(words, wrap=False))
            if held is not None and held.get("point_mm") is not None:
                go = style.tool_button("Go", f"Show the {name.words}")
                go.clicked.connect(
                    lambda _=False, point=held["point_mm"]: self.session.go_to(
                        self.session.active_visit, point
                    )
                )
                row.addWidget(go)
            again = style.tool_button("Place" if held is None else "Again", f"Place the {name.words}")
            again.clicked.connect(lambda _=False, name=name: self.want(name))
            row.addWidget(again)
            column.addLayout(row)

    # ---------------------------------------------------------------- keys

    def event(self, event: QEvent) -> bool:
        """Keep 9 and Backspace from shortcuts of the window while this page has the focus."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and (event.text() == "9" or event.key() == Qt.Key.Key_Backspace)
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Backspace goes one back, 9 says not visible."""
        if event.key() == Qt.Key.Key_Backspace:
            self.one_back()
        elif event.text() == "9":
            self.not_visible()
        else:
            super().keyPressEvent(event)


def _mark(held: Any) -> tuple[str, str]:
    if held is None:
        return "○", ""
    if held.get("point_mm") is None:
        return "⊘", "not visible"
    if held.get("status") == "copied":
        return "◌", "copied"
    return "●", "verified" if held.get("status") == "verified" else ""
