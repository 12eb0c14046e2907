"""Which bytes a series was read from: a hash that tells later whether its files are still those."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from gist_imaging.errors import Cancelled
from gist_imaging.io.content import Content, content_of
from gist_imaging.io.dicom_index import scan_folder
from gist_imaging.io.regular_file import open_regular
from gist_imaging.io.series_choice import choose_series
from gist_imaging.study.series import Series

__all__ = ["FileHashes", "content_sha256"]

_READ_AT_ONCE = 1024 * 1024


class FileHashes:
    """SHA-256 of files, each read once.

    Parameters
    ----------
    told : called after each file that was read
    cancelled : asked before each file
    """

    def __init__(
        self, told: Callable[[], None] | None = None, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self._told = told
        self._cancelled = cancelled
        self._known: dict[Path, str] = {}

    def of_file(self, path: Path) -> str:
        """Return the SHA-256 of a file.

        Raises
        ------
        IntakeError
            If it is no regular file or cannot be read.
        Cancelled
            When asked to stop.
        """
        if path not in self._known:
            if self._cancelled is not None and self._cancelled():
                raise Cancelled
            digest = hashlib.sha256()
            stream, _ = open_regular(str(path), path.name)
            with stream:
                while part := stream.read(_READ_AT_ONCE):
                    digest.update(part)
            self._known[path] = digest.hexdigest()
            if self._told is not None:
                self._told()
        return self._known[path]

    def of_series(self, series: Series) -> str:
        """Return the SHA-256 of a series: of its images by their UIDs, whatever the files are called."""
        lines = sorted(
            f"{frame.sop_instance_uid} {frame.frame} {self.of_file(frame.path)}" for frame in series.frames
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def content_sha256(
    path: Path, series_uid: str | None = None, split: Mapping[str, str | float] | None = None
) -> str:
    """Return the hash of the image at `path`, as it was taken at import: of the series, or of the one file.

    Raises
    ------
    GistImagingError
        If it is not there, or holds another series.
    """
    hashes = FileHashes()
    if path.is_file() and content_of(path) in (Content.NIFTI, Content.NRRD):
        return hashes.of_file(path)
    index = scan_folder(path)
    return hashes.of_series(choose_series(index, series_uid, split, may_override=True))
