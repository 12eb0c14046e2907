"""A folder that appears whole or not at all, and the one that it replaces only then."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from gist_imaging.errors import GistImagingError

__all__ = ["INDEX", "NewFolder"]

INDEX = "export.json"
"""What an export folder is known by."""

FORMAT = "gist_imaging.export/1"


@dataclass(slots=True)
class NewFolder:
    """A context in which a folder is made beside its place.

    Parameters
    ----------
    place : where it goes at the end
    parts : hidden folder beside it, which is gone afterwards
    """

    place: Path
    parts: Path

    @classmethod
    def at(cls, place: Path, *, overwrite: bool) -> NewFolder:
        """Return the context, after a look at whether the place can be taken.

        Raises
        ------
        GistImagingError
            If something stands there that is no export, or an export that was not to be replaced.
        """
        place = Path(os.path.abspath(place))  # noqa: PTH100 - resolve() would follow a link at the folder itself
        _restore(place)
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise _taken(place, "something else stands there", "give another folder")
        if place.is_dir() and any(place.iterdir()):
            if not _is_export(place):
                raise _taken(place, "a folder with other files stands there", "give another folder")
            if not overwrite:
                raise _taken(place, "an export stands there", "give another folder, or --force to replace it")
        place.parent.mkdir(parents=True, exist_ok=True)
        return cls(place, place.with_name(f".{place.name}.{secrets.token_hex(4)}.part"))

    @property
    def made(self) -> Path:
        """What will be the folder."""
        return self.parts / "made"

    @property
    def work(self) -> Path:
        """What is needed on the way and does not leave."""
        return self.parts / "work"

    def __enter__(self) -> NewFolder:
        self.parts.mkdir(mode=0o700)
        self.made.mkdir()
        self.work.mkdir(mode=0o700)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.parts, ignore_errors=True)

    def finish(self) -> None:
        """Put the folder in its place; the one that stood there goes last."""
        previous = _previous(self.place)
        if self.place.exists():
            self.place.rename(previous)
        try:
            self.made.rename(self.place)
        except OSError:
            if previous.exists():
                previous.rename(self.place)
            raise
        shutil.rmtree(previous, ignore_errors=True)


def _previous(place: Path) -> Path:
    return place.with_name(f".{place.name}.previous")


def _restore(place: Path) -> None:
    """Put back an export whose replacement was cut short between two renames."""
    previous = _previous(place)
    if not previous.is_dir() or not (_is_export(previous) or not any(previous.iterdir())):
        return
    if place.exists():
        shutil.rmtree(previous)
    else:
        previous.rename(place)


def _is_export(folder: Path) -> bool:
    try:
        held = json.loads((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(held, dict) and str(held.get("format", "")).startswith("gist_imaging.export/")


def _taken(place: Path, found: str, advice: str) -> GistImagingError:
    return GistImagingError(f"{place.name} is a new or empty folder", found, f"{advice}; nothing was changed")
