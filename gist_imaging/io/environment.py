"""What this machine can do: versions, decoders, display, SQLite, memory."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sqlite3
import sys
from dataclasses import asdict, dataclass
from typing import Any

from gist_imaging._version import __version__

__all__ = ["Check", "diagnose"]

# SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write at once; 3.51.3 mends it.
_WAL_SAFE_FROM = (3, 51, 3)

# A 512 x 512 x 300 pair with masks and meshes fits well in this.
_ENOUGH_MEMORY_GB = 4.0

_LIBRARIES = (
    "numpy", "scipy", "pandas", "pyarrow", "scikit-image", "SimpleITK", "pydicom", "nibabel",
    "matplotlib", "typer",
)  # fmt: skip

_DECODERS = {
    "JPEG 2000, HTJ2K": "openjpeg",
    "RLE Lossless": "rle",
    "JPEG-LS": "jpeg_ls",
    "JPEG baseline, extended, lossless": "imagecodecs",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Parameters
    ----------
    name, found : what was looked at, what is there
    status : "ok", "note" (works, with a limit) or "missing"
    advice : what to do, where something can be done
    """

    name: str
    found: str
    status: str = "ok"
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the check as plain values for `json.dumps`."""
        return asdict(self)


def diagnose() -> tuple[Check, ...]:
    """Return every check; none of them changes anything."""
    return (
        Check("gist-imaging", __version__),
        _python(),
        *(_library(name) for name in _LIBRARIES),
        *(_decoder(title, module) for title, module in _DECODERS.items()),
        _display(),
        _sqlite(),
        _memory(),
    )


def _python() -> Check:
    return Check("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _library(name: str) -> Check:
    try:
        return Check(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "not installed", "missing", 'pip install "gist-imaging"')


def _decoder(title: str, module: str) -> Check:
    if importlib.util.find_spec(module) is None:
        return Check(f"decoder {title}", "not installed", "missing", 'pip install "gist-imaging"')
    return Check(f"decoder {title}", module)


def _display() -> Check:
    if importlib.util.find_spec("napari") is None:
        return Check(
            "display", "napari is not installed", "note", 'for the plugin: pip install "gist-imaging[gui]"'
        )
    has_screen = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if has_screen:
        return Check("display", f"napari {importlib.metadata.version('napari')}, a screen")
    return Check("display", "no screen", "note", "the command line needs none; the plugin does")


def _sqlite() -> Check:
    if sqlite3.sqlite_version_info >= _WAL_SAFE_FROM:
        return Check("SQLite", f"{sqlite3.sqlite_version}, write-ahead log")
    return Check(
        "SQLite",
        f"{sqlite3.sqlite_version}, rollback journal",
        "note",
        "nothing: the safe, slower mode is used",
    )


def _memory() -> Check:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return Check("memory", "not told by this system", "note")
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if gigabytes < _ENOUGH_MEMORY_GB:
        return Check("memory", f"{gigabytes:.1f} GB", "note", f"{_ENOUGH_MEMORY_GB:.0f} GB or more is better")
    return Check("memory", f"{gigabytes:.1f} GB")
