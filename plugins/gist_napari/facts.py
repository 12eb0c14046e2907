"""What a pane says about the picture that it shows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PaneFacts"]


@dataclass(frozen=True, slots=True)
class PaneFacts:
    """The words at the top of a pane, so that one pane alone says what it shows.

    Parameters
    ----------
    case : pseudonym
    day : days since day 0; None where unknown or hidden from the reader
    note : a short warning beside the series, such as "5.0 vs 3.0 mm"
    """

    case: str = ""
    day: int | None = None
    note: str = ""

    def first_line(self, tag: str) -> str:
        """Return case and visit, such as "CASE 017 · PRE · day −12"."""
        day = "" if self.day is None else f"day {self.day:+d}".replace("-", "−")
        return " · ".join(word for word in (self.case, tag, day) if word)
