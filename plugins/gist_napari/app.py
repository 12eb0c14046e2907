"""The reading screen as a program of its own: napari with one study open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError

__all__ = ["annotate", "is_study", "study_for"]

STUDY_SUFFIX = "_study"


def is_study(folder: Path) -> bool:
    """Return whether a folder holds a study."""
    return (folder / "study.sqlite").is_file()


def study_for(
    target: Path,
    at: Path | None,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Return the study folder that `target` means; a folder of scans becomes a study first.

    Parameters
    ----------
    target : a study folder, or a folder of scans
    at : where the study of a folder of scans is made; None: NAME_study in the current folder

    Raises
    ------
    GistImagingError
        If there is nothing at `target`, or the scans cannot be read.
    """
    if is_study(target):
        return target
    if not target.exists():
        raise GistImagingError(
            "a study folder or a folder of scans", f"there is no {target.name}", "check it"
        )
    folder = at if at is not None else Path.cwd() / f"{target.resolve().name}{STUDY_SUFFIX}"
    if not is_study(folder):
        workflow.init_study(folder, study_id="READING")
    workflow.import_scans(folder, target, progress=progress, cancelled=cancelled)
    return folder


def annotate(target: Path, *, reader: str = "R1", case: str | None = None, at: Path | None = None) -> int:
    """Open the reading screen and stay until it is closed; return the exit code."""
    folder = study_for(target, at)
    import napari

    from gist_napari.window import ReadingDock

    viewer = napari.Viewer(title="GIST reading", show=False)
    reading = ReadingDock.in_viewer(viewer)
    reading.fill_window()
    viewer.window.show()
    reading.window().showMaximized()
    reading.session.open_study(folder, reader)
    if case is not None:
        reading.session.open_case(case)
    napari.run()
    return 0
