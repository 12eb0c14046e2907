"""Chooses which later visit stands beside the baseline, where a case has three visits or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QWidget

from gist_napari.widgets import style

if TYPE_CHECKING:
    from gist_napari.session import Session

__all__ = ["FollowupRow"]


class FollowupRow(QWidget):
    """The follow-up in the right pane; hidden where there is only one."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.choice = QComboBox()
        self.choice.setMinimumHeight(style.TARGET_PX)
        self.choice.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.choice.setToolTip("Which visit stands on the right, as POST")
        self.choice.activated.connect(lambda at: session.choose_followup(self.choice.itemText(at)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(style.text("Follow-up"))
        row.addWidget(self.choice, 1)
        session.case_changed.connect(self.refresh)
        session.pair_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the visits of the open case."""
        visits, (_, post) = self.session.followups, self.session.pair
        self.choice.clear()
        self.choice.addItems(visits)
        if post is not None:
            self.choice.setCurrentText(post.label)
        self.setVisible(len(visits) > 1)
