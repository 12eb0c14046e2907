"""What the reader said beside what was measured; shown only after the reader's own call is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_napari.widgets import style
from gist_napari.widgets.metric_rows import FIRST, HEIGHT, LINES, MORE, SHIFTS, metric_row, metric_told
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import Fold, Switch
from gist_napari.widgets.telling import mm, sentence, slices_as_shown
from gist_napari.widgets.words import SIDE_WORDS, word_told

if TYPE_CHECKING:
    from gist_imaging.anatomy.metric import Metric
    from gist_imaging.anatomy.relation_change import LevatorShift
    from gist_imaging.anatomy.relation_values import RelationMeasurement
    from gist_imaging.anatomy.suggestion import RelationSuggestion
    from gist_imaging.anatomy.surface import Side
    from gist_imaging.anatomy.visit_change import VisitChange
    from gist_imaging.anatomy.visit_relation import VisitRelation
    from gist_imaging.session.event import Event
    from gist_napari.session import Session

__all__ = ["BEFORE", "MetricsPage"]

CHANGE = "CHANGE"
ADVICE = "Your words stand; numbers are advice, and none of them shows invasion."
SHIFT_WORDS = "Above 0: outwards and towards the feet. The interval is that of the registration's error."
BEFORE = "Commit your call to see what was measured."


@dataclass(frozen=True, slots=True)
class _MeasureJob:
    """Measures in a thread; reads the case as it is, and changes nothing."""

    measure: Callable[[], VisitRelation | VisitChange]
    label: str = "Measuring tumour and levator ani"

    def run(
        self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
    ) -> VisitRelation | VisitChange:
        """Return the numbers; it cannot say how far it is, and is dropped when it was stopped."""
        del progress, cancelled
        return self.measure()


class MetricsPage(Page):
    """You said, measured, and where: one row a metric (W11)."""

    points_wanted = Signal(str, object)  # visit, points in mm to draw

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.before = style.text("", wrap=True)
        self.visits = Switch(
            (
                ("PRE", "PRE", "Of the first scan"),
                ("POST", "POST", "Of the second scan"),
                (CHANGE, "Change", "From the first scan to the second, the muscle's own movement among it"),
            )
        )
        self.visits.show_chosen("PRE")
        self.visits.chosen.connect(lambda _: self.refresh())
        self.measure = style.button("Measure", "Measure tumour and levator ani of this scan", main=True)
        self.measure.clicked.connect(self.start)
        for widget in (self.before, self.visits, self.measure):
            self.rows.addWidget(widget)
        self.list = QVBoxLayout()
        self.list.setSpacing(8)
        self.rows.addLayout(self.list)
        self.rows.addStretch(1)
        self._made: dict[tuple[str, str], VisitRelation | VisitChange] = {}
        session.case_changed.connect(self._made.clear)
        session.state_changed.connect(self._forget)
        self.refresh()

    def _forget(self, event: Event) -> None:
        if event.kind != "view":
            self._made.clear()

    @property
    def visit(self) -> str:
        """Label of the scan whose numbers are shown; of a change, the second one."""
        pre, post = self.session.pair
        chosen = pre if self.visits.name == "PRE" else post
        return "" if chosen is None else chosen.label

    def refresh(self) -> None:
        """Show the numbers once the call is committed; before, only what to do."""
        session = self.session
        emptied(self.list)
        shown = self.revealed
        for widget in (self.visits, self.measure):
            widget.setVisible(shown)
        for name in ("POST", CHANGE):
            self.visits.buttons[name].setVisible(session.pair[1] is not None)
        self.before.setVisible(True)
        if session.case is None:
            self.before.setText("No case is open. Choose one in the worklist and press Enter.")
            return
        if not shown:
            self.before.setText(BEFORE)
            return
        made = self._made.get(self._shown)
        self.measure.setVisible(made is None)
        self.before.setVisible(made is None)
        self.before.setText("Not measured yet from the outlines and strokes as they are.")
        if made is not None:
            for row in self._rows_of(made):
                self.list.addWidget(row)

    @property
    def _shown(self) -> tuple[str, str]:
        """The lesion, and which numbers of it are shown."""
        return self.session.active_lesion, CHANGE if self.visits.name == CHANGE else self.visit

    def start(self) -> None:
        """Measure the chosen scan in a thread."""
        session, case = self.session, self.session.case
        lesion, visit = session.active_lesion, self.visit
        shown = self._shown
        if case is None or not self.revealed or not lesion or not visit:
            return

        given = case.state.sha256

        def keep(made: VisitRelation | VisitChange) -> None:
            if self.session.case is not case:
                return
            if case.state.sha256 != given:
                session.warn("Something was changed while this was measured: press Measure again.")
            else:
                self._made[shown] = made
                self.refresh()

        measure = workflow.relation_changes if shown[1] == CHANGE else workflow.metrics
        session.run(_MeasureJob(lambda: measure(case, lesion, visit)), keep)

    # ---------------------------------------------------------------- showing

    def _rows_of(self, made: VisitRelation | VisitChange) -> list[QWidget]:
        from gist_imaging.anatomy.visit_change import VisitChange

        return self._change_rows(made) if isinstance(made, VisitChange) else self._visit_rows(made)

    def _visit_rows(self, made: VisitRelation) -> list[QWidget]:
        rows: list[QWidget] = [style.quiet(sentence(note)) for note in made.notes]
        more = Fold("metrics/more", "More: all numbers of the relation")
        order = list(SIDE_WORDS)
        for one in sorted(made.relations, key=lambda one: order.index(one.side)):
            rows.append(_heading(sentence(SIDE_WORDS[one.side])))
            rows += self._side_rows(one, made.suggestions.get(one.side), more)
        lines = Fold("metrics/lines", "Pelvic floor and height")
        for held, names in ((made.lines, LINES), (made.height, HEIGHT)):
            for field in fields(held):
                if field.name in names:
                    lines.rows.addWidget(self._row(names[field.name], "", getattr(held, field.name)))
        return [*rows, more, lines, style.quiet(ADVICE)]

    def _change_rows(self, made: VisitChange) -> list[QWidget]:
        rows: list[QWidget] = []
        if made.no_registration is not None:
            rows.append(style.warning(f"Whether the muscle moved is not known: {made.no_registration}."))
        elif self.session.registration_state != "ok":
            rows.append(style.warning("Nobody has confirmed the registration; movement depends on it."))
        for muscle, shift in self._moved(made, rows).items():
            is_control = muscle not in made.shifts and "midline" not in made.shifts
            control = ", not affected: a control" if is_control else ""
            rows.append(_heading(f"Levator ani, {SIDE_WORDS[muscle]}{control}"))
            rows += [
                self._row(title, "", getattr(shift, name))
                for name, title in SHIFTS.items()
                if not (is_control and name == "in_contact")
            ]
        if any(shift.overall.value is not None for shift in made.muscle_shifts.values()):
            rows.append(style.quiet(SHIFT_WORDS))
        more = Fold("metrics/change", "More: every number, second scan − first")
        for side, metrics in made.changes.items():
            rows.append(_heading(f"Second scan − first, {SIDE_WORDS[side]}"))
            for name, metric in metrics.items():
                first = name in FIRST
                row = self._row(FIRST[name][0] if first else MORE[name], "", metric)
                if first:
                    rows.append(row)
                else:
                    more.rows.addWidget(row)
        for held, names in ((made.lines, LINES), (made.height, HEIGHT)):
            for name, metric in held.items():
                if name in names:
                    more.rows.addWidget(self._row(names[name], "", metric))
        if not made.changes:
            rows += [style.quiet(sentence(note)) for note in made.before.notes]
        return [*rows, more, style.quiet(ADVICE)]

    def _moved(self, made: VisitChange, rows: list[QWidget]) -> Mapping[Side, LevatorShift]:
        """Return how each muscle moved; where one reason holds for all that is missing, tell that once."""
        overall = [shift.overall for shift in made.muscle_shifts.values()]
        reasons = {metric.reason for metric in overall}
        if len(reasons) == 1 and None not in reasons:
            rows.append(self._row("M10 movement of the levator ani", "", overall[0]))
            return {}
        return made.muscle_shifts

    def _side_rows(
        self, one: RelationMeasurement, suggestion: RelationSuggestion | str | None, more: Fold
    ) -> list[QWidget]:
        rows: list[QWidget] = []
        codes: Mapping[str, Any] = one.reader_codes or {}
        for name, metric in one.metrics.items():
            if name in FIRST:
                title, axis = FIRST[name]
                said = f"You: {word_told(axis, codes.get(axis))}." if axis and codes.get(axis) else ""
                rows.append(self._row(title, said, metric, self._limit(name)))
            else:
                more.rows.addWidget(self._row(MORE[name], "", metric))
        if suggestion is not None and not isinstance(suggestion, str):
            for axis in suggestion.disagreements:
                held = suggestion.contact if axis == "contact" else suggestion.displacement
                own = word_told(axis, str(suggestion.own_call[axis]))
                told = "; ".join(sentence(evidence.sentence) for evidence in held.evidence)
                words = f"You: {own}. The numbers suggest {word_told(axis, held.word)}: {told}"
                rows.append(style.text(words, wrap=True))
        return rows

    def _limit(self, name: str) -> str:
        """Return what distances on this scan cannot be finer than."""
        case = self.session.case
        if case is None or name != "min_distance":
            return ""
        facts = case.visit(self.visit)
        series = next((one for one in facts.series if one.key == facts.measured), None)
        return "" if series is None else f", limit of this scan {mm(max(series.spacing_mm))}"

    def _row(self, title: str, said: str, metric: Metric, limit: str = "") -> QWidget:
        told = f"{said} {metric_told(metric)}{limit if metric.value is not None else ''}".strip()
        return metric_row(title, told, metric, lambda: self._show_me(metric), self._counted)

    def _counted(self, note: str) -> str:
        case = self.session.case
        return note if case is None else slices_as_shown(note, case.measured_volume(self.visit).geometry)

    def _show_me(self, metric: Metric) -> None:
        points = metric.points_mm
        middle = tuple(sum(axis) / len(points) for axis in zip(*points, strict=True))
        self.session.go_to(self.visit, middle)
        self.points_wanted.emit(self.visit, points)


def _heading(words: str) -> QLabel:
    heading = style.heading(words)
    heading.setWordWrap(True)
    return heading
