"""What is asked of the decoding process about a file, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from gist_imaging.problems import Problem
from gist_imaging.study.series import FrameFacts

__all__ = ["DirectoryEntry", "FileFacts", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """One file to be read.

    Parameters
    ----------
    path : file, or the archive when `member` is given
    name : what messages call it, relative to the given root
    member : position of the member in its archive
    """

    path: str
    name: str
    member: int | None = None


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One file that a DICOMDIR names.

    Parameters
    ----------
    file_id : components of its path, below the folder of the DICOMDIR
    series_uid : the series that it is listed under, "" where that is not stated
    """

    file_id: tuple[str, ...]
    series_uid: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file gave: its images, or what a DICOMDIR lists, or the reason why it is refused.

    Parameters
    ----------
    name : the file, as in the request
    entries : the files that a DICOMDIR names; None when the file is no DICOMDIR
    """

    name: str
    frames: tuple[FrameFacts, ...] = ()
    entries: tuple[DirectoryEntry, ...] | None = None
    problem: Problem | None = None
