"""The last page: what is still open, the committed call, and the way to what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_napari.widgets import style
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import ReasonRow
from gist_napari.widgets.telling import MASK_STATES, mask_state
from gist_napari.widgets.words import SIDE_WORDS, word_told

if TYPE_CHECKING:
    from gist_imaging.session.calls import Question
    from gist_napari.session import Session

__all__ = ["ReportPage"]

_AXES = ("contact", "displacement", "invasion")
_FINDINGS: Mapping[str, str] = {
    "sphincter_depth": "Sphincter",
    "sphincter_lowest_third": "Lowest third",
    "confidence": "Confidence",
}
_SHOWN_AT_MOST = 8
_MASK_QUESTIONS: Mapping[str, str] = {
    "proposal": "a proposal waits",
    "verified": "the copied mask is not verified",
    "series": "the mask lies on another series",
}


EDITED = (
    "Outlines or marks were changed after the commit. The committed reading and every export hold them as "
    "they were."
)


class ReportPage(Page):
    """The reader's call as it stands: open questions before the commit, the frozen words after it."""

    commit_wanted = Signal()
    export_wanted = Signal()
    question_wanted = Signal(object)  # workflow.Question

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.what = style.heading("")
        self.what.setWordWrap(True)
        self.why = style.text("", wrap=True)
        self.rows.addWidget(self.what)
        self.rows.addWidget(self.why)
        self.list = QVBoxLayout()
        self.list.setSpacing(4)
        self.rows.addLayout(self.list)
        self.commit = style.button(
            "Commit my call (Ctrl+Enter)",
            "Freeze the answers; they cannot be undone.",
            "Ctrl+Enter",
            main=True,
        )
        self.commit.clicked.connect(self.commit_wanted.emit)
        self.export = style.button("Export study …", "Write masks and tables of all committed cases")
        self.export.clicked.connect(self.export_wanted.emit)
        self.edited = style.warning(EDITED)
        self.keep = style.button("Keep as a revision …", "The next revision holds the outlines as they are")
        self.reason = ReasonRow("Why were they changed?", ("Slip of the hand", "Edge seen elsewhere"))
        self.keep.clicked.connect(lambda: self.reason.start())
        self.reason.given.connect(lambda why: session.do(workflow.revise_reading, why))
        session.case_changed.connect(self.reason.drop)
        for widget in (self.edited, self.keep, self.reason, self.commit, self.export):
            self.rows.addWidget(widget)
        self.rows.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show what is open, or the committed call."""
        session = self.session
        emptied(self.list)
        case = session.case
        committed = session.committed
        self.commit.setVisible(case is not None and not committed)
        self.export.setVisible(committed)
        edited = committed and bool(self.asked(workflow.edited_since_commit))
        self.edited.setVisible(edited)
        self.keep.setVisible(edited)
        if case is None:
            self.what.setText("No case is open")
            self.why.setText("Choose one in the worklist and press Enter.")
            return
        if committed:
            held = case.state.plain("commit") or {}
            revision = held.get("revision", 1) if isinstance(held, dict) else 1
            self.what.setText(f"Call committed · {session.reader} · rev {revision}")
            self.why.setText("Frozen. A change is made on Levator (F5) with its reason; both stay.")
            self._show_call()
            return
        questions = self.asked(workflow.open_questions) or ()
        self.what.setText("Nothing is open" if not questions else f"{len(questions)} to answer")
        self.why.setText(
            "Commit your call to see change." if not questions else "Click one to go there, then its digit."
        )
        self._show_masks()
        if session.pair[1] is not None:
            for lesion in session.lesions:
                if case.state.plain("impression", lesion) is None:
                    self.list.addWidget(
                        style.warning(
                            f"{lesion}: no impression yet. It is asked before any number: Look (F2)."
                        )
                    )
        for question in questions[:_SHOWN_AT_MOST]:
            link = style.button(_question_words(question, session.tag_of(question.visit)), question.text)
            style.look(link, "link")
            link.setStyleSheet("text-align: left;")
            link.clicked.connect(lambda _=False, question=question: self.question_wanted.emit(question))
            self.list.addWidget(link)
        if len(questions) > _SHOWN_AT_MOST:
            self.list.addWidget(style.quiet(f"and {len(questions) - _SHOWN_AT_MOST} more"))

    def _show_masks(self) -> None:
        case = self.session.case
        if case is None:
            return
        for lesion in self.session.lesions:
            for visit in self.session.pair:
                if visit is not None:
                    word = MASK_STATES[mask_state(case, lesion, visit.label)]
                    tag = self.session.tag_of(visit.label)
                    self.list.addWidget(style.quiet(f"{lesion} {tag}: {word}"))

    def _show_call(self) -> None:
        for visit in self.session.pair:
            if visit is not None:
                self.list.addWidget(self._call_table(visit.label))

    def _call_table(self, visit: str) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        grid.addWidget(
            style.heading(f"{self.session.tag_of(visit)} · {self.session.active_lesion}"), 0, 0, 1, 3
        )
        for column, words in enumerate(SIDE_WORDS.values()):
            head = style.quiet(words.replace("posterior ", "post. "), wrap=False)
            grid.addWidget(head, 1, column)
            grid.setColumnStretch(column, 1)
        for number, axis in enumerate(_AXES):
            grid.addWidget(style.quiet(axis.capitalize(), wrap=False), 2 + 2 * number, 0, 1, 3)
            for column, side in enumerate(SIDE_WORDS):
                held = self._held(visit, "relation", side, axis)
                words = "cannot judge" if held == "not_assessable" else word_told(axis, held)
                grid.addWidget(style.text(words), 3 + 2 * number, column)
        for number, (name, title) in enumerate(_FINDINGS.items()):
            held = self._held(visit, "findings", "none", name)
            if held is not None:
                words = f"{title}: {word_told(name, held)}"
                grid.addWidget(style.text(words, wrap=True), 8 + number, 0, 1, 3)
        return table

    def _held(self, visit: str, form: str, side: str, field: str) -> Any:
        case = self.session.case
        if case is None:
            return None
        return case.state.plain("call", visit, self.session.active_lesion, form, side, field)


def _question_words(question: Question, tag: str) -> str:
    if question.form == "mask":
        return f"{question.lesion} {tag}: {_MASK_QUESTIONS[question.field]}"
    side = f", {SIDE_WORDS[question.side]}" if question.side in SIDE_WORDS else ""
    return f"{question.lesion} {tag}: {question.field.replace('_', ' ')}{side}"
