"""Registers the two scans and asks whether the result is right; part of the Look page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gist_napari.widgets import style
from gist_napari.widgets.parts import ReasonRow

if TYPE_CHECKING:
    from gist_napari.session import Session

__all__ = ["RegistrationRow"]

_WORDS = {
    "none": "Not registered: both panes go together by the middle of the scans.",
    "unchecked": "Registered{bound}, not checked. Scroll through bones and fat in both panes, then say:",
    "ok": "Registered{bound} and found right.",
    "rejected": "Found wrong; both panes go together by the middle of the scans.",
}


class RegistrationRow(QWidget):
    """One sentence on how the scans are registered, and the next step."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.words = style.text("", wrap=True)
        self.register = style.button("Register the scans", "Find how the follow-up lies to the baseline.")
        self.right = style.button("It is right", "You have looked: the same places lie side by side.")
        self.wrong = style.button("It is wrong …", "Asks what does not fit; the panes part again.")
        self.reason = ReasonRow("What does not fit?", ("bones", "rectum", "whole pelvis"))
        self.register.clicked.connect(session.register)
        self.right.clicked.connect(lambda: session.check_registration(True))
        self.wrong.clicked.connect(lambda: self.reason.start())
        self.reason.given.connect(lambda why: session.check_registration(False, why))
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.register, self.right, self.wrong):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(style.heading("Registration"))
        column.addWidget(self.words)
        column.addLayout(buttons)
        column.addWidget(self.reason)
        session.case_changed.connect(self.refresh)
        session.case_changed.connect(self.reason.drop)
        session.state_changed.connect(lambda _event: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Show what is kept of the pair."""
        pre, post = self.session.pair
        self.setVisible(pre is not None and post is not None)
        state = self.session.registration_state
        error = self.session.registration_error_mm
        bound = "" if error is None else f" (error at most {error:.1f} mm in 95 of 100)"
        self.words.setText(_WORDS[state].format(bound=bound))
        self.register.setVisible(state in ("none", "rejected"))
        self.right.setVisible(state == "unchecked")
        self.wrong.setVisible(state in ("unchecked", "ok"))
