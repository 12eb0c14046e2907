"""The files below a folder: regular ones only, links that stay inside, bounded in depth and number."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from gist_imaging.io.limits import Limits
from gist_imaging.io.regular_file import kind_of
from gist_imaging.problems import Code, Problem
from gist_imaging.study.series import RefusedFile

__all__ = ["FolderListing", "files_below"]


@dataclass(slots=True)
class FolderListing:
    """What was found below a folder: (path, name relative to the folder) of each file, and what was not."""

    files: list[tuple[str, str]] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)


def files_below(root: str, limits: Limits) -> FolderListing:
    """List the files below `root`, in the order of their names.

    A link to something inside `root` is passed over, since what it leads to is listed anyway; one that
    leads outside is refused, and so are pipes, sockets and devices. Nothing is opened.
    """
    listing = FolderListing()
    real_root = Path(root).resolve()
    folders = [(root, "", 0)]
    n_entries = 0
    while folders:
        folder, prefix, depth = folders.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=_name)
        except OSError:
            _refuse(listing, Code.NOT_A_REGULAR_FILE, prefix or ".", "the folder cannot be listed")
            continue
        n_entries += len(entries)
        if n_entries > limits.entries_at_most:
            at_most = limits.entries_at_most
            _refuse(listing, Code.LIMIT_FILES, prefix or ".", f"at most {at_most} files and folders are read")
            return listing
        below = []
        for entry in entries:
            name = prefix + entry.name
            if entry.is_symlink():
                _follow(listing, entry.path, name, real_root)
            elif entry.is_file(follow_symlinks=False):
                listing.files.append((entry.path, name))
            elif not entry.is_dir(follow_symlinks=False):
                kind = kind_of(entry.stat(follow_symlinks=False).st_mode)
                _refuse(listing, Code.NOT_A_REGULAR_FILE, name, f"a file was expected, but it is {kind}")
            elif depth >= limits.folder_depth_at_most:
                at_most = limits.folder_depth_at_most
                _refuse(listing, Code.LIMIT_DEPTH, name, f"folders are read to a depth of {at_most}")
            else:
                below.append((entry.path, name + "/", depth + 1))
        folders.extend(reversed(below))
    return listing


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _follow(listing: FolderListing, path: str, name: str, real_root: Path) -> None:
    try:
        target = Path(path).resolve(strict=False)
        leads_somewhere = target.exists()
    except (OSError, RuntimeError):  # a link that leads to itself
        target, leads_somewhere = real_root, False
    if not target.is_relative_to(real_root):
        _refuse(listing, Code.LINK_OUTSIDE_ROOT, name, "it is a link that leads out of the folder")
    elif not leads_somewhere:
        _refuse(listing, Code.NOT_A_REGULAR_FILE, name, "it is a link that leads nowhere")


def _refuse(listing: FolderListing, code: Code, name: str, message: str) -> None:
    listing.refused.append(RefusedFile(name, Problem(code, message, name)))
