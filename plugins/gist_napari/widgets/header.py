"""The line above the images: whose reading this is, which case, and whether it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from gist_imaging.session.journal import SaveState, SaveStatus
from gist_napari.said import Toast, local_time
from gist_napari.widgets.lesion_facts import flags_of
from gist_napari.widgets.style import divider, dress, look, text, tool_button

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from gist_napari.session import Session

__all__ = ["CaseHeader", "saved_words"]

SAYS_SAVING_AFTER_MS = 250
HEIGHT_PX = 32


def saved_words(status: SaveStatus, *, slow: bool = False) -> str:
    """Return what the header says about saving.

    Parameters
    ----------
    slow : whether an event has waited for more than 250 ms
    """
    if status.state is SaveState.NOT_SAVED:
        last = "action is" if status.waiting == 1 else f"{status.waiting} actions are"
        # The reason may promise the same without the number.
        told = [part for part in status.reason.rstrip(".").split("; ") if "kept in memory" not in part]
        return f"NOT SAVED: {'; '.join(told)}; your last {last} kept in memory"
    if slow:
        return "saving…"
    return f"saved {local_time(status.saved_at_utc)}" if status.saved_at_utc else "nothing to save yet"


class CaseHeader(QWidget):
    """Case, reader, state of the call, flags, and the clock of the last save.

    Every state is a word or a shape; colour only repeats it.
    """

    activity_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("caseHeader")
        dress(self)
        self.setFixedHeight(HEIGHT_PX)
        self.back = tool_button("‹ Worklist", "Leave this case as a draft; nothing is lost.")
        self.case_label = text("")
        look(self.case_label, "heading")
        self.place = text("")
        self.reader = text("")
        self.blinding = text("")
        self.call = text("")
        self.flags = tool_button("⚑ 0")
        self.saved = text("")
        self.retry = tool_button("Retry", "Try to save now.")
        self.activity = tool_button("Activity", "What was done in this case, and what was said.")
        self.report = tool_button("Report ▸", "What is still open, and the call.", "F6")
        self._slow = QTimer(self, singleShot=True, interval=SAYS_SAVING_AFTER_MS)
        self._slow.timeout.connect(self._say_saving)
        self._lay_out()
        self.back.clicked.connect(self.leave)
        self.retry.clicked.connect(self._retry)
        self.flags.clicked.connect(self._tell_flags)
        self.activity.clicked.connect(self.activity_wanted.emit)
        self.report.clicked.connect(lambda: session.page_wanted.emit("report"))
        session.study_changed.connect(self._show_case)
        session.case_changed.connect(self._show_case)
        session.state_changed.connect(self._on_event)
        session.view_changed.connect(self._show_state)
        session.saved_changed.connect(self._show_saved)
        self._show_case()

    def minimumSizeHint(self) -> QSize:
        """Let no text make the window wider than it is."""
        return QSize(200, HEIGHT_PX)

    def leave(self) -> None:
        """Leave the case as a draft and say so."""
        case = self.session.case
        if case is None:
            return
        name, done = case.case, self.session.committed
        self.session.leave_case()
        if not done:
            self.session.said.emit(Toast(f"Case {name} left as draft."))

    def _lay_out(self) -> None:
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(4, 2, 6, 2)
        row.setSpacing(8)
        groups = (self.back, self.case_label, self.place, self.reader, self.blinding, self.call, self.flags)
        self._dividers: dict[QWidget, QWidget] = {}
        for group in groups:
            row.addWidget(group)
            line = divider()
            self._dividers[group] = line
            row.addWidget(line)
        row.addStretch(1)
        row.addWidget(self.saved)
        row.addWidget(self.retry)
        row.addWidget(self.activity)
        row.addWidget(self.report)
        self.saved.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)

    # ---------------------------------------------------------------- what is shown

    def _show_case(self) -> None:
        self._slow.stop()
        case = self.session.case
        for group in (
            self.back,
            self.case_label,
            self.place,
            self.blinding,
            self.call,
            self.flags,
            self.report,
        ):
            self._show(group, case is not None)
        self.reader.setText(f"Reader {self.session.reader}" if self.session.reader else "no reader")
        self.saved.setVisible(case is not None)
        self.retry.setVisible(False)
        if case is None:
            look(self, "")
            return
        self.case_label.setText(f"CASE {case.case}")
        self.place.setText(self._position(case.case))
        self._show(self.place, bool(self.place.text()))
        self.blinding.setText("BLINDED" if case.blinded else "OPEN")
        self.blinding.setToolTip(
            "Change, categories and measured relation are hidden until the call is committed."
            if case.blinded
            else "Nothing is hidden in this study."
        )
        self._show_state()
        self._show_saved(self.session.save_status)

    def _show(self, group: QWidget, shown: bool) -> None:
        group.setVisible(shown)
        if group in self._dividers:
            self._dividers[group].setVisible(shown)

    def _position(self, name: str) -> str:
        names = [row.case for row in self.session.worklist()]
        return f"{names.index(name) + 1} of {len(names)}" if name in names else ""

    def _on_event(self, _event: object) -> None:
        self._show_state()
        self._slow.start()

    def _show_state(self) -> None:
        case = self.session.case
        if case is None:
            return
        commit = case.state.plain("commit")
        if case.read_only:
            self.call.setText("⊘ READ-ONLY")
            self.call.setToolTip(f"Nothing can be changed: {case.read_only}")
        elif commit:
            self.call.setText(f"◑ CALL COMMITTED rev {commit['revision']}")
            self.call.setToolTip("The call is frozen; a later change is a new revision with a reason.")
        else:
            self.call.setText("◐ DRAFT")
            self.call.setToolTip("Everything is kept as you work; the call is committed with Ctrl+Enter.")
        flags = flags_of(case.state, case.visits, hidden=self.session.masks_hidden)
        lesions = "1 lesion" if flags.lesions == 1 else f"{flags.lesions} lesions"
        self.flags.setText(f"⚑ {flags.n_warnings} · {lesions}")
        self.flags.setToolTip("\n".join((lesions, *flags.sentences())))

    def _tell_flags(self) -> None:
        case = self.session.case
        if case is not None:
            lines = self.flags.toolTip().splitlines()[1:]
            told = "; ".join(lines) + "." if lines else "Nothing waits: no flag in this case."
            self.session.said.emit(Toast(told))

    # ---------------------------------------------------------------- saving

    def _say_saving(self) -> None:
        case = self.session.case
        if case is None:
            return
        status = case.writer.status
        if status.state is not SaveState.NOT_SAVED and status.last_seq < case.state.seq:
            self.saved.setText(saved_words(status, slow=True))

    def _show_saved(self, status: SaveStatus) -> None:
        wrong = status.state is SaveState.NOT_SAVED
        if status.state is SaveState.SAVED:
            self._slow.stop()
        self._make_room(wrong)
        if status.state is not SaveState.SAVING:
            self.saved.setText(("▲ " if wrong else "") + saved_words(status))
        self.saved.setToolTip(
            status.reason if wrong else f"{status.saved_at_utc} (UTC), action {status.last_seq}"
        )
        self.retry.setVisible(wrong)
        look(self, "alarm" if wrong else "")
        self._make_room(wrong)

    def _make_room(self, wrong: bool) -> None:
        """Let the reason have the width of what is less urgent while saving fails."""
        case = self.session.case
        for group in (self.place, self.reader, self.blinding, self.flags, self.report):
            self._show(group, case is not None and not wrong)
        if not wrong and case is not None:
            self._show(self.place, bool(self.place.text()))
        self.saved.setWordWrap(wrong)
        self._row.setStretchFactor(self.saved, 1000 if wrong else 0)
        self._fit_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Become as high as the reason of a failed save needs."""
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        lines_px = 0
        if self.saved.wordWrap():
            self.saved.ensurePolished()
            self._row.invalidate()
            self._row.activate()
            lines_px = self.saved.heightForWidth(self.saved.width()) + 6
        self.setFixedHeight(max(HEIGHT_PX, lines_px))

    def _retry(self) -> None:
        if self.session.case is not None:
            self.session.case.writer.retry()
