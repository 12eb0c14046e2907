"""Which slices of a visit were on the screen, so that nobody verifies what nobody has looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_napari.pane import Pane
    from gist_napari.session import Session

__all__ = ["SlicesSeen"]


class SlicesSeen(QObject):
    """Notes the acquired slices that were shown, for each visit, since its masks last changed as a whole."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._seen: dict[str, set[int]] = {}
        session.case_changed.connect(self._seen.clear)
        session.state_changed.connect(self._on_event)

    def note(self, visit: str, pane: Pane, measured: bool) -> None:
        """Note the slice that a pane shows, where that is an acquired slice of the measured series."""
        if measured and pane.grid is not None and pane.is_acquired_plane:
            self._seen.setdefault(visit, set()).add(pane.native_slice)

    def of(self, visit: str) -> frozenset[int]:
        """Return the indices of the slices that were shown, along the acquired slice axis."""
        return frozenset(self._seen.get(visit, ()))

    def _on_event(self, event: Event) -> None:
        """A new proposal or mask has not been looked at yet; a brush stroke changes what is on the screen."""
        if event.name in ("propose", "accept", "undo", "redo"):
            for change in event.changes:
                if change.key[0] == "proposal":
                    self._seen.pop(change.key[2], None)
