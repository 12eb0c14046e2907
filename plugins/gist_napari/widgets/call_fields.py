"""The fields of a reader's call on one visit: three axes on three sides, findings, and the rest in folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QWidget

from gist_imaging.session.call_form import AXES, NO_SIDE
from gist_napari.widgets import style
from gist_napari.widgets.fields import Field
from gist_napari.widgets.parts import Fold
from gist_napari.widgets.question import Form, QuestionBox
from gist_napari.widgets.telling import uncapped
from gist_napari.widgets.words import ORGANS, SIDE_WORDS, WORDS, allowed, word_told

__all__ = ["FINDINGS", "FINDING_FIELDS", "MORE_NUMBERS", "RELATION", "CallOwner", "VisitCall", "answer_told"]

RELATION, FINDINGS = "relation", "findings"
ORGAN = "organ_"
_CENTRE = Qt.AlignmentFlag.AlignHCenter
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
_NAMED_AT_MOST = 2
"""More muscles than this are counted, as their names would not fit."""


class CallOwner(Protocol):
    """What the fields need of the page that they stand on."""

    question: QuestionBox
    area: QScrollArea
    open: frozenset[tuple[str, str, str]]

    def held(self, visit: str, form: str, side: str, name: str) -> Any:
        """Return a stored answer, or None."""

    def answer(self, form: VisitCall, field: Field, word: str) -> bool:
        """Keep an answer; return whether it was kept."""

    def answer_rest(self, form: VisitCall, axis: str) -> None:
        """Answer what is left of an axis, or of the organs, with its 0."""

    def number(self, form: VisitCall, name: str, entry: QLineEdit) -> None:
        """Keep a distance."""

    def note(self, form: VisitCall, text: str) -> None:
        """Keep free text."""

    def go_on(self, form: VisitCall) -> None:
        """Called when nothing is left to answer here."""

    def tell(self, words: str) -> None:
        """Show a message."""


class VisitCall(Form):
    """The fields of one visit, on `body`.

    Parameters
    ----------
    owner : the page
    tag : PRE or POST
    """

    def __init__(self, owner: CallOwner, tag: str) -> None:
        super().__init__(owner.question)
        self.owner, self.tag = owner, tag
        self.visit = self.lesion = ""
        self.numbers: dict[str, QLineEdit] = {}
        self.body = QWidget()
        grid = QGridLayout(self.body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        self._add_sides(grid)
        grid.setRowMinimumHeight(9, 4)
        row = 10
        for name, title in FINDING_FIELDS.items():
            grid.addWidget(self._finding(name, title, row), row, 0, 1, 3)
            row += 1
        self.note = QLineEdit()
        grid.addWidget(self._more(row), row + 1, 0, 1, 3)
        grid.addWidget(self._organs(row + len(MORE_FIELDS)), row + 2, 0, 1, 3)

    def _add_sides(self, grid: QGridLayout) -> None:
        for column, words in enumerate(SIDE_WORDS.values()):
            head = style.quiet(words.replace("posterior ", "post. "), wrap=False)
            head.setToolTip(words)
            head.setAlignment(_CENTRE)
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
                if axis != "components":
                    field.rest_wanted.connect(self._rest_of(axis))
                grid.addWidget(self.add(field, number, column), 2 + 2 * number, column)

    def _rest_of(self, axis: str) -> Callable[[], None]:
        return lambda: self.owner.answer_rest(self, axis)

    def _finding(self, name: str, title: str, row: int) -> Field:
        field = Field(name, title, WORDS["organs" if name.startswith(ORGAN) else name])
        field.setProperty("form", FINDINGS)
        field.setProperty("side", NO_SIDE)
        self.add(field, row)
        return field

    def _more(self, row: int) -> Fold:
        fold = Fold(f"call/more/{self.tag}", "More: height, reflection, note")
        for number, (name, title) in enumerate(MORE_FIELDS.items()):
            fold.rows.addWidget(self._finding(name, title, row + number))
        for name, title in MORE_NUMBERS.items():
            line = QHBoxLayout()
            line.addWidget(style.quiet(title, wrap=False), 1)
            entry = self.numbers[name] = QLineEdit()
            entry.setFixedWidth(72)
            entry.setAccessibleName(f"{title}, mm")
            entry.setToolTip(f"{title} of the lower tumour edge, in mm; empty: not asked")
            entry.editingFinished.connect(lambda name=name, entry=entry: self.owner.number(self, name, entry))
            line.addWidget(entry)
            line.addWidget(style.quiet("mm", wrap=False))
            fold.rows.addLayout(line)
        self.note.setPlaceholderText("Note, stays in the study folder")
        self.note.setAccessibleName(f"Note on {self.tag}")
        self.note.editingFinished.connect(lambda: self.owner.note(self, self.note.text()))
        fold.rows.addWidget(self.note)
        return fold

    def _organs(self, row: int) -> Fold:
        fold = Fold(f"call/organs/{self.tag}", "Neighbouring organs")
        for number, (organ, words) in enumerate(ORGANS.items()):
            field = self._finding(f"{ORGAN}{organ}", words.capitalize(), row + number)
            field.rest_wanted.connect(self._rest_of("organs"))
            fold.rows.addWidget(field)
        return fold

    # ---------------------------------------------------------------- what is shown and asked

    def enter_typed(self) -> None:
        """Keep what was typed and not yet entered, for the lesion and visit that it was typed for."""
        for name, entry in self.numbers.items():
            if entry.isModified():
                entry.setModified(False)
                self.owner.number(self, name, entry)
        if self.note.isModified():
            self.note.setModified(False)
            self.owner.note(self, self.note.text())

    def show_answers(self, visit: str, lesion: str, frozen: bool, note: str) -> None:
        """Show what is stored of a lesion at a visit."""
        is_other = (visit, lesion) != (self.visit, self.lesion)
        if is_other:
            self.enter_typed()
        self.visit, self.lesion = visit, lesion
        for field in self.fields:
            self._show(field, frozen)
        third, depth = self.named("sphincter_lowest_third"), self.named("sphincter_depth")
        third.setVisible(third.word is not None or self.asked(third))
        third.setToolTip(f"{third.title}, as the sphincter is {depth.answer.text()}")
        for name, entry in self.numbers.items():
            value = self.owner.held(visit, FINDINGS, NO_SIDE, name)
            if is_other or not entry.hasFocus():
                entry.setText("" if value is None else f"{float(value):g}")
        if is_other or not self.note.hasFocus():
            self.note.setText(note)

    def named(self, name: str, side: str | None = None) -> Field:
        """Return the field of a name, and of a side where it has one."""
        return next(one for one in self.fields if one.name == name and side in (None, one.property("side")))

    def stored(self, field: Field) -> Any:
        """Return the stored answer of a field, or None."""
        return self.owner.held(self.visit, field.property("form"), field.property("side"), field.name)

    def _show(self, field: Field, frozen: bool) -> None:
        held = self.stored(field)
        if isinstance(held, list):
            words = " ".join(_MUSCLES.get(str(one), str(one)) for one in held) or "none named"
            words = words if len(held) <= _NAMED_AT_MOST else f"{len(held)} muscles"
            field.show_answer(",".join(map(str, held)), words, frozen=frozen)
            return
        words = word_told(field.name, held)
        if field.property("form") == RELATION:
            words = _SHORT.get(str(held), words)
        field.show_answer(None if held is None else str(held), words, frozen=frozen)

    def n_answered(self) -> int:
        """Return how many of the fields that a commit needs have an answer."""
        needed = (*AXES, *FINDING_FIELDS)
        return sum(one.name in needed and one.word is not None and not self.asked(one) for one in self.fields)

    def say(self, field: Field, word: str) -> bool:
        """Keep an answer; return whether it was kept."""
        return self.owner.answer(self, field, word)

    def title_of(self, field: Field) -> str:
        """Return the question in words, with the scan."""
        return f"{self.tag}: {field.title}"

    def words_of(self, field: Field) -> frozenset[str]:
        """Return the answers that hold."""
        held = self.stored(field)
        if isinstance(held, list):
            return frozenset(map(str, held))
        return frozenset() if held is None else frozenset({str(held)})

    def refused(self, field: Field, digit: str) -> None:
        """Tell that a digit is no answer here."""
        self.owner.tell(f"{digit} is no answer to {uncapped(field.title)}. {allowed(field.options)}.")

    def asked(self, field: Field) -> bool:
        """Whether the commit waits for this field."""
        return (self.visit, field.property("side"), field.name) in self.owner.open

    def reach(self, field: Field) -> None:
        """Bring the field that has the focus into view."""
        super().reach(field)
        self.owner.area.ensureWidgetVisible(field, 0, 30)

    def finished(self) -> None:
        """Go on to the other visit."""
        self.owner.go_on(self)


def answer_told(field: str, word: Any) -> str:
    """Return a stored answer in words.

    >>> answer_told("contact", "abutment"), answer_told("components", ["coccygeus"])
    ('abuts', 'coccygeus')
    """
    if isinstance(word, list):
        return ", ".join(map(str, word)) or "none named"
    return word_told(field, None if word is None else str(word))
