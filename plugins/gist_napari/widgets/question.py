"""The question that is asked now: its answers as buttons with their digits, and what the answer means."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from gist_napari.widgets import style
from gist_napari.widgets.fields import Field
from gist_napari.widgets.page import emptied
from gist_napari.widgets.words import Option, allowed

__all__ = ["Form", "QuestionBox", "missing_text"]

_MEANING_LINES = 2
_ROWS_AT_LEAST = 3
"""Room for so many rows of answers, so that what stands below does not jump from question to question."""
_NARROW_PX, _AROUND_PX = 298, 12


class QuestionBox(QWidget):
    """What is asked, and its answers to click; the same digits answer the field that has the focus."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.title = style.heading("")
        self.title.setWordWrap(True)
        self.grid = QGridLayout()
        self.grid.setSpacing(4)
        self.meaning = style.quiet("")
        self.meaning.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.title)
        column.addLayout(self.grid)
        column.addWidget(self.meaning)
        self._asked: tuple[Option, ...] = ()
        self._meanings: dict[QObject, str] = {}
        self._said = ""

    def ask(self, field: Field | None, title: str, words: frozenset[str]) -> None:
        """Ask what `field` asks; `words` are the answers that hold already."""
        self.title.setText(title)
        options = () if field is None else field.options
        if options != self._asked:
            self._build(options)
        for number, option in enumerate(options):
            item = self.grid.itemAt(number)
            button = None if item is None else item.widget()
            if isinstance(button, QPushButton):
                button.setChecked(option.word in words)
        held = [one.meaning for one in options if one.word in words and one.meaning]
        self._said = held[0] if len(held) == 1 else ""
        self.meaning.setText(self._said)
        line = self.meaning.fontMetrics().lineSpacing()
        self.meaning.setFixedHeight(_MEANING_LINES * line if options else 0)
        for row in range(_ROWS_AT_LEAST):
            self.grid.setRowMinimumHeight(row, style.TARGET_PX if options else 0)

    def _build(self, options: tuple[Option, ...]) -> None:
        emptied(self.grid)
        self._meanings.clear()
        self._asked = options
        columns = self._columns(options)
        for number, option in enumerate(options):
            button = style.button(f"{option.key}  {option.words}", option.meaning or option.words, option.key)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setStyleSheet("text-align: left; padding: 0 4px;")
            button.clicked.connect(lambda _=False, word=option.word: self.chosen.emit(word))
            button.installEventFilter(self)
            self._meanings[button] = option.meaning
            self.grid.addWidget(button, number // columns, number % columns)

    def _columns(self, options: tuple[Option, ...]) -> int:
        measure = self.fontMetrics()
        widest = max((measure.horizontalAdvance(f"{one.key}  {one.words}") for one in options), default=0)
        return 2 if 2 * (widest + _AROUND_PX) + self.grid.spacing() <= max(self.width(), _NARROW_PX) else 1

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Say what the answer under the mouse means."""
        if event.type() == QEvent.Type.Enter and watched in self._meanings:
            self.meaning.setText(self._meanings[watched])
        elif event.type() == QEvent.Type.Leave:
            self.meaning.setText(self._said)
        return bool(super().eventFilter(watched, event))


class Form:
    """Fields in their order, the one that has the focus, and where the focus goes after an answer.

    Parameters
    ----------
    question : where the answers of the focused field are shown
    """

    def __init__(self, question: QuestionBox) -> None:
        self.question = question
        self.fields: list[Field] = []
        self.current: Field | None = None
        self._places: dict[Field, tuple[int, int]] = {}
        question.chosen.connect(self._click)

    def add(self, field: Field, row: int, column: int = 0) -> Field:
        """Take a field in; rows and columns are what arrow keys move along."""
        self.fields.append(field)
        self._places[field] = (row, column)
        field.reached.connect(lambda: self.reach(field))
        field.answered.connect(lambda word: self._say(field, word))
        field.back_wanted.connect(lambda: self._step(field, -1))
        field.moved.connect(lambda down, right: self._move(field, down, right))
        return field

    # What a page says of its own fields.

    def say(self, field: Field, word: str) -> bool:
        """Keep an answer; return whether it was kept."""
        raise NotImplementedError

    def title_of(self, field: Field) -> str:
        """Return the question in words."""
        return field.title

    def words_of(self, field: Field) -> frozenset[str]:
        """Return the answers that hold."""
        return frozenset() if field.word is None else frozenset({field.word})

    def refused(self, field: Field, digit: str) -> None:
        """Tell that a digit is no answer here."""
        raise NotImplementedError

    def asked(self, field: Field) -> bool:
        """Whether the focus stops at a field by itself."""
        return field.word is None

    def finished(self) -> None:
        """Called when no field is left to answer."""

    # Moving.

    def ask_first(self) -> bool:
        """Go to the first field without answer; return whether there is one."""
        return self._go(self.fields)

    def ask_again(self) -> None:
        """Show the question anew, after its answer changed."""
        if self.current is not None:
            self.question.ask(self.current, self.title_of(self.current), self.words_of(self.current))

    def reach(self, field: Field) -> None:
        """Ask what the field asks that has the focus."""
        self.current = field
        self.ask_again()

    def _click(self, word: str) -> None:
        if self.current is not None:
            self._say(self.current, word)

    def _say(self, field: Field, word: str) -> None:
        if word.startswith("?"):
            self.refused(field, word[1:])
            return
        kept = self.say(field, word)
        self.ask_again()
        if kept and not field.several:
            self.move_on(field)

    def move_on(self, field: Field) -> None:
        """Go to the next field without answer."""
        at = self.fields.index(field)
        if not self._go([*self.fields[at + 1 :], *self.fields[:at]]):
            self.finished()

    def _go(self, fields: list[Field]) -> bool:
        found = next((one for one in fields if one.isVisibleTo(one.window()) and self.asked(one)), None)
        if found is not None:
            found.setFocus(Qt.FocusReason.OtherFocusReason)
        return found is not None

    def _step(self, field: Field, step: int) -> None:
        shown = [one for one in self.fields if one.isVisibleTo(one.window())]
        at = shown.index(field) + step
        if 0 <= at < len(shown):
            shown[at].setFocus(Qt.FocusReason.OtherFocusReason)

    def _move(self, field: Field, down: int, right: int) -> None:
        row, column = self._places[field]
        if right:
            wanted = [one for one, place in self._places.items() if place == (row, column + right)]
        else:
            rows = {place[0] for one, place in self._places.items() if one.isVisibleTo(one.window())}
            following = sorted(
                (one for one in rows if (one - row) * down > 0), key=lambda one: abs(one - row)
            )
            near = [
                (abs(place[1] - column), one)
                for one, place in self._places.items()
                if following and place[0] == following[0]
            ]
            wanted = [min(near, key=lambda pair: pair[0])[1]] if near else []
        for one in wanted:
            if one.isVisibleTo(one.window()):
                one.setFocus(Qt.FocusReason.OtherFocusReason)


def missing_text(field: Field) -> str:
    """Return what is told of a field without answer.

    "Contact on patient L is missing. 0 none · 1 close · 2 abuts · 9 cannot be judged."
    """
    return f"{field.title} is missing. {allowed(field.options)}."
