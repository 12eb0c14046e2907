"""What every page of the panel does: it shows the open case, and follows it while it is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSettings, QTimer
from qtpy.QtWidgets import QLayout, QVBoxLayout, QWidget

from gist_imaging.errors import GistImagingError

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from gist_napari.session import Session

__all__ = ["Page", "emptied", "remembered", "settings"]


def settings() -> QSettings:
    """Return where folds and switches are remembered, for this user on this machine."""
    ini, user = QSettings.Format.IniFormat, QSettings.Scope.UserScope
    return QSettings(ini, user, "gist_imaging", "reading")


def remembered(name: str, default: bool) -> bool:
    """Return a switch as it was left."""
    return str(settings().value(name, str(default))).lower() == "true"


def emptied(layout: QLayout) -> None:
    """Take everything out of a layout, at once."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            emptied(inner)


class Page(QWidget):
    """A page of the panel: shows the open case, and follows it while it is seen.

    Parameters
    ----------
    session : what is open, and what can be done
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.refused = ""
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(10, 8, 10, 8)
        self.rows.setSpacing(6)
        self._stale = True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._refresh_now)
        # Nothing of a case that was left may stay, seen or not.
        session.case_changed.connect(self._refresh_now)
        session.state_changed.connect(self.refresh_soon)
        session.active_changed.connect(self.refresh_soon)

    def refresh(self) -> None:
        """Show what the session knows now."""
        raise NotImplementedError

    @property
    def revealed(self) -> bool:
        """Whether change, categories and metrics may be seen: the call is committed, or the study says so."""
        case = self.session.case
        return case is not None and (self.session.committed or case.reveal == "always")

    def asked(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a workflow function says of the open case, None where it refuses; tells nobody.

        For showing only: what the reader does goes through `session.do`, which tells refusals. What was
        refused last stands in `refused`.
        """
        self.refused = ""
        if self.session.case is None:
            return None
        try:
            return action(self.session.case, *arguments)
        except GistImagingError as error:
            self.refused = str(error)
            return None

    def refresh_soon(self, *_: object) -> None:
        """Show it when this turn of events is over; a page that is not seen waits until it is."""
        self._stale = True
        if self.isVisible():
            self._soon.start(0)

    def _refresh_now(self) -> None:
        self._stale = False
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the page was hidden."""
        super().showEvent(event)
        if self._stale:
            self._refresh_now()
