"""What a pane says about the picture that it shows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PaneFacts", "day_words"]


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
        return " · ".join(word for word in (self.case, tag, day_words(self.day)) if word)


def day_words(day: int | None) -> str:
    """Return a day with its sign, such as "day −12" or "day 0"; "" where it is unknown.

    >>> day_words(-12), day_words(0), day_words(None)
    ('day −12', 'day 0', '')
    """
    if day is None:
        return ""
    return f"day {day:+d}".replace("-", "−") if day else "day 0"
