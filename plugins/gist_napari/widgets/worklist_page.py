"""The page before a case is open: which cases a reader has, and which is next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QModelIndex, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_napari.app import is_study
from gist_napari.said import Toast
from gist_napari.study_jobs import ScansJob
from gist_napari.widgets.banner import RecoveryBanner
from gist_napari.widgets.no_study import NoStudy
from gist_napari.widgets.pair_page import PairPage
from gist_napari.widgets.style import button, dress, heading, look, quiet, text
from gist_napari.widgets.worklist_table import FILTERS, TO_DO, WorklistModel, WorklistTable, progress_words

if TYPE_CHECKING:
    from qtpy.QtGui import QDragEnterEvent, QDropEvent, QShowEvent

    from gist_imaging.store.records import WorklistRow
    from gist_napari.session import Session

__all__ = ["WorklistPage"]


class WorklistPage(QWidget):
    """Full width; Enter opens the chosen case, N the next one that is not committed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("worklistPage")
        dress(self)
        self.setAcceptDrops(True)
        self.banner = RecoveryBanner(session)
        self.model = WorklistModel(self)
        self.table = WorklistTable(self.model)
        self.filters = QButtonGroup(self)
        self.title = heading("Worklist")
        self.progress = text("")
        self.reader = QLineEdit()
        self.reader.setFixedWidth(90)
        self.reader.setMaxLength(32)
        self.reader.setToolTip("Who is reading: a pseudonym such as R1, then Enter.")
        self.details = quiet("")
        self.details.setMinimumHeight(54)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.open_button = button("Open", "Open the chosen case.", "Enter", main=True)
        self.next_button = button("Next to do", "Open the next case that is not committed.", "N")
        self.pair_button = button("Check its scans", "See visits, series and what is not comparable.")
        self.empty = NoStudy()
        self.pair = PairPage(session)
        self.pages = QStackedWidget()
        self._lay_out()
        self.open_button.clicked.connect(self.open_chosen)
        self.next_button.clicked.connect(self.open_next)
        self.pair_button.clicked.connect(self._check_scans)
        self.reader.editingFinished.connect(self._other_reader)
        self.table.doubleClicked.connect(lambda _index: self.open_chosen())
        self.table.selectionModel().currentChanged.connect(self._show_details)
        self.pair.left.connect(self.refresh)
        self.pair.open_wanted.connect(self._open_from_pair)
        self.banner.details_wanted.connect(self._show_restored)
        session.study_changed.connect(self.refresh)
        session.case_changed.connect(self._after_a_case)
        session.open_wanted.connect(self.open_named)
        self.empty.folder_wanted.connect(self._choose_folder)
        self.empty.sample_wanted.connect(session.open_sample)
        self.refresh()

    # ---------------------------------------------------------------- layout

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.title)
        top.addSpacing(12)
        for name in FILTERS:
            made = button(name)
            made.setCheckable(True)
            made.setChecked(name == "All")
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            made.clicked.connect(lambda _on, name=name: self.set_filter(name))
            self.filters.addButton(made)
            top.addWidget(made)
        top.addStretch(1)
        top.addWidget(self.progress)
        top.addSpacing(12)
        top.addWidget(quiet("Reader", wrap=False))
        top.addWidget(self.reader)
        below = QHBoxLayout()
        below.addWidget(self.details, 1)
        for one in (self.pair_button, self.next_button, self.open_button):
            below.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        listed = QWidget()
        rows = QVBoxLayout(listed)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(top)
        rows.addWidget(self.table, 1)
        rows.addLayout(below)
        self.pages.addWidget(listed)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.pair)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.addWidget(self.banner)
        column.addWidget(self.pages, 1)

    # ---------------------------------------------------------------- what is shown

    def refresh(self) -> None:
        """Read the worklist anew."""
        chosen = self.chosen()
        rows = self.session.worklist()
        self.reader.setText(self.session.reader or "R1")
        self.model.set_rows(rows)
        for made in self.filters.buttons():
            name = made.text().split("  ")[0]
            made.setText(f"{name}  {self.model.count_of(name)}")
        self.progress.setText(progress_words(rows) if rows else "")
        self.banner.show_rows(rows)
        self.empty.say(self.session.folder is not None)
        self.pages.setCurrentIndex(0 if rows else 1)
        self.choose(chosen.case if chosen is not None else self._first_to_do(rows))

    def set_filter(self, name: str) -> None:
        """Show some of the rows."""
        chosen = self.chosen()
        self.model.set_filter(name)
        for made in self.filters.buttons():
            made.setChecked(made.text().split("  ")[0] == name)
        self.choose(chosen.case if chosen is not None else "")
        self._show_details()

    def chosen(self) -> WorklistRow | None:
        """Return the row that Enter would open."""
        at = self.table.currentIndex().row()
        return self.model.rows[at] if 0 <= at < len(self.model.rows) else None

    def choose(self, case: str) -> None:
        """Choose the row of a case, else the first."""
        names = [row.case for row in self.model.rows]
        if names:
            self.table.selectRow(names.index(case) if case in names else 0)
        self._show_details()

    def _first_to_do(self, rows: tuple[WorklistRow, ...]) -> str:
        return next((row.case for row in rows if row.status in TO_DO), "")

    def _show_details(self, _now: QModelIndex | None = None, _before: QModelIndex | None = None) -> None:
        row = self.chosen()
        for one in (self.open_button, self.pair_button):
            one.setEnabled(row is not None)
        if row is None:
            self.details.setText("No case in this list. Choose All above.")
            look(self.details, "quiet")
            return
        blocked = row.status == "blocked"
        lines = list(row.flags) or ["Nothing is flagged."]
        self.details.setText(
            f"{'▲ ' if row.flags else ''}Case {row.case}{' is blocked' if blocked else ''}: "
            + "\n".join(lines)
        )
        look(self.details, "warning" if row.flags else "quiet")

    def showEvent(self, event: QShowEvent) -> None:
        """Let Enter and N work at once."""
        super().showEvent(event)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _after_a_case(self) -> None:
        if self.session.case is None:
            self.refresh()

    # ---------------------------------------------------------------- what is done

    def open_chosen(self) -> None:
        """Open the chosen case; a blocked one says why and shows its scans."""
        row = self.chosen()
        if row is None:
            return
        if row.status == "blocked":
            why = "; ".join(row.flags) or "it has no series that can be measured"
            self.session.said.emit(Toast(f"Case {row.case} is blocked: {why}.", "warning"))
            self.show_pair(row.case)
        elif row.status == "committed" or self._is_settled(row.case):
            self.session.open_case(row.case)
        else:
            self.show_pair(row.case)

    def open_next(self) -> None:
        """Open the next case that is not committed, from the chosen one on."""
        rows = list(self.session.worklist())
        chosen = self.chosen()
        at = next((n for n, row in enumerate(rows) if chosen is not None and row.case == chosen.case), 0)
        waiting = [row for row in (*rows[at:], *rows[:at]) if row.status in TO_DO]
        if waiting:
            self.choose(waiting[0].case)
            self.open_chosen()
        elif rows:
            blocked = sum(row.status == "blocked" for row in rows)
            rest = f" {blocked} blocked." if blocked else ""
            self.session.said.emit(
                Toast(f"{progress_words(rows).capitalize()}: nothing is left to do.{rest}")
            )

    def open_named(self, case: str) -> None:
        """Open a case by its name, past nothing that Enter on its row would stop at."""
        self.refresh()
        self.choose(case)
        self.open_chosen()

    def show_pair(self, case: str) -> None:
        """Show the scans of a case: visits, roles, series and what is not comparable."""
        if self.pair.show_case(case):
            self.pages.setCurrentWidget(self.pair)
            self.pair.setFocus(Qt.FocusReason.OtherFocusReason)

    def _check_scans(self) -> None:
        row = self.chosen()
        if row is not None:
            self.show_pair(row.case)

    def _is_settled(self, case: str) -> bool:
        """Return whether somebody has accepted the scans of a case; one that cannot say so may be read."""
        if self.session.folder is None:
            return True
        try:
            return workflow.pair_check(self.session.folder, case).is_settled
        except GistImagingError:
            return True

    def _open_from_pair(self, case: str) -> None:
        self.refresh()
        self.session.open_case(case)

    def _other_reader(self) -> None:
        name = self.reader.text().strip()
        if self.session.folder is None or not name:
            self.session.reader = name or self.session.reader
        elif name != self.session.reader and not self.session.open_study(self.session.folder, name):
            self.reader.setText(self.session.reader)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_restored(self, case: str) -> None:
        """Open the case and say what is back; the activity list names each action."""
        if self.session.open_case(case) and self.session.case is not None:
            done = self.session.case.state.done
            last = [event.label for event in done[-5:]]
            told = "; ".join(reversed(last)) if last else "nothing that can be undone"
            self.session.said.emit(Toast(f"Back in case {case}, the last first: {told}."))

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "A study folder, or a folder of scans")
        if chosen:
            self.open_folder(Path(chosen))

    def open_folder(self, folder: Path) -> None:
        """Open a study; a folder of scans is taken into a new study beside it first."""
        reader = self.reader.text().strip() or "R1"
        if is_study(folder):
            self.session.open_study(folder, reader)
            return

        def imported(study: Path) -> None:
            self.session.open_study(study, reader)

        self.session.run(ScansJob(folder), imported)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take one folder."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and Path(urls[0].toLocalFile()).is_dir():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the folder that was dropped."""
        event.acceptProposedAction()
        self.open_folder(Path(event.mimeData().urls()[0].toLocalFile()))

    def event(self, event: QEvent) -> bool:
        """Claim Enter and N from the keys of the reading screen."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """N opens the next case, Enter the chosen one."""
        listed = self.pages.currentIndex() == 0
        if not _is_own(event) or not listed:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_N:
            self.open_next()
        else:
            self.open_chosen()


def _is_own(event: QKeyEvent) -> bool:
    plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return plain and event.key() in (Qt.Key.Key_N, Qt.Key.Key_Return, Qt.Key.Key_Enter)
