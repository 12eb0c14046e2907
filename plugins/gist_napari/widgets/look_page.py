"""The first look: how good the scans are, what is hung, and how the tumour changed by eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_napari.stages import Stage, measured_series, stages
from gist_napari.widgets import style
from gist_napari.widgets.fields import Field
from gist_napari.widgets.followup_row import FollowupRow
from gist_napari.widgets.page import Page, emptied, remembered, settings
from gist_napari.widgets.parts import Fold, Switch
from gist_napari.widgets.question import Form, QuestionBox
from gist_napari.widgets.registration_row import RegistrationRow
from gist_napari.widgets.telling import uncapped
from gist_napari.widgets.words import IMPRESSIONS, WORDS, allowed, word_told

if TYPE_CHECKING:
    from gist_imaging.session.open_case import VisitFacts
    from gist_napari.session import Session

__all__ = ["FACTS", "LookPage"]

FACTS: Mapping[str, tuple[str, str]] = {
    "quality": ("Quality", "image_quality"),
    "phase": ("Phase", "phase"),
    "filling": ("Filling", "rectal_filling"),
}
"""Name of a fact to its title and the list of its words."""

MORE_FACTS: Mapping[str, tuple[str, str]] = {
    "coronal_plane": ("Coronal", "coronal_plane"),
    "artefact": ("Artefact", "artefact"),
}
"""The same, under More."""

MOUSE_STYLE, INTERPOLATION = "view/mouse_style", "view/interpolation"
ONE_WINDOW = "view/one_window"
_SHORT = {
    "non_diagnostic": "non-diagn.",
    "portal_venous": "portal v.",
    "no contrast": "none",
    "no coronal series": "no coronal",
    "straight coronal": "straight",
}


class _FactsForm(Form):
    def __init__(self, owner: LookPage) -> None:
        super().__init__(owner.question)
        self.owner = owner

    def say(self, field: Field, word: str) -> bool:
        return self.owner.answer(field, word)

    def refused(self, field: Field, digit: str) -> None:
        self.owner.tell(f"{digit} is no answer to {uncapped(field.title)}. {allowed(field.options)}.")

    def finished(self) -> None:
        self.owner.tell("")


class LookPage(Page):
    """Quality, phase and filling of both scans, the hanging, and the impression (step 3 and 4 of a case)."""

    stage_wanted = Signal(object)  # Stage
    preset_wanted = Signal(int)
    interpolation_wanted = Signal(bool)
    one_window_wanted = Signal(bool)
    mouse_style_wanted = Signal(str)  # "radiology" or "napari"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.question = QuestionBox()
        self.message = style.warning("")
        self.message.hide()
        self.form = _FactsForm(self)
        self.facts = {tag: style.quiet("") for tag in ("PRE", "POST")}
        self.rows.addWidget(self.question)
        self.rows.addWidget(self.message)
        self.fields: dict[tuple[str, str], Field] = {}
        self._heads: dict[str, QWidget] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(3)
        for column, tag in enumerate(("PRE", "POST"), start=1):
            head = style.quiet(tag, wrap=False)
            head.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._heads[tag] = head
            grid.addWidget(head, 0, column)
            grid.setColumnStretch(column, 1)
        self._add_facts(grid, FACTS, 1)
        self.rows.addLayout(grid)
        for label in self.facts.values():
            self.rows.addWidget(label)
        self.impression = Field("impression", "Impression", IMPRESSIONS)
        self.rows.addWidget(self.form.add(self.impression, len(FACTS) + 1, 1))
        self.followup = FollowupRow(session)
        self.rows.addWidget(self.followup)
        self.hanging_title = style.heading("Hanging (PageDown: next)")
        self.rows.addWidget(self.hanging_title)
        self.hanging = QVBoxLayout()
        self.hanging.setSpacing(3)
        self.rows.addLayout(self.hanging)
        self.registration = RegistrationRow(session)
        self.rows.addWidget(self.registration)
        self.stage = 0
        self._stages: tuple[Stage, ...] = ()
        self.more = Fold("look", "More: plane, artefact, window, mouse")
        more = QGridLayout()
        more.setHorizontalSpacing(4)
        more.setVerticalSpacing(3)
        self._add_facts(more, MORE_FACTS, len(FACTS) + 2)
        self.more.rows.addLayout(more)
        self._presets = QGridLayout()
        self._presets.setSpacing(4)
        self.more.rows.addLayout(self._presets)
        self.interpolation = QCheckBox("Smooth pixels (interpolation)")
        self.interpolation.setToolTip("For the eye only; no number changes")
        self.interpolation.setChecked(remembered(INTERPOLATION, False))
        self.interpolation.toggled.connect(self._interpolate)
        self.more.rows.addWidget(self.interpolation)
        self.one_window = QCheckBox("One window for both scans")
        self.one_window.setToolTip(
            "CT: the same values; MR: the same percentiles of each scan. For the eye only"
        )
        self.one_window.setChecked(remembered(ONE_WINDOW, False))
        self.one_window.toggled.connect(self._lock_windows)
        self.more.rows.addWidget(self.one_window)
        self.more.rows.addWidget(style.quiet("Mouse", wrap=False))
        self.mouse = Switch(
            (
                ("radiology", "Radiology", "Wheel: slices; right-drag: window; middle-drag: pan"),
                ("napari", "napari", "Wheel: zoom; Ctrl+wheel: slices"),
            )
        )
        self.mouse.show_chosen(str(settings().value(MOUSE_STYLE, "radiology")))
        self.mouse.chosen.connect(self._mouse_style)
        self.more.rows.addWidget(self.mouse)
        self.rows.addWidget(self.more)
        self.rows.addStretch(1)
        session.case_changed.connect(self._other_case)
        self.refresh()

    def _add_facts(self, grid: QGridLayout, facts: Mapping[str, tuple[str, str]], first: int) -> None:
        for column, tag in enumerate(("PRE", "POST"), start=1):
            grid.setColumnStretch(column, 1)
            for row, (name, (title, words)) in enumerate(facts.items(), start=first):
                if column == 1:
                    grid.addWidget(style.quiet(title, wrap=False), row, 0)
                field = Field(name, f"{title} of {tag}", WORDS[words], short=True)
                field.setProperty("tag", tag)
                self.fields[(tag, name)] = field
                grid.addWidget(self.form.add(field, row, column), row, column)

    # ---------------------------------------------------------------- showing

    def _other_case(self) -> None:
        self.form.current = None
        self.tell("")
        self.refresh()

    def set_presets(self, names: Mapping[int, str]) -> None:
        """Show the window presets of the open pair: number, which is also its key with Shift, to name."""
        emptied(self._presets)
        shared = ", not calibrated"
        if any(name.endswith(shared) for name in names.values()):
            self._presets.addWidget(style.quiet("Window by percentiles, not calibrated"), 0, 0, 1, 2)
        for place, (number, name) in enumerate(names.items(), start=2):
            button = style.button(name.removesuffix(shared), f"Window preset: {name}", f"Shift+{number}")
            button.clicked.connect(lambda _=False, number=number: self.preset_wanted.emit(number))
            self._presets.addWidget(button, place // 2, place % 2)

    def refresh(self) -> None:
        """Show what was stated."""
        session = self.session
        case = session.case
        pre, post = session.pair
        for tag, visit in (("PRE", pre), ("POST", post)):
            shown = visit is not None
            self._heads[tag].setVisible(shown)
            self.facts[tag].setVisible(shown)
            for name, (_, listed) in {**FACTS, **MORE_FACTS}.items():
                field = self.fields[(tag, name)]
                field.setVisible(shown)
                held = None if visit is None or case is None else case.state.plain("fact", visit.label, name)
                words = word_told(listed, held)
                field.show_answer(held, _SHORT.get(str(held), _SHORT.get(words, words)))
            if visit is not None:
                self.facts[tag].setText(f"{tag} by DICOM: {_dicom_words(visit)}")
        lesion = session.active_lesion
        held = None if case is None or not lesion else case.state.plain("impression", lesion)
        word = held.get("word") if isinstance(held, dict) else held
        self.impression.title = f"Impression of {lesion}" if lesion else "Impression"
        self.impression.head.setText(self.impression.title)
        self.impression.show_answer(word, word_told("impression", word), frozen=session.committed)
        self.impression.setVisible(post is not None)
        if case is None:
            self.question.ask(
                None, "No case is open. Choose one in the worklist and press Enter.", frozenset()
            )
        elif self.form.current is None:
            self.question.ask(None, "Quality, phase and filling: click a field, then its digit.", frozenset())
        else:
            self.form.ask_again()
        self._show_stages(stages(pre, post))

    def _show_stages(self, found: tuple[Stage, ...]) -> None:
        if found != self._stages:
            self._stages, self.stage = found, 0
        emptied(self.hanging)
        self.hanging_title.setVisible(bool(found))
        for number, stage in enumerate(found):
            note = f" ({stage.note})" if stage.note else ""
            button = style.button(
                f"{number + 1}  {stage.title}: {stage.plane}{note}", "Show this in both panes"
            )
            button.setStyleSheet("text-align: left;")
            button.setCheckable(True)
            button.setChecked(number == self.stage)
            button.clicked.connect(lambda _=False, number=number: self.show_stage(number))
            self.hanging.addWidget(button)

    # ---------------------------------------------------------------- what the reader does

    def begin(self) -> None:
        """Go to the first fact without answer."""
        self.form.ask_first()

    def mark_stage(self, number: int) -> None:
        """Mark the stage that is hung, when something else than this page hung it."""
        if self._stages and number != self.stage:
            self.stage = number % len(self._stages)
            self._show_stages(self._stages)

    def show_stage(self, number: int) -> None:
        """Hang a stage; beyond the last comes the first."""
        if self._stages:
            self.stage = number % len(self._stages)
            self._show_stages(self._stages)
            self.stage_wanted.emit(self._stages[self.stage])

    def next_stage(self, step: int = 1) -> None:
        """Hang the next stage."""
        self.show_stage(self.stage + step)

    def answer(self, field: Field, word: str) -> bool:
        """Keep a fact or the impression; return whether it was kept."""
        session = self.session
        self.tell("")
        if field is self.impression:
            if session.case is not None and not session.active_lesion:
                self.tell("The impression is of a lesion: click the tumour with Stroke or Brush first (F3).")
                return False
            kept = session.do(workflow.state_impression, session.active_lesion, word)
        else:
            pre, post = session.pair
            visit = pre if field.property("tag") == "PRE" else post
            if visit is None:
                return False
            kept = session.do(workflow.state_fact, visit.label, field.name, word)
        if kept is not None:
            self.refresh()
        return kept is not None

    def tell(self, words: str) -> None:
        """Show why something was not done; "" takes it away."""
        self.message.setText(f"▲ {words}" if words else "")
        self.message.setVisible(bool(words))

    def _interpolate(self, on: bool) -> None:
        settings().setValue(INTERPOLATION, str(on))
        self.interpolation_wanted.emit(on)

    def _lock_windows(self, on: bool) -> None:
        settings().setValue(ONE_WINDOW, str(on))
        self.one_window_wanted.emit(on)

    def _mouse_style(self, name: str) -> None:
        settings().setValue(MOUSE_STYLE, name)
        self.mouse_style_wanted.emit(name)


def _dicom_words(visit: VisitFacts) -> str:
    series = measured_series(visit) or next(iter(visit.series), None)
    if series is None:
        return "no series can be shown"
    k, j, i = series.shape
    in_plane = min(series.spacing_mm)
    problems = f"; {', '.join(series.problems)}" if series.problems else ""
    return f"{series.name}, {in_plane:.2g} mm pixels, {i} × {j} × {k}{problems}"
