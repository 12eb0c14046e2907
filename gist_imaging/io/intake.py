"""The one way in for files: looked at once here, and read in the decoding process unless they are plain.

Plain CT and MR images are walked in this process (`header_walk`); everything else that may be DICOM is
only ever opened in the decoding process. A file that kills that process is refused and harms no other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from gist_imaging.errors import IntakeError
from gist_imaging.io.archive import ZIP_MARKS, member_name
from gist_imaging.io.file_records import FileFacts, Request
from gist_imaging.io.header_walk import Walk, walk
from gist_imaging.io.limits import Limits
from gist_imaging.io.regular_file import open_descriptor
from gist_imaging.io.worker import Worker, shared_worker
from gist_imaging.problems import Code, Problem
from gist_imaging.study.series import FrameFacts

__all__ = ["HeadSize", "Intake", "Look", "look_at"]

# Enough for the header of a plain CT image. Longer ones are read again, up to the second number; the next
# file is likely to be of the same series, so that much is read of it at once.
_HEAD_BYTES = 8 * 1024
_HEAD_AT_MOST_BYTES = 512 * 1024
_PAGE_BYTES = 4096
_FILES_PER_CALL = 64
_MEMBERS_PER_CALL = 64
# A data set without preamble begins with file meta or with group 0008, little or big endian.
_BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
_MARK = b"DICM"


class Look(Enum):
    """What a file seems to be from its first bytes."""

    DICOM = "dicom"
    ARCHIVE = "archive"


class HeadSize:
    """How much of the next file to read."""

    __slots__ = ("bytes_",)

    def __init__(self) -> None:
        self.bytes_ = _HEAD_BYTES


def look_at(path: str, name: str, limits: Limits, head_size: HeadSize) -> FrameFacts | Look:
    """Return the facts of a plain image, or what else the file may be.

    Parameters
    ----------
    path, name : as in FrameFacts
    head_size : how much to read; learns from each file

    Raises
    ------
    IntakeError
        NOT_DICOM, LIMIT_SIZE or NOT_A_REGULAR_FILE.
    """
    descriptor, size = open_descriptor(path, name)
    try:
        head = os.read(descriptor, head_size.bytes_)
        if head[128:132] != _MARK:
            return _unmarked(head, size, name, limits)
        modified_ns = os.fstat(descriptor).st_mtime_ns
        if not limits.file_at_least_bytes <= size <= limits.file_at_most_bytes:
            return Look.DICOM
        cut = path.rfind(os.sep) + 1
        place = _folder(path[:cut]) / path[cut:]
        walked = walk(head, size, place, name, modified_ns=modified_ns)
        if walked is Walk.NEEDS_MORE and size > len(head):
            head += os.read(descriptor, _HEAD_AT_MOST_BYTES - len(head))
            walked = walk(head, size, place, name, modified_ns=modified_ns)
        if isinstance(walked, FrameFacts):
            pages = -(-(walked.pixel_offset or 0) // _PAGE_BYTES)
            head_size.bytes_ = max(_HEAD_BYTES, pages * _PAGE_BYTES)
            return walked
    except OSError:
        message = "a file that can be read, but the disk or network failed"
        raise IntakeError(Problem(Code.NOT_A_REGULAR_FILE, message, name)) from None
    finally:
        os.close(descriptor)
    return Look.DICOM


# Taking a path apart costs as much as opening the file, and many files share a folder.
_folder = lru_cache(maxsize=256)(Path)


def _unmarked(head: bytes, size: int, name: str, limits: Limits) -> Look:
    if head.startswith(ZIP_MARKS):
        return Look.ARCHIVE
    if size >= limits.file_at_least_bytes and head.startswith(_BARE_STARTS):
        return Look.DICOM
    message = "it is empty" if size == 0 else "it has no DICOM mark and does not begin like a DICOM data set"
    raise IntakeError(Problem(Code.NOT_DICOM, message, name))


class Intake:
    """Reads files in the decoding process, beside the work that goes on in this one.

    Use it as a context manager; leaving it drops what has not begun.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._own = limits != Limits()
        self._worker: Worker | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gist-imaging-intake")
        self._waiting: list[Request] = []
        self._futures: list[Future[list[FileFacts]]] = []
        self._left = False

    def __enter__(self) -> Intake:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left = True
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._own and self._worker is not None:
            self._worker.close()

    def read(self, path: str, name: str) -> None:
        """Ask for the facts of one file."""
        self._waiting.append(Request(path, name))
        if len(self._waiting) == _FILES_PER_CALL:
            self._send()

    def read_archive(self, path: str, name: str) -> None:
        """Ask for the facts of every member of an archive."""
        self._futures.append(self._thread.submit(self._archive, path, name))

    def results(self, seconds: float) -> Iterator[list[FileFacts] | None]:
        """Give what was asked for, in the order of asking; None each time `seconds` pass without news."""
        self._send()
        for future in self._futures:
            while True:
                try:
                    facts = future.result(timeout=seconds)
                except TimeoutError:
                    if future.done():
                        raise
                    yield None
                else:
                    yield facts
                    break

    def _send(self) -> None:
        if self._waiting:
            requests, self._waiting = self._waiting, []
            self._futures.append(self._thread.submit(self._many, requests))

    def _archive(self, path: str, name: str) -> list[FileFacts]:
        positions: Sequence[int]
        try:
            positions = self._call("archive:member_positions", Path(path), name, self._limits, file=name)
        except IntakeError as refused:
            return [FileFacts(name, problem=refused.problem)]
        requests = [Request(path, member_name(name, position), position) for position in positions]
        found: list[FileFacts] = []
        for start in range(0, len(requests), _MEMBERS_PER_CALL):
            if self._left:
                break
            found += self._many(requests[start : start + _MEMBERS_PER_CALL])
        return _one_refusal(name, found) if len(found) == len(requests) else found

    def _many(self, requests: Sequence[Request]) -> list[FileFacts]:
        """Read many files in one call; when that fails, one by one, so that only the guilty is refused."""
        task = "file_facts:read_many"
        try:
            facts: Sequence[FileFacts] = self._call(
                task, tuple(requests), self._limits, file=requests[0].name
            )
        except IntakeError as refused:
            if len(requests) == 1:
                return [FileFacts(requests[0].name, problem=refused.problem)]
        else:
            return list(facts)
        found: list[FileFacts] = []
        for request in requests:
            if self._left:
                break
            found += self._many([request])
        return found

    def _call(self, task: str, *args: object, file: str) -> Any:
        if self._worker is None:
            self._worker = Worker(self._limits) if self._own else shared_worker()
        return self._worker.call(f"gist_imaging.io.{task}", *args, file=file)


def _one_refusal(name: str, found: list[FileFacts]) -> list[FileFacts]:
    """Return one refusal for an archive (a text document is one, too) that holds no DICOM at all."""
    if any(facts.problem is None or facts.problem.code is not Code.NOT_DICOM for facts in found):
        return found
    message = f"it is an archive of {len(found)} files, and none of them is DICOM"
    return [FileFacts(name, problem=Problem(Code.NOT_DICOM, message, name))]
