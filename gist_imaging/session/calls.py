"""The reader's words about levator ani and low rectum: answering, what is still open, and the commit."""

from __future__ import annotations

from gist_imaging.errors import ReadingError
from gist_imaging.session.state import CaseState

__all__ = ["is_committed", "refuse_after_commit"]


def is_committed(state: CaseState) -> bool:
    """Return whether the reader's call is committed."""
    return state.plain("commit") is not None


def refuse_after_commit(state: CaseState, expected: str) -> None:
    """Refuse what can only be given before the commit.

    Raises
    ------
    ReadingError
        Says that the call is committed.
    """
    if is_committed(state):
        raise ReadingError(expected, "the call is committed", "revise it with a reason")
