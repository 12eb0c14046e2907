"""Short messages at the bottom of the window, and the list of everything that was said and done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer
from qtpy.QtWidgets import QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gist_napari.said import local_time
from gist_napari.widgets.style import LINE, QUIET, TARGET_PX, button, dress, heading, look, text

if TYPE_CHECKING:
    from qtpy.QtGui import QEnterEvent

    from gist_imaging.session.event import Event
    from gist_napari.said import Toast
    from gist_napari.session import Session

__all__ = ["ActivityList", "ToastCard", "Toasts"]

SHOWN_MS = 5000
CARDS_AT_MOST = 3
LINES_AT_MOST = 300
CARD_PX = 620
ABOVE_BOTTOM_PX = 72
"""Clear of the lesion strip and napari's status line."""

SYMBOLS = {"info": "•", "warning": "▲", "error": "✕"}


class ToastCard(QFrame):
    """One message; it goes by itself after 5 s, an error only when it is dismissed."""

    def __init__(self, toast: Toast, undo_seq: int, case: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.toast = toast
        self.case = case
        """Case that was open when it was said; "" for none."""
        self.undo_seq = undo_seq
        self.setObjectName("toastCard")
        self.symbol = text(SYMBOLS.get(toast.kind, "•"))
        self.words = text(toast.text, wrap=True)
        self.symbol.setMinimumHeight(TARGET_PX)
        self.words.setMinimumHeight(TARGET_PX)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.symbol, self.words):
            look(label, toast.kind if toast.kind in ("warning", "error") else "")
        self.undo = button("Undo", "Take this step back.", "Ctrl+Z")
        self.undo.setVisible(toast.undo)
        self.dismiss = button("Dismiss", "Put this message away; it stays in the activity list.")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.symbol, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        for one in (self.undo, self.dismiss):
            one.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        self.timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        if toast.kind != "error":
            self.timer.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay while the mouse is over it."""
        self.timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Go 5 s after the mouse has left."""
        if self.toast.kind != "error":
            self.timer.start()
        super().leaveEvent(event)


class Toasts(QWidget):
    """Lies over the window at the bottom centre and shows up to three messages.

    Parameters
    ----------
    over : the window; the area follows its size
    """

    def __init__(self, session: Session, over: QWidget) -> None:
        super().__init__(over)
        self.session = session
        self.setObjectName("toastArea")
        dress(self)
        self.setStyleSheet(
            self.styleSheet()
            + "QWidget#toastArea { background: transparent; }"
            + f"QFrame#toastCard {{ border: 1px solid {QUIET}; border-radius: 4px; }}"
        )
        self.cards: list[ToastCard] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        over.installEventFilter(self)
        session.said.connect(self.say)
        session.state_changed.connect(self._after_a_step)
        session.case_changed.connect(self._other_case)
        self.hide()

    def say(self, toast: Toast) -> None:
        """Show a message; the same one again only starts its time anew."""
        same = next((card for card in self.cards if card.toast == toast), None)
        if same is not None:
            if toast.kind != "error":
                same.timer.start()
            same.undo_seq = self._last_step()
            same.undo.setVisible(toast.undo)
        else:
            self._add(toast)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the window."""
        if watched is self.parent() and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _add(self, toast: Toast) -> None:
        while len(self.cards) >= CARDS_AT_MOST:
            passing = next((card for card in self.cards if card.toast.kind != "error"), self.cards[0])
            self._drop(passing)
        opened = self.session.case
        card = ToastCard(toast, self._last_step(), "" if opened is None else opened.case, self)
        card.timer.timeout.connect(lambda: self._drop(card))
        card.dismiss.clicked.connect(lambda: self._drop(card))
        card.undo.clicked.connect(lambda: self._undo(card))
        self.cards.append(card)
        self._column.addWidget(card)
        card.show()

    def _undo(self, card: ToastCard) -> None:
        self._drop(card)
        self.session.undo()

    def _drop(self, card: ToastCard) -> None:
        if card in self.cards:
            self.cards.remove(card)
            self._column.removeWidget(card)
            card.timer.stop()
            card.hide()
            card.deleteLater()
        self._place()

    def _last_step(self) -> int:
        state = self.session.state
        return state.done[-1].seq if state is not None and state.done else 0

    def _after_a_step(self, _event: object) -> None:
        """Take Undo away from a message whose step is no longer the last: it would take another one back."""
        for card in self.cards:
            if card.toast.undo and card.undo_seq != self._last_step():
                card.undo.hide()

    def _other_case(self) -> None:
        """Take away what was said of another case; an error that was said outside of any stays."""
        for card in [card for card in self.cards if card.toast.kind != "error" or card.case]:
            self._drop(card)

    def _place(self) -> None:
        over = self.parentWidget()
        if over is None or not self.cards:
            self.hide()
            return
        width = min(CARD_PX, over.width() - 40)
        self.setFixedWidth(width)
        self._column.activate()
        height = max(self._column.heightForWidth(width), self._column.minimumSize().height())
        bottom = over.height() - ABOVE_BOTTOM_PX
        self.setGeometry((over.width() - width) // 2, max(bottom - height, 0), width, height)
        self.show()
        self.raise_()


class ActivityList(QWidget):
    """What was done in this case and what was said, the newest on top; also what could not be done."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("activityList")
        dress(self)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        close = button("Close", "Put this list away.")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.hide)
        top = QHBoxLayout()
        top.addWidget(heading("Activity"))
        top.addStretch(1)
        top.addWidget(close)
        column.addLayout(top)
        column.addWidget(self.list)
        self.setStyleSheet(self.styleSheet() + f"QWidget#activityList {{ border: 2px solid {LINE}; }}")
        if parent is not None:
            self.hide()
        session.said.connect(lambda toast: self._add(f"{SYMBOLS.get(toast.kind, '•')} {toast.text}"))
        session.state_changed.connect(self._on_event)
        session.case_changed.connect(self._other_case)

    def sizeHint(self) -> QSize:
        """Return a size that shows about ten lines."""
        return QSize(CARD_PX, 300)

    def toggle(self) -> None:
        """Show the list over the lower right of the widget that it lies on, or put it away."""
        over = self.parentWidget()
        if over is not None and not self.isVisible():
            size = self.sizeHint().boundedTo(over.size())
            at = (over.width() - size.width() - 8, over.height() - size.height() - ABOVE_BOTTOM_PX // 2)
            self.setGeometry(at[0], max(at[1], 0), size.width(), size.height())
            self.show()
            self.raise_()
        else:
            self.hide()

    def lines(self) -> list[str]:
        """Return what the list says, the newest first."""
        items = (self.list.item(at) for at in range(self.list.count()))
        return [item.text() for item in items if item is not None]

    def _on_event(self, event: Event) -> None:
        if event.kind != "view":
            self._add(event.label)

    def _other_case(self) -> None:
        if self.session.case is not None:
            self.list.clear()

    def _add(self, said: str) -> None:
        at = local_time(datetime.now(UTC).isoformat())
        self.list.insertItem(0, QListWidgetItem(f"{at}  {said}"))
        while self.list.count() > LINES_AT_MOST:
            self.list.takeItem(self.list.count() - 1)
