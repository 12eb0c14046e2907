"""The outline of the active lesion: how far it is, its live numbers, and what makes or takes a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gist_imaging import workflow
from gist_napari.widgets import style
from gist_napari.widgets.mask_tools import MaskTools
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import ReasonRow
from gist_napari.widgets.telling import (
    MASK_STATES,
    mask_state,
    ml,
    mm,
    number_of,
    place_in_slice,
    reason_told,
    slices_of,
)

if TYPE_CHECKING:
    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.spatial.mask import Mask
    from gist_napari.session import Session
    from gist_napari.widgets.live_numbers import LiveNumbers

__all__ = ["NONE_VISIBLE_REASONS", "SegmentPage"]

NONE_VISIBLE_REASONS = ("Complete response", "Resected", "Not on these images")
NO_LESION = "Click the tumour with Stroke or Brush: the first stroke makes L1."
STEPS = (
    "Draw one stroke inside the tumour on three slices",
    "Draw one outside it (hold Ctrl)",
    "Press Grow",
    "Look at it, then Enter accepts, Esc rejects",
)
_GROWN = "region_grow"
"""The method of a proposal that Grow made and nobody has changed."""


class SegmentPage(Page):
    """Outline the active lesion on the active scan (W6)."""

    def __init__(self, session: Session, numbers: LiveNumbers, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.live = numbers
        numbers.changed.connect(self.refresh_soon)
        self.what = style.heading("")
        self.what.setStyleSheet("font-size: 18px;")
        self.what.setWordWrap(True)
        self.state = style.text("", wrap=True)
        self.rows.addWidget(self.what)
        self.rows.addWidget(self.state)
        self.steps = [style.text("", wrap=True) for _ in STEPS]
        for step in self.steps:
            self.rows.addWidget(step)
        self.numbers: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for row, (name, title) in enumerate(
            (("volume", "Volume"), ("longest", "Longest diameter"), ("slices", "Slices covered"))
        ):
            value = style.text("–")
            style.tabular(value)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(style.quiet(title, wrap=False), row, 0)
            grid.addWidget(value, row, 1)
            self.numbers[name] = value
        grid.setColumnStretch(0, 1)
        self.rows.addLayout(grid)
        self.fresh = style.quiet("")
        self.rows.addWidget(self.fresh)
        self.warnings = QVBoxLayout()
        self.warnings.setSpacing(4)
        self.rows.addLayout(self.warnings)
        self.buttons: dict[str, QPushButton] = {}
        buttons = QGridLayout()
        buttons.setSpacing(4)
        for place, (name, word, tip, key, press) in enumerate(
            (
                ("grow", "Grow", "Make a proposal from all strokes", "G", session.grow),
                ("between", "Between", "Fill between outlines or painted slices", "I", session.between),
                ("accept", "Accept", "Make the proposal the mask, as it is seen", "Enter", session.accept),
                ("reject", "Reject", "Put the proposal away; can be undone", "Esc", session.reject),
                (
                    "copy",
                    "Copy from baseline",
                    "Carry the first scan's mask over",
                    "",
                    session.copy_from_baseline,
                ),
                ("verify", "Verified", "Stand behind a copied mask", "", session.verify_mask),
            )
        ):
            button = style.button(word, tip, key)
            button.clicked.connect(lambda _=False, press=press: press())
            self.buttons[name] = button
            buttons.addWidget(button, place // 2, place % 2)
        none = style.button("None visible …", "Say that no tumour can be seen here, with the reason")
        none.clicked.connect(self._ask_none)
        self.buttons["none"] = none
        buttons.addWidget(none, 3, 0, 1, 2)
        self.rows.addLayout(buttons)
        self.reason = ReasonRow("", NONE_VISIBLE_REASONS)
        self.reason.given.connect(self._none_visible)
        self._asked_of = ("", "")
        self.rows.addWidget(self.reason)
        self.more = MaskTools(session)
        self.rows.addWidget(self.more.structure)
        self.rows.addWidget(self.more)
        self.rows.addStretch(1)
        session.case_changed.connect(self.reason.drop)
        self.refresh()

    def _ask_none(self) -> None:
        lesion, tag = self.session.active_lesion, self.session.tag_of(self.session.active_visit)
        self._asked_of = (lesion, self.session.active_visit)
        self.reason.start(f"No tumour {lesion} visible on {tag}. Why?")

    def _none_visible(self, reason: str) -> None:
        """The answer belongs to what was asked about, whatever was chosen meanwhile."""
        self.session.do(workflow.mark_none_visible, *self._asked_of, reason)

    # ---------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Show the active lesion on the active scan."""
        session = self.session
        case, lesion, visit = session.case, session.active_lesion, session.active_visit
        if self._asked_of != (lesion, visit):
            self.reason.drop()
        if case is None:
            self._show_nothing("No case is open", "Choose one in the worklist and press Enter.")
            return
        if not lesion:
            self._show_nothing(f"No lesion · {session.tag_of(visit)}", NO_LESION)
            return
        self.what.setText(f"{lesion} · {session.tag_of(visit)}")
        word = mask_state(case, lesion, visit)
        mask = case.state.mask(lesion, visit)
        facts = case.state.plain("mask_facts", lesion, visit) or {}
        proposal_facts = case.state.plain("proposal_facts", lesion, visit) or {}
        self._show_state(word, facts, proposal_facts)
        grown = proposal_facts.get("method") == _GROWN
        self._show_steps(word, grown, case.state.plain("prompts", lesion, visit))
        proposal = case.state.proposal(lesion, visit)
        if proposal is not None:
            self._show_numbers(proposal, self.live.proposal_of(lesion, visit))
        else:
            self._show_numbers(mask, None if mask is None else self.live.of(lesion, visit))
        self._show_warnings(proposal_facts.get("warnings") or [])
        waits = word == "proposal"
        self._allow("accept", waits, "No proposal waits: draw strokes and Grow first.")
        self._allow("reject", waits, "No proposal waits.")
        self._allow("verify", word == "unverified", "Only a copied mask that nobody has touched is verified.")
        baseline = session.tag_of(visit) == "PRE"
        self._allow("copy", not baseline, "This is the baseline: choose the other scan.")
        style.look(self.buttons["accept"], "main" if waits else "off")
        style.look(self.buttons["grow"], "main" if word in ("sketched", "stale") else "")
        self.more.show_ball(session.ball)

    def _show_numbers(self, mask: Mask | None, measured: LesionMeasurement | None) -> None:
        case, visit = self.session.case, self.session.active_visit
        if case is None or mask is None:
            for value in self.numbers.values():
                value.setText("–")
            self.fresh.setText("")
            return
        slices = slices_of(case, mask, visit)
        ends = sorted(number_of(case, mask, visit, at) for at in (slices[0], slices[-1])) if slices else []
        span = f" ({ends[0]}–{ends[1]})" if ends else ""
        self.numbers["slices"].setText(f"{len(slices)}{span}")
        if measured is None:
            self.numbers["volume"].setText("–")
            self.numbers["longest"].setText("–")
            self.fresh.setText("being measured …")
            return
        reasons = measured.not_measured
        self._say("volume", ml(measured.volume_mm3), reasons.get("volume_mm3"))
        longest = measured.longest_axial_diameter_mm
        self._say("longest", mm(longest), reasons.get("longest_axial_diameter_mm"))
        if measured.mask_sha256 != mask.sha256():
            self.fresh.setText("◔ stale: the mask has changed; being measured again …")
        elif case.state.proposal(self.session.active_lesion, visit) is not None:
            self.fresh.setText("of the proposal: they count once it is accepted")
        else:
            self.fresh.setText("✓ fresh: of the mask as it is")

    def _show_nothing(self, title: str, words: str) -> None:
        self.what.setText(title)
        self.state.setText(words)
        for step, text in zip(self.steps, STEPS, strict=True):
            step.setText(f"○ {text}")
            style.look(step, "quiet")
        self._show_numbers(None, None)
        self._show_warnings([])
        for name in ("accept", "reject", "verify", "copy"):
            self._allow(name, False, words)

    def _show_state(self, word: str, facts: dict[str, Any], proposal: dict[str, Any]) -> None:
        told = MASK_STATES.get(word, word.replace("_", " "))
        if word == "none_visible" and facts.get("reason"):
            told = f"{told}: {facts['reason']}"
        if word == "proposal" and proposal.get("label"):
            told = f"{told} ({str(proposal['label']).lower()})"
        self.state.setText(told)

    def _show_steps(self, word: str, grown: bool, prompts: Any) -> None:
        """Tick what was done towards a mask; no step of these led to a copied proposal."""
        drawn = (prompts or {}).get("prompts", []) if isinstance(prompts, dict) else prompts or []
        inside = sum(bool(one.get("include")) for one in drawn)
        done = (inside >= 3, len(drawn) > inside, grown, False)
        last = len(STEPS) - 1
        waits = word == "proposal"
        current = last if waits else next((at for at, is_done in enumerate(done) if not is_done), 0)
        finished = word in ("accepted", "verified", "none_visible", "unverified")
        for at, (label, text) in enumerate(zip(self.steps, STEPS, strict=True)):
            label.setVisible(not finished and (grown or not waits or at == last))
            counted = f" ({inside} drawn)" if at == 0 and inside else ""
            label.setText(f"{'✓' if done[at] else '▸' if at == current else '○'} {text}{counted}")
            style.look(label, "" if at == current else "quiet")

    def _say(self, name: str, words: str, reason: str | None) -> None:
        self.numbers[name].setText(words if reason is None else "not measured")
        self.numbers[name].setToolTip(reason_told(reason))

    def _allow(self, name: str, on: bool, why: str) -> None:
        # A button that cannot act stays clickable and answers why; Qt's disabled ones swallow the click.
        style.look(self.buttons[name], "" if on else "off")
        if not on:
            self.buttons[name].setToolTip(why)

    def _show_warnings(self, warnings: list[dict[str, Any]]) -> None:
        emptied(self.warnings)
        for held in warnings:
            row = QHBoxLayout()
            row.addWidget(style.warning(str(held["text"])), 1)
            slices = held.get("slices")
            if slices:
                go = style.button("Go", f"Show slice {self._numbered(int(slices[0]))}")
                go.clicked.connect(lambda _=False, number=int(slices[0]): self._go(number))
                row.addWidget(go)
            self.warnings.addLayout(row)

    def _shown_mask(self) -> Mask | None:
        case, lesion, visit = self.session.case, self.session.active_lesion, self.session.active_visit
        return None if case is None else case.state.proposal(lesion, visit) or case.state.mask(lesion, visit)

    def _numbered(self, index: int) -> int:
        case, mask = self.session.case, self._shown_mask()
        if case is None or mask is None:
            return index + 1
        return number_of(case, mask, self.session.active_visit, index)

    def _go(self, index: int) -> None:
        case, mask, visit = self.session.case, self._shown_mask(), self.session.active_visit
        if case is not None and mask is not None:
            self.session.go_to(visit, place_in_slice(case, mask, visit, index))
