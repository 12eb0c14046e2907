"""The reading screen inside napari's window: worklist, pair check and reading, with everything around them.

It fills the window while it is shown: napari's own canvas and panels are put away and come back with `leave`.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import napari
from napari.components import ViewerModel
from napari.qt import QtViewer
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtGui import QCloseEvent, QResizeEvent, QShowEvent
from qtpy.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gist_napari.key_ring import KeyRing
from gist_napari.key_sheet import KeySheet
from gist_napari.link import PaneLink
from gist_napari.pane import Pane
from gist_napari.planes import Plane
from gist_napari.reading_actions import actions_of
from gist_napari.reading_view import LARGE_FROM_PX, ReadingView
from gist_napari.session import Session
from gist_napari.warm_up import warm_up
from gist_napari.widgets.header import CaseHeader
from gist_napari.widgets.lesion_strip import LesionStrip
from gist_napari.widgets.look_page import INTERPOLATION, MOUSE_STYLE, ONE_WINDOW
from gist_napari.widgets.page import remembered, settings
from gist_napari.widgets.panel import TaskPanel
from gist_napari.widgets.progress import ProgressLine
from gist_napari.widgets.style import dress
from gist_napari.widgets.toast import ActivityList, Toasts
from gist_napari.widgets.tool_strip import ToolStrip
from gist_napari.widgets.worklist_page import WorklistPage
from gist_napari.window_level import presets_of
from gist_napari.window_lock import WindowLock

__all__ = ["ReadingDock"]

DOCK_NAME = "Reading screen"
_WARM_AFTER_MS = 500
"""After a case is shown, so that the images come first."""
PANEL_PX = {"small": 320, "large": 400}


class ReadingDock(QWidget):
    """The whole reading screen.

    Parameters
    ----------
    napari_viewer : the viewer whose window it fills
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.setObjectName("gistReading")
        # napari pushes a docked widget up by a stretch of its own, unless the widget wants the height itself.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewer = napari_viewer
        self.session = Session(self)
        self._put_away: list[QWidget] = []
        self._main: QMainWindow | None = None
        self._sheet: KeySheet | None = None
        self._is_warm = False
        dress(self)
        self.pre, self.post = _pane("PRE"), _pane("POST")
        self.link = PaneLink(self.pre, self.post)
        self.window_lock = WindowLock(self.pre, self.post)
        self.reading = ReadingView(self.session, self.pre, self.post, self.link)
        self.header = CaseHeader(self.session)
        self.tools = ToolStrip(self.session)
        self.panel = TaskPanel(self.session)
        self.lesions = LesionStrip(self.session, self.panel.live)
        self.progress = ProgressLine(self.session)
        self.worklist = WorklistPage(self.session)
        self._lay_out()
        self.toasts = Toasts(self.session, self)
        self.activity = ActivityList(self.session, self)
        self.actions_by_id = actions_of(self)
        self.keys = KeyRing(self, self.actions_by_id)
        self._wire()
        self._set_mouse(str(settings().value(MOUSE_STYLE, "radiology")))
        self._set_smooth(remembered(INTERPOLATION, False))
        self.window_lock.set_enabled(remembered(ONE_WINDOW, False))
        self.session.case_changed.connect(self._show_page)
        self.session.study_changed.connect(self._show_page)
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.session.close)
        self._show_page()

    @classmethod
    def in_viewer(cls, viewer: napari.Viewer) -> ReadingDock:
        """Return the reading screen of a viewer; it is made and docked where there is none."""
        for widget in QApplication.allWidgets():
            if isinstance(widget, cls) and _unwrapped(widget.viewer) is _unwrapped(viewer):
                widget.show()
                return widget
        dock = cls(viewer)
        viewer.window.add_dock_widget(dock, name=DOCK_NAME, area="right")
        return dock

    def _lay_out(self) -> None:
        case_page = QWidget()
        across = QHBoxLayout(case_page)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(3)
        across.addWidget(self.reading, 1)
        across.addWidget(self.panel)
        self.case_page = case_page
        self.pages = QStackedWidget()
        self.pages.addWidget(self.worklist)
        self.pages.addWidget(case_page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.tools)
        layout.addWidget(self.pages, 1)
        # A job that begins beside the lesions moves no image: the scale stays while it runs.
        bottom = QHBoxLayout()
        bottom.setContentsMargins(0, 0, 0, 0)
        bottom.setSpacing(0)
        bottom.addWidget(self.lesions, 1)
        bottom.addWidget(self.progress)
        layout.addLayout(bottom)

    def _wire(self) -> None:
        act, panel = self.actions_by_id, self.panel
        self.header.activity_wanted.connect(self.activity.toggle)
        self.tools.plane_wanted.connect(lambda plane: self.reading.set_plane(Plane(plane)))
        self.tools.blink_wanted.connect(self.reading.finder.blink)
        self.tools.reference_wanted.connect(self.reading.toggle_reference_row)
        self.tools.reference_wanted.connect(self._mark_tools)
        self.tools.three_d_wanted.connect(self.reading.finder.toggle_surfaces)
        panel.live.changed.connect(self.reading.redraw)
        panel.stage_wanted.connect(self.reading.hang)
        panel.preset_wanted.connect(lambda number: act[f"preset_{number}"]())
        panel.interpolation_wanted.connect(self._set_smooth)
        panel.one_window_wanted.connect(self.window_lock.set_enabled)
        panel.mouse_style_wanted.connect(self._set_mouse)
        self.reading.hung.connect(panel.look.mark_stage)
        self.reading.shown.connect(self._show_presets)
        panel.points_wanted.connect(self.reading.finder.points)
        for told in (self.reading.shown, self.link.changed, self.pre.view_changed, self.post.view_changed):
            told.connect(self._mark_tools)
        panel.export_wanted.connect(self.export)
        for page in panel.pages.values():
            self.session.pair_changed.connect(page.refresh)
        for refresh in (self.reading.show_pair, self.lesions.refresh, self.tools.refresh):
            self.session.pair_changed.connect(refresh)
        self.session.pair_changed.connect(panel.look.registration.refresh)

    def _mark_tools(self) -> None:
        """Let the tool strip say which plane is shown, and why blinking cannot be."""
        shown = self.pre if self.pre.volume is not None else self.post
        self.tools.show_plane(shown.plane.value)
        self.tools.show_reference(not self.reading.frames[0].references.isHidden())
        refused = self.link.blink_refused
        self.tools.set_blocked("blink", f"{refused[:1].upper()}{refused[1:]}." if refused else "")

    def _set_mouse(self, style: str) -> None:
        for pane in (self.pre, self.post):
            pane.mouse.bare_wheel_zooms = style == "napari"

    def _show_presets(self) -> None:
        volume = next((pane.volume for pane in (self.pre, self.post) if pane.volume is not None), None)
        presets = {} if volume is None else presets_of(volume)
        self.panel.look.set_presets({number: preset.name for number, preset in presets.items()})

    def _set_smooth(self, smooth: bool) -> None:
        for pane in (self.pre, self.post):
            pane.set_smooth(smooth)

    def show_key_sheet(self) -> None:
        """Show all keys and mouse gestures on one page, or put the page away."""
        if self._sheet is not None and self._sheet.isVisible():
            self._sheet.close()
            return
        self._sheet = KeySheet(self, self.keys.bindings, self.keys.use)
        self._sheet.show()

    def export(self) -> None:
        """Ask for a folder and export the study there: masks, readings, sheets and the cohort."""
        folder = QFileDialog.getSaveFileName(self, "Export the study to a new folder", "export")[0]
        if folder:
            self.session.export_study(Path(folder))

    def _show_page(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            # A menu of the case that was left would act on this one.
            popup.close()
        is_open = self.session.case is not None
        if not is_open and self.session.folder is not None and not gc.get_freeze_count():
            # The window and napari stay to the end: looking through their 300,000 objects for what can be
            # let go of would stop a hand for a quarter of a second, now and then. Cases are still looked at.
            gc.freeze()
        self.pages.setCurrentWidget(self.case_page if is_open else self.worklist)
        for widget in (self.tools, self.lesions):
            widget.setVisible(is_open)
        if is_open:
            self._fit()
            self.pre.widget.setFocus()
            if not self._is_warm:
                self._is_warm = True
                QTimer.singleShot(_WARM_AFTER_MS, warm_up)

    # ---------------------------------------------------------------- filling napari's window

    def showEvent(self, event: QShowEvent) -> None:
        """Put away what napari shows beside us."""
        super().showEvent(event)
        QTimer.singleShot(0, self.fill_window)

    def fill_window(self) -> None:
        """Put away napari's own canvas and panels, again whenever napari has brought one back.

        Done before the window is shown, they cost no time.
        """
        main = self.window()
        if not isinstance(main, QMainWindow):
            return
        own = _dock_of(self)
        if self._main is not main:
            self._main = main
            main.installEventFilter(self)
            if own is not None:
                own.setTitleBarWidget(QWidget(own))
                own.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        others = [dock for dock in main.findChildren(QDockWidget) if dock is not own]
        for widget in (main.centralWidget(), *others):
            if widget is not None and not widget.isHidden():
                if widget not in self._put_away:
                    self._put_away.append(widget)
                widget.hide()
        main.statusBar().setVisible(False)
        self._fit()

    def leave(self) -> None:
        """Close the case and give napari its window back."""
        self.session.leave_case()
        for widget in self._put_away:
            widget.show()
        self._put_away = []
        gc.unfreeze()
        if self._main is not None:
            self._main.statusBar().setVisible(True)
            self._main = None
        own = _dock_of(self)
        (own or self).hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Bring everything to disk before napari's window closes."""
        if watched is self._main and event.type() == QEvent.Type.Close:
            self.session.close()
            gc.unfreeze()
        return False

    def closeEvent(self, event: QCloseEvent) -> None:
        """Bring everything to disk."""
        self.session.close()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give panel and reference row the size that the window has room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        large = self.width() >= LARGE_FROM_PX
        self.panel.setFixedWidth(PANEL_PX["large" if large else "small"])
        self.reading.fit_window(self.width())


def _pane(tag: str) -> Pane:
    model = ViewerModel(title=tag)
    widget = QtViewer(model)
    widget.dims.hide()
    return Pane(model, widget, tag)


def _dock_of(widget: QWidget) -> QDockWidget | None:
    parent: Any = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent


def _unwrapped(viewer: Any) -> Any:
    return getattr(viewer, "__wrapped__", viewer)
