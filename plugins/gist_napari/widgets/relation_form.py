"""The reader's own call about levator ani and pelvis: answered by digits, then committed and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_imaging.session.call_form import AXES, NO_SIDE
from gist_napari.widgets import style
from gist_napari.widgets.fields import Field, Fold, Page, ReasonRow, Switch
from gist_napari.widgets.question import Form, Question, missing_text
from gist_napari.widgets.words import ORGANS, SIDE_WORDS, WORDS, allowed, word_told

if TYPE_CHECKING:
    from gist_imaging.session.calls import Question
    from gist_napari.session import Session

__all__ = ["RelationForm"]

RELATION, FINDINGS = "relation", "findings"
FINDING_FIELDS: Mapping[str, str] = {
    "sphincter_depth": "Sphincter",
    "sphincter_lowest_third": "Lowest third of the canal",
    "confidence": "Confidence",
}
MORE_FIELDS: Mapping[str, str] = {
    "peritoneal_reflection": "Peritoneal reflection",
    "dav_method": "Height measured by",
    "height_class": "Height class",
    "height_rule": "Its rule",
}
MORE_NUMBERS: Mapping[str, str] = {
    "distance_anal_verge_mm": "Above the anal verge",
    "distance_anorectal_junction_mm": "Above the junction",
}
_SHORT: Mapping[str, str] = {"not_assessable": "cannot judge"}
_MUSCLES: Mapping[str, str] = {
    "puborectalis": "PubR",
    "pubococcygeus": "PubC",
    "iliococcygeus": "IliC",
    "coccygeus": "Cocc",
}
REASONS = ("Slip of a key", "Another slice", "After the metrics")
"""Offered when a committed answer is changed."""


class _CallForm(Form):
    """The fields of one visit."""

    def __init__(self, owner: RelationForm, tag: str) -> None:
        super().__init__(owner.question)
        self.owner, self.tag = owner, tag
        self.visit = ""

    def say(self, field: Field, word: str) -> bool:
        return self.owner.answer(self, field, word)

    def _reach(self, field: Field) -> None:
        super()._reach(field)
        self.owner.scroll.ensureWidgetVisible(field, 0, 30)

    def title_of(self, field: Field) -> str:
        return f"{self.tag}: {field.title}"

    def words_of(self, field: Field) -> frozenset[str]:
        held = self.owner.held(self.visit, field)
        if isinstance(held, list):
            return frozenset(map(str, held))
        return frozenset() if held is None else frozenset({str(held)})

    def refused(self, field: Field, digit: str) -> None:
        self.owner.tell(f"{digit} is no answer to {field.title.lower()}. {allowed(field.options)}.")

    def asked(self, field: Field) -> bool:
        return (self.visit, field.property("side"), field.name) in self.owner.open

    def finished(self) -> None:
        self.owner.go_on(self)


class RelationForm(Page):
    """What the reader says of tumour and levator ani, sphincter and neighbours, at both visits (W10).

    Nothing is chosen beforehand. It has its own scrolling: the question stays on top, the commit below.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.visits = Switch(
            (("PRE", "PRE", "Answers for the first scan"), ("POST", "POST", "For the second"))
        )
        self.question = Question()
        self.message = style.warning("")
        self.message.hide()
        self.reason = ReasonRow("", REASONS)
        self._waiting: tuple[_CallForm, Field, Any] | None = None
        self.open: frozenset[tuple[str, str, str]] = frozenset()
        for widget in (self.visits, self.question, self.message, self.reason):
            self.rows.addWidget(widget)
        self.forms: dict[str, _CallForm] = {}
        self._numbers: dict[tuple[str, str], QLineEdit] = {}
        self._bodies: dict[str, QWidget] = {}
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 4, 0)
        for tag in ("PRE", "POST"):
            self._bodies[tag] = self._body(tag)
            column.addWidget(self._bodies[tag])
        self.changes = style.text("", wrap=True)
        column.addWidget(self.changes)
        column.addStretch(1)
        self.scroll.setWidget(holder)
        self.rows.addWidget(self.scroll, 1)
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
        self.show_visit("PRE")
        self.refresh()

    # ---------------------------------------------------------------- building

    def _body(self, tag: str) -> QWidget:
        form = self.forms[tag] = _CallForm(self, tag)
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for column, words in enumerate(SIDE_WORDS.values()):
            head = style.quiet(words.replace("posterior ", "post. "), wrap=False)
            head.setToolTip(words)
            head.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(head, 0, column)
            grid.setColumnStretch(column, 1)
        for number, axis in enumerate((*AXES, "components")):
            words = "muscles of the finding" if axis == "components" else axis
            grid.addWidget(style.quiet(words.capitalize(), wrap=False), 1 + 2 * number, 0, 1, 3)
            for column, (side, told) in enumerate(SIDE_WORDS.items()):
                title = f"{words.capitalize()} on {told}"
                field = Field(axis, title, WORDS[axis], short=True, several=axis == "components")
                field.setProperty("form", RELATION)
                field.setProperty("side", side)
                field.rest_wanted.connect(lambda form=form, axis=axis: self.answer_rest(form, axis))
                grid.addWidget(form.add(field, number, column), 2 + 2 * number, column)
        row = 10
        for name, title in FINDING_FIELDS.items():
            field = self._finding(form, name, title, row)
            grid.addWidget(field, row, 0, 1, 3)
            row += 1
        grid.setRowMinimumHeight(9, 4)
        grid.addWidget(self._more(form, row), row + 1, 0, 1, 3)
        grid.addWidget(self._organs(form, row + 20), row + 2, 0, 1, 3)
        return body

    def _finding(self, form: _CallForm, name: str, title: str, row: int, organ: str = "") -> Field:
        field = Field(name, title, WORDS["organs" if organ else name])
        field.setProperty("form", FINDINGS)
        field.setProperty("side", NO_SIDE)
        form.add(field, row)
        return field

    def _more(self, form: _CallForm, row: int) -> Fold:
        fold = Fold(f"call/more/{form.tag}", "More: height, reflection")
        for number, (name, title) in enumerate(MORE_FIELDS.items()):
            fold.rows.addWidget(self._finding(form, name, title, row + number))
        for name, title in MORE_NUMBERS.items():
            line = QHBoxLayout()
            line.addWidget(style.quiet(title, wrap=False), 1)
            entry = QLineEdit()
            entry.setFixedWidth(72)
            entry.setAccessibleName(f"{title}, mm")
            entry.setToolTip(f"{title} of the lower tumour edge, in mm; empty: not asked")
            entry.editingFinished.connect(
                lambda form=form, name=name, entry=entry: self._number(form, name, entry)
            )
            line.addWidget(entry)
            line.addWidget(style.quiet("mm", wrap=False))
            fold.rows.addLayout(line)
            self._numbers[(form.tag, name)] = entry
        return fold

    def _organs(self, form: _CallForm, row: int) -> Fold:
        fold = Fold(f"call/organs/{form.tag}", "Neighbouring organs")
        for number, (organ, words) in enumerate(ORGANS.items()):
            name = f"organ_{organ}"
            field = self._finding(form, name, words.capitalize(), row + number, organ)
            fold.rows.addWidget(field)
        return fold

    # ---------------------------------------------------------------- what is held

    def held(self, visit: str, field: Field | str) -> Any:
        """Return the stored answer of a field at a visit, or None."""
        case, lesion = self.session.case, self.session.active_lesion
        if case is None or not lesion or not visit:
            return None
        name, form, side = (
            (field, FINDINGS, NO_SIDE)
            if isinstance(field, str)
            else (field.name, field.property("form"), field.property("side"))
        )
        return case.state.plain("call", visit, lesion, form, side, name)

    def refresh(self) -> None:
        """Show every answer as it is stored."""
        pre, post = self.session.pair
        frozen = self.session.committed
        questions = () if frozen else self.asked(workflow.open_questions) or ()
        self.open = frozenset(
            (one.visit, one.side, one.field)
            for one in questions
            if one.lesion == self.session.active_lesion and one.form != "mask"
        )
        for tag, facts in (("PRE", pre), ("POST", post)):
            form = self.forms[tag]
            form.visit = "" if facts is None else facts.label
            self.visits.buttons[tag].setVisible(facts is not None)
            for field in form.fields:
                self._show(form, field, frozen)
            for name in MORE_NUMBERS:
                entry = self._numbers[(tag, name)]
                value = self.held(form.visit, name)
                if not entry.hasFocus():
                    entry.setText("" if value is None else f"{float(value):g}")
        for form in self.forms.values():
            third = next(one for one in form.fields if one.name == "sphincter_lowest_third")
            third.setVisible(third.word is not None or form.asked(third))
        left = len(self.open)
        total = left + sum(self._counts(form, one) for form in self._asked_forms() for one in form.fields)
        self.commit.setVisible(not frozen)
        nothing = self.session.case is None or not self.session.active_lesion
        if frozen:
            self.footer.setText("Committed. A change asks for a reason; both answers are kept.")
        elif nothing:
            self.footer.setText("Metrics are hidden until you commit")
        else:
            self.footer.setText(f"{total - left} of {total} answered. Metrics are hidden until you commit")
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

    def _counts(self, form: _CallForm, field: Field) -> bool:
        needed = (*AXES, *FINDING_FIELDS)
        return field.name in needed and field.word is not None and not form.asked(field)

    def _asked_forms(self) -> list[_CallForm]:
        return [form for form in self.forms.values() if form.visit]

    def _show(self, form: _CallForm, field: Field, frozen: bool) -> None:
        held = self.held(form.visit, field)
        if isinstance(held, list):
            words = " ".join(_MUSCLES.get(str(one), str(one)) for one in held) or "none named"
            words = words if len(held) <= 2 else f"{len(held)} muscles"
            field.show_answer(",".join(map(str, held)), words, frozen=frozen)
            return
        name = "organs" if field.name.startswith("organ_") else field.name
        words = word_told(name, held)
        if field.property("form") == RELATION:
            words = _SHORT.get(str(held), words)
        field.show_answer(None if held is None else str(held), words, frozen=frozen)

    def _told_changes(self) -> list[str]:
        told = []
        for one in self.asked(workflow.call_history) or ():
            if one.lesion == self.session.active_lesion:
                old, new = (_answer_told(one.field, word) for word in (one.old, one.new))
                side = f" on {SIDE_WORDS[one.side]}" if one.side in SIDE_WORDS else ""
                name = one.field.replace("_", " ").capitalize()
                tag = self.session.tag_of(one.visit)
                told.append(f"{tag} {name}{side}: {old} → {new}, reason: {one.reason}")
        return told

    # ---------------------------------------------------------------- what the reader does

    @property
    def form(self) -> _CallForm:
        """The fields of the visit that is shown."""
        return self.forms[self.visits.name or "PRE"]

    def show_visit(self, tag: str) -> None:
        """Show the answers of PRE or POST."""
        self.visits.show_chosen(tag)
        for one, body in self._bodies.items():
            body.setVisible(one == tag)
        self.form.ask_again()

    def begin(self) -> None:
        """Go to the first field without answer."""
        for form in self._asked_forms():
            self.show_visit(form.tag)
            if form.ask_first():
                return

    def go_on(self, form: _CallForm) -> None:
        """Go to the other visit when one is finished."""
        other = self.forms["POST" if form.tag == "PRE" else "PRE"]
        if any(other.asked(one) for one in other.fields):
            self.show_visit(other.tag)
            other.ask_first()
        elif not self.session.committed:
            self.tell("")
            self.footer.setText(
                "All answered. Commit my call with Ctrl+Enter; metrics are hidden until then."
            )

    def answer(self, form: _CallForm, field: Field, word: str) -> bool:
        """Keep one answer; after the commit, ask why first."""
        session = self.session
        if session.case is None or not session.active_lesion:
            self.tell("Open a case and name a lesion first (F3).")
            return False
        self.tell("")
        value: Any = word
        if field.several:
            held = self.held(form.visit, field)
            named = list(held) if isinstance(held, list) else []
            value = [one for one in named if one != word] if word in named else [*named, word]
        if session.committed:
            if not field.several and word == field.word:
                return False
            self._waiting = (form, field, value)
            new = " ".join(value) or "none" if isinstance(value, list) else word_told(field.name, word)
            self.reason.start(f"{form.tag} {field.title}: {field.answer.text()} → {new}. Why?")
            return False
        where = (form.visit, session.active_lesion, field.property("form"), field.property("side"))
        event = session.do(workflow.answer, *where, field.name, value)
        if event is not None:
            self.refresh()
            self.tell(" ".join(_sentence(one) for one in event.details.get("questions") or ()))
        return event is not None

    def answer_rest(self, form: _CallForm, axis: str) -> None:
        """Answer what is left of an axis with its 0, and say so."""
        session = self.session
        if session.committed or session.case is None or not session.active_lesion:
            self.tell("A committed call is changed answer by answer, each with its reason.")
            return
        zero = next((one for one in WORDS[axis] if one.key == "0"), None)
        fields = [one for one in form.fields if one.name == axis and one.word is None]
        if zero is None or not fields:
            self.tell(f"Nothing is left to fill in {axis}.")
            return
        args = (form.visit, session.active_lesion, axis, zero.word)
        if session.do(workflow.answer_rest, *args) is not None:
            self.refresh()
            self.tell(f"Filled in bulk: {axis} {zero.words}, {len(fields)} side(s). This is noted.")
            form.move_on(fields[-1])

    def _number(self, form: _CallForm, name: str, entry: QLineEdit) -> None:
        text = entry.text().strip().replace(",", ".")
        held = self.held(form.visit, name)
        title = MORE_NUMBERS[name]
        try:
            value = float(text) if text else None
        except ValueError:
            self.tell(f"{title}: expected a number of mm, such as 31.5; got other text. Correct it.")
            return
        if value == held or self.session.case is None:
            return
        where = (form.visit, self.session.active_lesion, FINDINGS, NO_SIDE)
        if self.session.committed:
            self.tell(f"{title}: the call is committed. Distances are not changed any more.")
            self.refresh()
        elif self.session.do(workflow.answer, *where, name, value) is None:
            self.refresh()

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
        if waiting is None:
            return
        form, field, value = waiting
        where = (form.visit, self.session.active_lesion, field.property("form"), field.property("side"))
        self.session.do(workflow.revise_call, *where, field.name, value, reason)
        self.refresh()
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep(self) -> None:
        waiting, self._waiting = self._waiting, None
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

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Commit by Ctrl+Enter."""
        if _is_commit(event):
            self.commit_call()
            return
        super().keyPressEvent(event)


def _answer_told(field: str, word: Any) -> str:
    if isinstance(word, list):
        return ", ".join(map(str, word)) or "none named"
    return word_told(field, None if word is None else str(word))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('?', '.')) else '.'}"


def _is_commit(event: QKeyEvent) -> bool:
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
