"""What a folder, a file, a zip archive or a DICOMDIR holds: its series, and the files that were refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gist_imaging.errors import Cancelled, GistImagingError, IntakeError
from gist_imaging.io.content import given_path
from gist_imaging.io.dicomdir import expected_per_series, is_dicomdir, relative_name
from gist_imaging.io.file_records import DirectoryEntry, FileFacts
from gist_imaging.io.folder import FolderListing, files_below
from gist_imaging.io.intake import HeadSize, Intake, Look, look_at
from gist_imaging.io.limits import Limits
from gist_imaging.io.same_pixels import same_pixels
from gist_imaging.problems import Code, Problem
from gist_imaging.study.series import FrameFacts, RefusedFile, ScanIndex
from gist_imaging.study.split import assemble

__all__ = ["scan_folder"]

# How often the caller hears of progress and may stop the work.
_FILES_PER_REPORT = 64
_SECONDS_PER_REPORT = 0.1


def scan_folder(
    path: str | Path,
    *,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ScanIndex:
    """Return the series below a folder, in one file, in a zip archive or in what a DICOMDIR lists.

    Every file ends in a series or is listed as refused, with its code; one bad file harms no other.

    Parameters
    ----------
    path : folder, DICOM file, zip archive or DICOMDIR
    limits : what a file may ask for; the defaults are generous for scans
    progress : called with the number of files done and in all
    cancelled : asked now and then; the work stops when it returns True

    Raises
    ------
    GistImagingError
        When there is nothing at `path`, or it is "".
    Cancelled
        When `cancelled` returned True.
    """
    root = given_path(path)
    allowed = limits or Limits()
    found = _Found()
    listing = _listing(root, allowed, found)
    found.refused += listing.refused
    reporter = _Reporter(len(listing.files), progress, cancelled)
    head_size = HeadSize()
    with Intake(allowed) as intake:
        for position, (file, name) in enumerate(listing.files):
            if position % _FILES_PER_REPORT == 0:
                reporter.tell(0)
            try:
                seen = look_at(file, name, allowed, head_size)
            except IntakeError as refused:
                found.refused.append(RefusedFile(name, refused.problem))
            else:
                if isinstance(seen, FrameFacts):
                    found.frames.append(seen)
                elif seen is Look.ARCHIVE:
                    intake.read_archive(file, name)
                    continue
                else:
                    intake.read(file, name)
                    continue
            reporter.done += 1
        for facts in intake.results(_SECONDS_PER_REPORT):
            reporter.tell(found.take(facts) if facts else 0)
        found.check_directories({name for _, name in listing.files})
        series = assemble(found.frames_with_expectations(), same_pixels)
    reporter.tell_the_end()
    return ScanIndex(root, series, tuple(sorted(found.refused, key=lambda refused: refused.file)))


def _listing(root: Path, limits: Limits, found: _Found) -> FolderListing:
    """Return the files to look at."""
    try:
        is_folder = root.is_dir()
        if not is_folder and not os.path.lexists(root):
            raise _nothing_there(root)
    except OSError:
        raise _nothing_there(root) from None
    if is_folder:
        return files_below(str(root), limits)
    try:
        alone = not is_dicomdir(root)
    except IntakeError:
        alone = True  # reading it as a file says why it cannot be read
    if alone:
        return FolderListing([(str(root), root.name)])
    with Intake(limits) as intake:
        intake.read(str(root), root.name)
        for facts in intake.results(_SECONDS_PER_REPORT):
            found.take(facts or [])
    below = files_below(str(root.parent), limits)
    named = {name for names in found.named_by_directories().values() for name in names}
    below.files = [(path, name) for path, name in below.files if name.upper() in named]
    below.refused = [refused for refused in below.refused if refused.file.upper() in named]
    return below


def _nothing_there(root: Path) -> GistImagingError:
    return GistImagingError(
        "a folder, file, zip archive or DICOMDIR to read",
        f"there is nothing named {root.name!r}",
        "check the spelling, and that the disc or network drive is there",
    )


@dataclass(slots=True)
class _Found:
    """What the files gave so far."""

    frames: list[FrameFacts] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    directories: dict[str, tuple[DirectoryEntry, ...]] = field(default_factory=dict)

    def take(self, facts: list[FileFacts]) -> int:
        """Take in what some files gave; return how many they were."""
        for each in facts:
            self.frames.extend(each.frames)
            if each.problem is not None:
                self.refused.append(RefusedFile(each.name, each.problem))
            if each.entries is not None:
                self.directories[each.name] = each.entries
        return len(facts)

    def named_by_directories(self) -> dict[str, list[str]]:
        """Return the files that each DICOMDIR names, in capitals: discs and systems differ in case."""
        named: dict[str, list[str]] = {}
        for directory, entries in self.directories.items():
            base = directory[: directory.rfind("/") + 1]
            names = named.setdefault(directory, [])
            for entry in entries:
                try:
                    names.append((base + relative_name(entry, directory)).upper())
                except IntakeError as outside:
                    refused = RefusedFile(directory, outside.problem)
                    if refused not in self.refused:
                        self.refused.append(refused)
        return named

    def check_directories(self, names: set[str]) -> None:
        """Refuse a DICOMDIR that names no file, or files which are not there."""
        there = {name.upper() for name in names}
        for directory, named in self.named_by_directories().items():
            if not self.directories[directory]:
                message = "a DICOMDIR should name the files of its disc, this one names none"
                self.refused.append(RefusedFile(directory, Problem(Code.BAD_VALUE, message, directory)))
            missing = sum(name not in there for name in named)
            if missing:
                message = f"it names {len(named)} files, {missing} of them are not there"
                problem = Problem(Code.NOT_A_REGULAR_FILE, message, directory)
                self.refused.append(RefusedFile(directory, problem))

    def frames_with_expectations(self) -> list[FrameFacts]:
        """Return the frames, with the number of files that a DICOMDIR lists for their series."""
        expected: dict[str, int] = {}
        for entries in self.directories.values():
            for series_uid, count in expected_per_series(entries).items():
                expected[series_uid] = max(count, expected.get(series_uid, 0))
        if not expected:
            return self.frames
        return [
            replace(frame, expected_in_series=expected[frame.series_uid])
            if frame.expected_in_series is None and frame.series_uid in expected
            else frame
            for frame in self.frames
        ]


class _Reporter:
    """Tells of progress, and stops the work when asked to."""

    def __init__(
        self,
        total: int,
        progress: Callable[[int, int], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.done = 0
        self._total = total
        self._progress = progress
        self._cancelled = cancelled

    def tell(self, more: int) -> None:
        """Count `more` files as done and report."""
        self.done += more
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        if self._progress is not None:
            # Members of archives are counted when they are read.
            self._progress(min(self.done, self._total), self._total)

    def tell_the_end(self) -> None:
        """Report that all is done."""
        self.done = self._total
        self.tell(0)
