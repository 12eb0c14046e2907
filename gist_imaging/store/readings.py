"""Readings and their masks: each revision kept for good, in the same moment as the voxels it names."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable

import sqlalchemy as sa

from gist_imaging.errors import ReadingError, StoreError
from gist_imaging.provenance import canonical_json
from gist_imaging.session.open_case import utc_now
from gist_imaging.session.snapshot import mask_of, packed_json
from gist_imaging.spatial.mask import Mask
from gist_imaging.store import schema
from gist_imaging.study.reading import Reading

__all__ = ["add_reading", "mask_problems", "reading_problems", "readings_of", "stored_mask"]

_readings = schema.readings
_masks = schema.masks


def add_reading(connection: sa.Connection, reading: Reading, masks: Iterable[Mask]) -> bool:
    """Keep a revision with its masks; return whether it is new (the same one again changes nothing).

    Raises
    ------
    ReadingError
        If it does not follow the last revision, or names a mask that is neither given nor stored.
    """
    kept = readings_of(connection, reading.case, reading.reader)
    last = kept[-1] if kept else None
    if last is not None and last.sha256 == reading.sha256:
        return False
    expected = 1 if last is None else last.revision + 1
    if (reading.revision, reading.previous) != (expected, None if last is None else last.sha256):
        raise ReadingError(
            f"revision {expected} of {reading.case} by {reading.reader} follows the last one that is kept",
            f"got revision {reading.revision}"
            + (" of another beginning" if reading.revision == expected else ""),
            "read the last revision again and revise that one",
        )
    for mask in masks:
        _keep_mask(connection, mask)
    wanted = {reference.mask_sha256 for reference in reading.masks}
    missing = wanted - _stored_among(connection, wanted)
    if missing:
        raise ReadingError(
            "every mask of a reading is kept with it",
            f"{len(missing)} of {len(wanted)} are missing",
            "give the masks together with the reading",
        )
    connection.execute(
        _readings.insert().values(
            case_id=reading.case,
            reader=reading.reader,
            revision=reading.revision,
            at_utc=utc_now(),
            content=canonical_json(reading.to_json()),
            previous=reading.previous or "",
            sha256=reading.sha256,
        )
    )
    return True


def readings_of(connection: sa.Connection, case: str, reader: str | None = None) -> tuple[Reading, ...]:
    """Return the revisions of a case, by reader and revision; of all readers where none is named."""
    statement = sa.select(_readings.c.content).where(_readings.c.case_id == case)
    if reader is not None:
        statement = statement.where(_readings.c.reader == reader)
    rows = connection.execute(statement.order_by(_readings.c.reader, _readings.c.revision))
    return tuple(Reading.from_json(json.loads(row.content)) for row in rows)


def stored_mask(connection: sa.Connection, sha256: str) -> Mask:
    """Return the mask of this hash.

    Two masks of the same voxels on the same grid are one, so structure and lesion are those of the first.

    Raises
    ------
    StoreError
        If it is not there, or has another hash now.
    """
    row = connection.execute(sa.select(_masks.c.packed).where(_masks.c.sha256 == sha256)).first()
    if row is None:
        raise StoreError("no_mask", f"the study holds no mask {sha256[:12]}…; was the hash copied whole?")
    try:
        mask = mask_of(json.loads(zlib.decompress(row.packed)))
    except (zlib.error, KeyError, TypeError, ValueError):
        mask = None
    if mask is None or mask.sha256() != sha256:
        raise StoreError(
            "damaged", f"mask {sha256[:12]}… of the study is damaged; restore the last backup of the study"
        )
    return mask


def reading_problems(connection: sa.Connection) -> list[str]:
    """Return which revisions were changed, do not follow one another, or name masks that are not there."""
    problems = []
    last: dict[tuple[str, str], tuple[int, str]] = {}
    there = {row.sha256 for row in connection.execute(sa.select(_masks.c.sha256))}
    for row in connection.execute(
        sa.select(_readings).order_by(_readings.c.case_id, _readings.c.reader, _readings.c.revision)
    ):
        named = f"{row.case_id}, {row.reader}: revision {row.revision}"
        try:
            reading = Reading.from_json(json.loads(row.content))
        except (ReadingError, ValueError):
            problems.append(f"{named} cannot be read")
            continue
        if reading.sha256 != row.sha256 or (reading.case, reading.reader) != (row.case_id, row.reader):
            problems.append(f"{named} was changed")
        revision, previous = last.get((row.case_id, row.reader), (0, ""))
        if (row.revision, row.previous, reading.previous or "") != (revision + 1, previous, previous):
            problems.append(f"{named} does not follow the one before")
        if {reference.mask_sha256 for reference in reading.masks} - there:
            problems.append(f"{named} names a mask that is not there")
        last[row.case_id, row.reader] = (row.revision, row.sha256)
    return problems


def mask_problems(connection: sa.Connection) -> list[str]:
    """Return which masks do not have their hash."""
    problems = []
    for row in connection.execute(sa.select(_masks.c.sha256).order_by(_masks.c.sha256)).all():
        try:
            stored_mask(connection, row.sha256)
        except StoreError as error:
            problems.append(str(error))
    return problems


def _keep_mask(connection: sa.Connection, mask: Mask) -> None:
    sha256 = mask.sha256()
    if not _stored_among(connection, {sha256}):
        packed = zlib.compress(canonical_json(packed_json(mask)).encode(), 1)
        connection.execute(_masks.insert().values(sha256=sha256, packed=packed))


def _stored_among(connection: sa.Connection, hashes: set[str]) -> set[str]:
    rows = connection.execute(sa.select(_masks.c.sha256).where(_masks.c.sha256.in_(sorted(hashes))))
    return {row.sha256 for row in rows}
