"""The reader's own call about levator ani and pelvis: answered by digits, then committed and frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_imaging.session.call_form import NO_SIDE
from gist_napari.widgets import style
from gist_napari.widgets.call_fields import FINDINGS, MORE_NUMBERS, ORGAN, VisitCall, answer_told
from gist_napari.widgets.fields import Field
from gist_napari.widgets.page import Page
from gist_napari.widgets.parts import ReasonRow, Switch
from gist_napari.widgets.question import QuestionBox, missing_text
from gist_napari.widgets.telling import sentence
from gist_napari.widgets.words import SIDE_WORDS, WORDS, word_told

if TYPE_CHECKING:
    from gist_imaging.session.calls import Question
    from gist_napari.session import Session

__all__ = ["RelationForm"]

REASONS = ("Slip of a key", "Another slice", "After the metrics")
"""Offered when a committed answer is changed."""


class RelationForm(Page):
    """What the reader says of tumour and levator ani, sphincter and neighbours, at both visits (W10).

    Nothing is chosen beforehand. It has its own scrolling: the question stays on top, the commit below.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.visits = Switch(
            (("PRE", "PRE", "Answers for the first scan"), ("POST", "POST", "For the second"))
        )
        self.question = QuestionBox()
        self.message = style.warning("")
        self.message.hide()
        self.reason = ReasonRow("", REASONS)
        self._waiting: tuple[tuple[str, ...], Field, Any] | None = None
        self.open: frozenset[tuple[str, str, str]] = frozenset()
        for widget in (self.visits, self.question, self.message, self.reason):
            self.rows.addWidget(widget)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 4, 0)
        self.forms = {tag: VisitCall(self, tag) for tag in ("PRE", "POST")}
        for form in self.forms.values():
            column.addWidget(form.body)
        self.changes = style.text("", wrap=True)
        column.addWidget(self.changes)
        column.addStretch(1)
        self.area.setWidget(holder)
        self.rows.addWidget(self.area, 1)
        self.commit = style.button(
            "Commit my call (Ctrl+Enter)",
            "Freeze the answers; they cannot be undone.",
            "Ctrl+Enter",
            main=True,
        )
        self.footer = style.quiet("Metrics are hidden until you commit")
        self.footer.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.rows.addWidget(self.commit)
        self.rows.addWidget(self.footer)
        self.commit.clicked.connect(self.commit_call)
        self.visits.chosen.connect(self.show_visit)
        self.reason.given.connect(self._revise)
        self.reason.left.connect(self._keep)
        session.leaving.connect(self._enter_typed)
        session.case_changed.connect(self._other_case)
        self.show_visit("PRE")
        self.refresh()

    # ---------------------------------------------------------------- what is held

    def held(self, visit: str, form: str, side: str, name: str) -> Any:
        """Return a stored answer about the active lesion, or None."""
        case, lesion = self.session.case, self.session.active_lesion
        if case is None or not lesion or not visit:
            return None
        return case.state.plain("call", visit, lesion, form, side, name)

    def _enter_typed(self) -> None:
        """Keep what was typed and not yet entered, where it was typed."""
        for form in self.forms.values():
            form.enter_typed()

    def _other_case(self) -> None:
        """Ask and tell nothing more of the case that was left."""
        self._forget_question()
        for form in self.forms.values():
            form.current = None
        self.tell("")
        self.refresh()

    def _forget_question(self) -> None:
        self._waiting = None
        self.reason.drop()
        self.question.show()

    def refresh(self) -> None:
        """Show every answer as it is stored."""
        case, lesion = self.session.case, self.session.active_lesion
        if self._waiting is not None and self._waiting[0][1] != lesion:
            self._forget_question()
        frozen = self.session.committed
        questions = () if frozen else self.asked(workflow.open_questions) or ()
        self.open = frozenset(
            (one.visit, one.side, one.field)
            for one in questions
            if one.lesion == lesion and one.form != "mask"
        )
        for (tag, form), facts in zip(self.forms.items(), self.session.pair, strict=True):
            self.visits.buttons[tag].setVisible(facts is not None)
            visit = "" if facts is None else facts.label
            note = None if case is None or not visit else case.state.plain("note", visit)
            form.show_answers(visit, lesion, frozen, str(note or ""))
        left = len(self.open)
        total = left + sum(form.n_answered() for form in self.forms.values() if form.visit)
        self.commit.setVisible(not frozen)
        nothing = self.session.case is None or not self.session.active_lesion
        if frozen:
            self.footer.setText("Committed. A change asks for a reason.")
        elif nothing:
            self.footer.setText("Metrics are hidden until you commit")
        else:
            self.footer.setText(f"{total - left}/{total} · Metrics are hidden until you commit")
        if nothing and not frozen:
            self.question.ask(None, "Outline or name a lesion first (F3).", frozenset())
        elif self.form.current is None:
            self.question.ask(
                None, f"{self.session.active_lesion}: click a field, or press Tab.", frozenset()
            )
        else:
            self.form.ask_again()
        told = self._told_changes() if frozen else []
        self.changes.setText("\n".join(told))
        self.changes.setVisible(bool(told))

    def _told_changes(self) -> list[str]:
        told = []
        for one in self.asked(workflow.call_history) or ():
            if one.lesion == self.session.active_lesion:
                old, new = (answer_told(one.field, word) for word in (one.old, one.new))
                side = f" on {SIDE_WORDS[one.side]}" if one.side in SIDE_WORDS else ""
                name = one.field.replace("_", " ").capitalize()
                tag = self.session.tag_of(one.visit)
                told.append(f"{tag} {name}{side}: {old} → {new}, reason: {one.reason}")
        return told

    # ---------------------------------------------------------------- what the reader does

    @property
    def form(self) -> VisitCall:
        """The fields of the visit that is shown."""
        return self.forms[self.visits.name or "PRE"]

    def show_visit(self, tag: str) -> None:
        """Show the answers of PRE or POST."""
        self.visits.show_chosen(tag)
        for one, form in self.forms.items():
            form.body.setVisible(one == tag)
        self.form.ask_again()

    def begin(self) -> None:
        """Go to the first field without answer."""
        for form in self.forms.values():
            self.show_visit(form.tag)
            if form.ask_first():
                return

    def go_on(self, form: VisitCall) -> None:
        """Go to the other visit when one is finished."""
        other = self.forms["POST" if form.tag == "PRE" else "PRE"]
        if any(other.asked(one) for one in other.fields):
            self.show_visit(other.tag)
            other.ask_first()
        elif not self.session.committed:
            self.tell("")
            self.footer.setText("All answered. Metrics are hidden until you commit")

    def answer(self, form: VisitCall, field: Field, word: str) -> bool:
        """Keep one answer; after the commit, ask why first."""
        session = self.session
        if session.case is None or not session.active_lesion:
            self.tell("Open a case and name a lesion first (F3).")
            return False
        self.tell("")
        value: Any = word
        if field.several:
            held = form.stored(field)
            named = list(held) if isinstance(held, list) else []
            value = [one for one in named if one != word] if word in named else [*named, word]
        if session.committed:
            if not field.several and word == field.word:
                return False
            where = (form.visit, session.active_lesion, field.property("form"), field.property("side"))
            self._waiting = (where, field, value)
            new = " ".join(value) or "none" if isinstance(value, list) else word_told(field.name, word)
            self.question.hide()
            self.reason.start(f"{form.tag} {field.title}: {field.answer.text()} → {new}. Why?")
            return False
        where = (form.visit, session.active_lesion, field.property("form"), field.property("side"))
        event = session.do(workflow.answer, *where, field.name, value)
        if event is not None:
            self.refresh()
            self.tell(" ".join(sentence(one, ".") for one in event.details.get("questions") or ()))
        return event is not None

    def answer_rest(self, form: VisitCall, axis: str) -> None:
        """Answer what is left of an axis with its 0, and say so."""
        session = self.session
        if session.committed or session.case is None or not session.active_lesion:
            self.tell("A committed call is changed answer by answer, each with its reason.")
            return
        zero = next((one for one in WORDS[axis] if one.key == "0"), None)
        start = ORGAN if axis == "organs" else axis
        fields = [one for one in form.fields if one.name.startswith(start) and one.word is None]
        if zero is None or not fields:
            self.tell(f"Nothing is left to fill in {axis}.")
            return
        args = (form.visit, session.active_lesion, axis, zero.word)
        if session.do(workflow.answer_rest, *args) is not None:
            self.refresh()
            self.tell(f"Filled in bulk: {axis} {zero.words}, {len(fields)} field(s). This is noted.")
            form.move_on(fields[-1])

    def number(self, form: VisitCall, name: str, entry: QLineEdit) -> None:
        """Keep a distance of the tumour's lower edge; empty takes it back."""
        text = entry.text().strip().replace(",", ".")
        case = self.session.case
        where = (form.visit, form.lesion, FINDINGS, NO_SIDE)
        held = None if case is None else case.state.plain("call", *where, name)
        title = MORE_NUMBERS[name]
        try:
            value = float(text) if text else None
        except ValueError:
            self.tell(f"{title}: expected a number of mm, such as 31.5; got other text. Correct it.")
            return
        if value == held or case is None:
            return
        if self.session.committed:
            self.tell(f"{title}: the call is committed. Distances are not changed any more.")
            self.refresh()
        elif self.session.do(workflow.answer, *where, name, value) is None:
            self.refresh()

    def note(self, form: VisitCall, text: str) -> None:
        """Keep free text beside a visit."""
        case = self.session.case
        if case is not None and form.visit and text.strip() != (case.state.plain("note", form.visit) or ""):
            self.session.do(workflow.keep_note, form.visit, text)

    def commit_call(self) -> bool:
        """Freeze the call, or go to the first field that is missing; return whether it is committed."""
        session = self.session
        if session.case is None:
            self.tell("Open a case first: choose one in the worklist and press Enter.")
            return False
        if session.committed:
            self.tell("The call is committed already. Change an answer by its digit and give the reason.")
            return False
        questions = self.asked(workflow.open_questions) or ()
        if questions:
            self.go_to(questions[0])
            return False
        if session.do(workflow.commit_call) is None:
            return False
        self.tell("")
        self.refresh()
        return True

    def go_to(self, question: Question) -> None:
        """Show the field that an open question is about, and what it allows."""
        self.session.choose_lesion(question.lesion)
        self.refresh()
        tag = self.session.tag_of(question.visit)
        if question.form == "mask":
            self.tell(f"{question.text} It stands on Segment (F3).")
            return
        form = self.forms.get(tag)
        if form is None:
            self.tell(question.text)
            return
        self.show_visit(tag)
        for field in form.fields:
            if (field.name, field.property("side")) == (question.field, question.side):
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                self.tell(f"{tag}: {missing_text(field)}")
                return
        self.tell(question.text)

    def _revise(self, reason: str) -> None:
        waiting, self._waiting = self._waiting, None
        self.question.show()
        if waiting is None:
            return
        where, field, value = waiting
        self.session.do(workflow.revise_call, *where, field.name, value, reason)
        self.refresh()
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep(self) -> None:
        waiting, self._waiting = self._waiting, None
        self.question.show()
        if waiting is not None:
            waiting[1].setFocus(Qt.FocusReason.OtherFocusReason)

    def tell(self, words: str) -> None:
        """Show why something was not done, or what was done in bulk; "" takes it away."""
        self.message.setText(f"▲ {words}" if words else "")
        self.message.setVisible(bool(words))

    # ---------------------------------------------------------------- keys

    def event(self, event: QEvent) -> bool:
        """Keep Ctrl+Enter from shortcuts of the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and _is_commit(event)
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Commit by Ctrl+Enter."""
        if _is_commit(event):
            self.commit_call()
            return
        super().keyPressEvent(event)


def _is_commit(event: QKeyEvent) -> bool:
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
