"""The files behind the column `relation`: found, compared with whose scan it is, and named by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gist_imaging.batch.jobs import FileStamp, files_of
from gist_imaging.batch.manifest_row import ManifestRow
from gist_imaging.batch.survey import Surveyed, differing_scans
from gist_imaging.cohort.records import RELATION_STAGE, FailureRecord
from gist_imaging.errors import GistImagingError, IdentityError

__all__ = ["UNREADABLE", "RelationFiles", "found_relations", "identity_failures", "named_files"]

# Its keys and labels are free text and may hold a patient's.
UNREADABLE = FailureRecord(
    RELATION_STAGE,
    "RELATION_FILE",
    "the row's relation file has the form that docs say; it has another; `gist-imaging relation` with "
    "`--strokes` and this file tells what is wrong",
)


@dataclass(slots=True)
class RelationFiles:
    """What the rows of a manifest name.

    Parameters
    ----------
    paths : position of the row to its relation file and every file which that names, in its order
    failed : position of the row to why its relation cannot be measured
    questions : what readers should be asked, by pseudonyms
    """

    paths: dict[int, tuple[Path, ...]] = field(default_factory=dict)
    failed: dict[int, FailureRecord] = field(default_factory=dict)
    questions: tuple[str, ...] = ()


def named_files(path: Path) -> tuple[Path, ...]:
    """Return a relation file, the masks of the left and right levator ani, and its further images.

    Raises
    ------
    PromptError, ReadingError, IntakeError
        If it is not there or holds something else.
    """
    return _named_in(path)[0]


def _named_in(path: Path) -> tuple[tuple[Path, ...], bool]:
    """Return these files, and whether a reader's words are among them."""
    from gist_imaging.io.relation_file import read_relation_input

    given = read_relation_input(path)
    masks = [given.masks[side].path for side in sorted(given.masks)]
    return (path, *masks, *given.landmark_images), bool(given.calls)


def found_relations(rows: Sequence[ManifestRow], stamps: dict[Path, tuple[FileStamp, ...]]) -> RelationFiles:
    """Return the files behind the relations of `rows`; their stamps are added to `stamps`."""
    found = RelationFiles()
    seen: dict[Path, tuple[tuple[Path, ...], FailureRecord | None, bool]] = {}
    questions = []
    for index, row in enumerate(rows):
        if row.relation is None or row.mask is None:
            continue
        if row.relation not in seen:
            seen[row.relation] = _looked_at(row.relation, stamps)
        paths, failure, holds_words = seen[row.relation]
        if failure is not None:
            found.failed[index] = failure
        else:
            found.paths[index] = paths
        if holds_words and row.reading is None:
            questions.append(
                f"{row.case}: the relation file holds a reader's words; a cohort takes words from a reading "
                "(column reading): is one missing?"
            )
    found.questions = tuple(questions)
    return found


def _looked_at(
    path: Path, stamps: dict[Path, tuple[FileStamp, ...]]
) -> tuple[tuple[Path, ...], FailureRecord | None, bool]:
    if not path.is_file():
        return (), _not_found("the row's relation file"), False
    try:
        paths, words = _named_in(path)
    except (GistImagingError, OSError):
        return (), UNREADABLE, False
    for named in paths:
        try:
            if named not in stamps:
                stamps[named] = files_of(named)
            there = bool(stamps[named])
        except OSError:
            there = False
        if not there:
            return (), _not_found("a mask or image that the row's relation file names"), words
    return paths, None, words


def _not_found(what: str) -> FailureRecord:
    message = f"{what} should be there; nothing readable was found; check the path"
    return FailureRecord(RELATION_STAGE, "FILE_NOT_FOUND", message)


def identity_failures(
    rows: Sequence[ManifestRow], files: RelationFiles, seen: Mapping[Path, Surveyed]
) -> dict[int, FailureRecord]:
    """Return the rows whose relation names files that may be of another patient than the row's own."""
    found = {}
    for index, paths in files.paths.items():
        row = rows[index]
        scans = [seen[path] for path in (row.image, row.mask, *paths) if path is not None and path in seen]
        differing = differing_scans(
            [(scan.identity, scan.several_patients) for scan in scans],
            ["same_patient_reason" in row.stated] * len(scans),
        )
        if differing:
            names = tuple(sorted({name for held in differing.values() for name in held}))
            message = f"{IdentityError(names)} (column same_patient_reason)"
            found[index] = FailureRecord(RELATION_STAGE, "IDENTITY", message)
    return found
