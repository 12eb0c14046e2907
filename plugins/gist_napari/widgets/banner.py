"""What is back after the program stopped in the middle of a case; a banner, never a dialog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gist_napari.said import local_time
from gist_napari.widgets.style import button, dress, look, text

if TYPE_CHECKING:
    from gist_napari.session import Session

__all__ = ["RecoveryBanner", "recovery_words"]


def recovery_words(case: str, last_utc: str, n_events: int) -> str:
    """Return what the banner says about one case."""
    at = f" at {local_time(last_utc)}" if last_utc else ""
    back = "Its one action is back." if n_events == 1 else f"All {n_events} actions are back."
    if n_events == 0:
        back = "Nothing had been done in it."
    return f"Case {case} was open when the program stopped{at}. {back}"


class RecoveryBanner(QWidget):
    """One line for each case that was open when the program stopped; nothing where there is none."""

    details_wanted = Signal(str)  # case: show what was restored

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("recoveryBanner")
        dress(self)
        self._dismissed: set[tuple[str, str]] = set()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 4, 8, 4)
        self._column.setSpacing(4)
        self.hide()

    def show_rows(self, rows: Iterable[Any]) -> None:
        """Show the interrupted cases among the rows of the worklist."""
        while (item := self._column.takeAt(0)) is not None:
            gone = item.widget()
            if gone is not None:
                gone.hide()
                gone.deleteLater()
        stopped = [row for row in rows if row.interrupted and (row.case, row.last_utc) not in self._dismissed]
        for row in stopped:
            self._column.addWidget(self._line(row))
        self.setVisible(bool(stopped))

    def _line(self, row: Any) -> QWidget:
        line = QWidget()
        words = text(f"▲ {recovery_words(row.case, row.last_utc, row.n_events)}", wrap=True)
        look(words, "warning")
        opens = button("Open", f"Go on with case {row.case} where it stopped.", main=True)
        shows = button("Show what was restored", "List the actions that are back.")
        away = button("Dismiss", "Put this line away; the case stays a draft.")
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(words, 1)
        for one in (opens, shows, away):
            layout.addWidget(one)
        opens.clicked.connect(lambda: self.session.open_case(row.case))
        shows.clicked.connect(lambda: self.details_wanted.emit(row.case))
        away.clicked.connect(lambda: self._dismiss(row, line))
        return line

    def _dismiss(self, row: Any, line: QWidget) -> None:
        self._dismissed.add((row.case, row.last_utc))
        line.hide()
        line.deleteLater()
        self._column.removeWidget(line)
        self.setVisible(self._column.count() > 0)
