"""The row of lesions below the images: one chip for each, with its sizes before and after."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPoint, QSize, Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QWidget, QWidgetAction

from gist_imaging import workflow
from gist_imaging.session.lesions import Fate, Role
from gist_napari.said import Toast
from gist_napari.widgets.lesion_facts import ORGANS, fate_of, mask_word, words
from gist_napari.widgets.live_numbers import LiveNumbers
from gist_napari.widgets.style import QUIET, button, dress, number_text, quiet, tabular

if TYPE_CHECKING:
    import numpy.typing as npt
    from qtpy.QtGui import QAction, QResizeEvent

    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.session.open_case import OpenCase, VisitFacts
    from gist_napari.session import Session

__all__ = ["LesionChip", "LesionStrip"]

HEIGHT_PX = 36
MM3_PER_ML = 1000.0
DIAMETER = "longest_axial_diameter_mm"
MENU_PX = 280
HIDDEN_UNTIL_COMMIT = "Δ after call"


class LesionChip(QPushButton):
    """One lesion: what it is, and how large it is at each time point."""

    def __init__(self, lesion: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lesion = lesion
        self.setObjectName(f"chip{lesion}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        tabular(self.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.addWidget(self.label)

    def sizeHint(self) -> QSize:
        """Return the size of what it says."""
        return QSize(self.label.sizeHint().width() + 18, 30)

    def minimumSizeHint(self) -> QSize:
        """Return the size of what it says: nothing is cut."""
        return self.sizeHint()


class LesionStrip(QWidget):
    """All lesions of the open case; a click makes one active and brings both panes to it."""

    def __init__(
        self, session: Session, numbers: LiveNumbers | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.numbers = numbers if numbers is not None else LiveNumbers(session, self)
        self.setObjectName("lesionStrip")
        dress(self)
        self.setFixedHeight(HEIGHT_PX)
        self.chips: dict[str, LesionChip] = {}
        self.empty = quiet("No lesion yet: choose Stroke or Brush and draw in the tumour.", wrap=False)
        self.change = quiet("", wrap=False)
        self.add = button("+ lesion", "Add a lesion: rectum, target. Right-click it to change that.")
        self.add.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 2, 4, 2)
        self._row.setSpacing(6)
        self._row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        for widget in (self.empty, self.change, self.add):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self.add.clicked.connect(lambda: session.new_lesion())
        session.case_changed.connect(self.refresh)
        session.state_changed.connect(self.refresh)
        session.active_changed.connect(self.refresh)
        self.numbers.changed.connect(self.refresh)
        self.refresh()

    def minimumSizeHint(self) -> QSize:
        """Let the window become narrow: chips shorten their words first."""
        return QSize(200, HEIGHT_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as much of every lesion as there is room for."""
        super().resizeEvent(event)
        self._say()

    # ---------------------------------------------------------------- what is shown

    def refresh(self, _event: object = None) -> None:
        """Bring the chips to what the case holds."""
        lesions = self.session.lesions
        if list(self.chips) != lesions:
            for gone in [name for name in self.chips if name not in lesions]:
                chip = self.chips.pop(gone)
                self._row.removeWidget(chip)
                chip.hide()
                chip.deleteLater()
            for at, name in enumerate(lesions):
                if name not in self.chips:
                    self._row.insertWidget(at, self._new_chip(name))
            self.chips = {name: self.chips[name] for name in lesions}
        case = self.session.case
        self.add.setVisible(case is not None)
        self.empty.setVisible(case is not None and not lesions)
        for name, chip in self.chips.items():
            chip.setChecked(name == self.session.active_lesion)
        self.change.setVisible(case is not None and bool(lesions))
        self.change.setText("" if self.session.committed else HIDDEN_UNTIL_COMMIT)
        self._say()

    def _new_chip(self, name: str) -> LesionChip:
        chip = LesionChip(name)
        chip.clicked.connect(lambda _on: self.jump_to(name))
        chip.customContextMenuRequested.connect(lambda at: self._open_menu(chip, at))
        self.chips[name] = chip
        return chip

    def _say(self) -> None:
        """Say all of every lesion; where that is too wide, little of those that are not active."""
        case = self.session.case
        if case is None:
            return
        room = self.width() - self.add.sizeHint().width() - self.change.sizeHint().width() - 24
        for full_others, full_active in ((True, True), (False, True), (False, False)):
            for name, chip in self.chips.items():
                full = full_active if name == self.session.active_lesion else full_others
                chip.label.setText(self._full(case, name) if full else self._short(case, name))
                chip.setToolTip(self._tip(case, name))
                chip.updateGeometry()
            if sum(chip.sizeHint().width() + 6 for chip in self.chips.values()) <= room:
                break
        self._row.activate()

    def _visits(self) -> list[VisitFacts]:
        return [visit for visit in self.session.pair if visit is not None]

    def _full(self, case: OpenCase, name: str) -> str:
        facts = case.state.plain("lesion", name) or {}
        role = words(facts.get("role", "")).upper()
        parts = [f"<b>{escape(name)}</b> {escape(words(facts.get('organ', '')))} {_quiet(role)}"]
        parts += [self._visit_words(case, name, visit) for visit in self._visits()]
        change = self._change_words(name)
        return "&nbsp;&nbsp; ".join(parts + ([change] if change else []))

    def _visit_words(self, case: OpenCase, name: str, visit: VisitFacts) -> str:
        word = mask_word(case.state, name, visit)
        measured = self.numbers.of(name, visit.label)
        fate = fate_of(case.state, name, visit.label)
        said = f"{word.symbol}&nbsp;{word.word}" + (f" · {escape(fate)}" if fate else "")
        tag = _quiet(escape(self.session.tag_of(visit.label)))
        if measured is None:
            return f"{tag} {said}"
        if not self.session.measured(name, visit.label):
            # The mask has changed since: its old numbers are said to be old until the new ones are there.
            return f"{tag} <i>{_quiet(' '.join(_rounded(measured)))}</i> ◔&nbsp;stale {said}"
        return f"{tag} {_sizes(measured)} {said}"

    def _short(self, case: OpenCase, name: str) -> str:
        symbols = "&nbsp;".join(mask_word(case.state, name, visit).symbol for visit in self._visits())
        return f"<b>{escape(name)}</b> {symbols}"

    def _tip(self, case: OpenCase, name: str) -> str:
        facts = case.state.plain("lesion", name) or {}
        lines = [f"{name}: {words(facts.get('organ', ''))}, {words(facts.get('role', ''))}"]
        for visit in self._visits():
            measured, word = self.numbers.of(name, visit.label), mask_word(case.state, name, visit)
            fresh = self.session.measured(name, visit.label)
            sizes = "" if measured is None else f"{_plain_sizes(measured)}{'' if fresh else ' (stale)'}, "
            lines.append(f"{self.session.tag_of(visit.label)}: {sizes}{word.word}")
        return "\n".join([*lines, "Click: go there. Right-click: organ, role, what became of it."])

    def _change_words(self, name: str) -> str:
        compared = self.numbers.change_of(name) if self.session.committed else None
        change = None if compared is None else compared.change_pct.get(DIAMETER)
        if change is None:
            return ""
        visits = [visit.label for visit in self._visits()]
        if not all(self.session.measured(name, visit) for visit in visits):
            return _quiet("Δ ◔&nbsp;stale")
        arrow = "↓" if change < 0 else "↑" if change > 0 else "→"
        return f"{_quiet('Δ')} {arrow} {number_text(change, signed=True)} {_quiet('%')}"

    # ---------------------------------------------------------------- what is done

    def jump_to(self, name: str) -> None:
        """Make a lesion active and bring both panes to it; the active one last, so that it leads."""
        self.session.choose_lesion(name)
        self.refresh()
        visits = sorted(self._visits(), key=lambda visit: visit.label == self.session.active_visit)
        places = [(visit.label, self._place(name, visit.label)) for visit in visits]
        for label, place in places:
            if place is not None:
                self.session.go_to(label, place)
        if all(place is None for _, place in places):
            self.session.said.emit(Toast(f"{name} is drawn on no scan yet: choose Stroke or Brush and draw."))

    def _place(self, name: str, visit: str) -> npt.NDArray[Any] | None:
        """Return the middle of the longest diameter, else of the mask, else of what was drawn; LPS mm."""
        case, measured = self.session.case, self.numbers.of(name, visit)
        if measured is not None and measured.end_points_mm.get(DIAMETER):
            return np.asarray(np.mean(measured.end_points_mm[DIAMETER], axis=0))
        if case is None:
            return None
        mask = case.state.proposal(name, visit) or case.state.mask(name, visit)
        if mask is not None and not mask.is_empty:
            indices = mask.indices.mean(axis=0)
            return np.asarray(mask.geometry.to_patient(indices))
        drawn = (case.state.plain("prompts", name, visit) or {}).get("prompts") or ()
        points = [point for prompt in drawn for point in prompt.get("points_mm", ())]
        return np.asarray(points, dtype=np.float64).mean(axis=0) if points else None

    def menu_for(self, name: str) -> QMenu:
        """Return the menu of a lesion: role, organ, what became of it, removing it."""
        session, menu = self.session, QMenu(self)
        facts = (session.state.plain("lesion", name) if session.state else None) or {}
        roles = menu.addMenu("Role")
        for role in Role:
            _choice(roles, words(role), facts.get("role") == role).triggered.connect(
                lambda _on, role=role: session.do(workflow.set_lesion, name, None, str(role))
            )
        organs = menu.addMenu("Organ")
        for organ in dict.fromkeys((*ORGANS, facts.get("organ", ORGANS[0]))):
            _choice(organs, words(organ), facts.get("organ") == organ).triggered.connect(
                lambda _on, organ=organ: session.do(workflow.set_lesion, name, organ, None)
            )
        typed = _field(organs, "another organ, then Enter")
        typed.returnPressed.connect(lambda: self._typed_organ(menu, name, typed.text()))
        for visit in self._visits():
            self._add_fates(menu, name, visit.label)
        menu.addSeparator()
        menu.addAction(f"Remove {name} (can be undone)").triggered.connect(lambda _on: self._remove(name))
        return menu

    def _add_fates(self, menu: QMenu, name: str, visit: str) -> None:
        held = (self.session.state.plain("fate", name, visit) if self.session.state else None) or {}
        fates = menu.addMenu(f"{self.session.tag_of(visit)}: what became of it")
        reason = _field(fates, "reason (needed for not evaluable)")
        reason.setText(held.get("reason") or "")
        for fate in Fate:
            _choice(fates, words(fate), held.get("word") == fate).triggered.connect(
                lambda _on, fate=fate: self.session.do(
                    workflow.set_fate, name, visit, str(fate), reason.text().strip() or None
                )
            )
        if held:
            fates.addAction("say nothing").triggered.connect(
                lambda _on: self.session.do(workflow.set_fate, name, visit, None)
            )

    def _typed_organ(self, menu: QMenu, name: str, organ: str) -> None:
        menu.close()
        self.session.do(workflow.set_lesion, name, organ.strip().lower().replace(" ", "_"), None)

    def _remove(self, name: str) -> None:
        if self.session.do(workflow.remove_lesion, name) is not None:
            self.session.said.emit(Toast(f"{name} removed.", undo=True))

    def _open_menu(self, chip: LesionChip, at: QPoint) -> None:
        menu = self.menu_for(chip.lesion)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(chip.mapToGlobal(at))


def _quiet(said: str) -> str:
    return f'<span style="color:{QUIET}">{said}</span>'


def _sizes(measured: LesionMeasurement) -> str:
    length, volume = _rounded(measured)
    return f"{length} {_quiet('mm')} {volume} {_quiet('mL')}"


def _plain_sizes(measured: LesionMeasurement) -> str:
    length, volume = _rounded(measured)
    return f"longest diameter {length} mm, volume {volume} mL"


def _rounded(measured: LesionMeasurement) -> tuple[str, str]:
    volume = measured.volume_mm3
    shown = None if volume is None else volume / MM3_PER_ML
    return number_text(measured.longest_axial_diameter_mm), number_text(shown)


def _choice(menu: QMenu, word: str, chosen: bool) -> QAction:
    action = menu.addAction(word)
    action.setCheckable(True)
    action.setChecked(chosen)
    return action


def _field(menu: QMenu, hint: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(hint)
    menu.setMinimumWidth(MENU_PX)
    held = QWidgetAction(menu)
    held.setDefaultWidget(field)
    menu.addAction(held)
    return field
