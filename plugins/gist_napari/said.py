"""Short messages to the reader, among them what the package refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gist_imaging.errors import GistImagingError

__all__ = ["Toast", "Told", "local_time"]


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message at the bottom.

    Parameters
    ----------
    text : one or two sentences
    kind : "info", "warning" or "error"; errors stay until they are dismissed
    undo : whether it offers Undo
    """

    text: str
    kind: str = "info"
    undo: bool = False


def local_time(at_utc: str) -> str:
    """Return the time of day on this computer's clock of an ISO time in UTC; "" where there is none."""
    return datetime.fromisoformat(at_utc).astimezone().strftime("%H:%M:%S") if at_utc else ""


class Told:
    """Tells what the package refuses instead of raising it."""

    def __init__(self, say: Callable[[Toast], None]) -> None:
        self._say = say

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, GistImagingError):
            self._say(Toast(str(error), "error"))
            return True
        return False
