"""The rows of a worklist as a table: what each cell says, and which rows a filter shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

if TYPE_CHECKING:
    from gist_imaging.store.records import WorklistRow

__all__ = [
    "COLUMNS",
    "FILTERS",
    "STATUS_WORDS",
    "TO_DO",
    "WorklistModel",
    "WorklistTable",
    "last_touched",
    "progress_words",
]

COLUMNS: Final = ("#", "Case", "Scans", "Modality", "Status", "Flags", "Last touched")

STATUS_WORDS: Final[Mapping[str, str]] = {
    "not_started": "○ not started",
    "draft": "◐ draft",
    "committed": "◑ call committed",
    "blocked": "⊘ blocked",
}
"""Status to a symbol that differs in shape, and its words."""

TO_DO: Final = ("not_started", "draft")
"""What `N` opens."""

FILTERS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "All": lambda _row: True,
    "To do": lambda row: row.status in TO_DO,
    "Drafts": lambda row: row.status == "draft",
    "Committed": lambda row: row.status == "committed",
    "Flagged": lambda row: bool(row.flags) or row.status == "blocked",
}

_ROW_HEIGHT_PX = 30

_Index = QModelIndex | QPersistentModelIndex


def last_touched(at_utc: str) -> str:
    """Return when a reader did something last, on this computer's clock; "" before."""
    return datetime.fromisoformat(at_utc).astimezone().strftime("%Y-%m-%d %H:%M") if at_utc else ""


def progress_words(rows: Sequence[WorklistRow]) -> str:
    """Return how far a reader is, such as "3 of 33 committed"."""
    done = sum(row.status == "committed" for row in rows)
    return f"{done} of {len(rows)} committed"


class WorklistModel(QAbstractTableModel):
    """The rows in the reader's own order; there is no other order, since another one could unblind."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[WorklistRow, ...] = ()
        self._filter = "All"
        self.rows: list[WorklistRow] = []

    def set_rows(self, rows: Sequence[WorklistRow]) -> None:
        """Show other rows."""
        self._all = tuple(rows)
        self._select()

    def set_filter(self, name: str) -> None:
        """Show the rows of one of `FILTERS`."""
        self._filter = name
        self._select()

    def count_of(self, name: str) -> int:
        """Return how many rows a filter would show."""
        return sum(FILTERS[name](row) for row in self._all)

    def _select(self) -> None:
        self.beginResetModel()
        self.rows = [row for row in self._all if FILTERS[self._filter](row)]
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        """Return the number of rows."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell says."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _cell(row, COLUMNS[index.column()])
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(row.flags) or None
        return None


def _cell(row: WorklistRow, column: str) -> str:
    cells = {
        "#": str(row.position),
        "Case": row.case,
        "Scans": " → ".join(row.visits) or "none",
        "Modality": row.modality or "–",
        "Status": STATUS_WORDS.get(row.status, row.status),
        "Flags": f"⚑ {len(row.flags)}" if row.flags else "",
        "Last touched": last_touched(row.last_utc),
    }
    return cells[column]


class WorklistTable(QTableView):
    """Chooses rows; letters go to the page instead of searching."""

    def __init__(self, model: WorklistModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT_PX)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(COLUMNS.index("Scans"), QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Enter and letters to the page."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or event.text().isalpha():
            event.ignore()
        else:
            super().keyPressEvent(event)
