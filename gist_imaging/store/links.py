"""What ties pseudonyms to patients, dates and files: a file apart, for its owner alone."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gist_imaging.errors import StoreError
from gist_imaging.provenance import canonical_json
from gist_imaging.store import schema
from gist_imaging.store.database import Connector, Database, private_file
from gist_imaging.store.records import CaseImport, ScanPlace
from gist_imaging.study.series import PatientIdentity

__all__ = ["KEY_FILE", "LINK_FILE", "KnownPatient", "Links", "make_key", "read_key"]

LINK_FILE: Final = "link.sqlite"
KEY_FILE: Final = "uid.key"
_KEY_BYTES: Final = 32


def make_key(folder: Path) -> None:
    """Make the key from which UIDs that leave are re-rooted; it never leaves itself."""
    private_file(folder / KEY_FILE, secrets.token_hex(_KEY_BYTES).encode() + b"\n")


def read_key(folder: Path) -> bytes:
    """Return the key of a study.

    Raises
    ------
    StoreError
        If it is not there, or is no key.
    """
    try:
        key = bytes.fromhex((folder / KEY_FILE).read_text("ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise StoreError(
            "gone",
            f"{KEY_FILE} of the study is missing or damaged; put it back from the last backup, or UIDs that "
            "leave will differ from those that left before",
        )
    return key


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """What is known of the person behind a case.

    Parameters
    ----------
    t0_event, t0_date : what day 0 is, and its ISO date, where known
    dates : label of each visit to its ISO date, where known
    study_uids : label of each visit to its Study Instance UIDs
    """

    case: str
    patient: PatientIdentity = field(repr=False)
    t0_event: str
    t0_date: str | None = field(repr=False)
    dates: dict[str, str | None] = field(repr=False)
    study_uids: dict[str, tuple[str, ...]] = field(repr=False)


class Links:
    """link.sqlite of a study.

    Parameters
    ----------
    path : the file; it must be there
    """

    def __init__(self, path: Path, *, read_only: bool = False, connect: Connector = sqlite3.connect) -> None:
        self.database = Database(path, read_only=read_only, connect=connect)

    def create(self, study: str) -> None:
        """Make the tables in an empty file."""
        about = {"id": study, "format": str(schema.FORMAT)}
        self.database.create(schema.LINK_TABLES, (), about)

    def take_in(self, given: CaseImport) -> list[str]:
        """Note who a case is and where its images lie; return what changed, one line each, by pseudonyms."""
        changes = []
        with self.database.writing() as connection:
            known = _known(connection, given.case)
            patient = given.patient
            if known is not None:
                patient = _completed(known.patient, patient)
            t0_date = given.t0_date if known is None or known.t0_date is None else known.t0_date
            _put(
                connection,
                schema.patients,
                {"case_id": given.case},
                {
                    "patient_id": patient.patient_id,
                    "birth_date": patient.birth_date,
                    "sex": patient.sex,
                    "t0_event": given.t0_event if known is None else known.t0_event,
                    "t0_date": t0_date,
                },
            )
            for visit in given.visits:
                label = visit.record.label
                uids = set(visit.study_uids) | set(known.study_uids.get(label, ()) if known else ())
                _put(
                    connection,
                    schema.scan_dates,
                    {"case_id": given.case, "visit": label},
                    {"date": visit.date, "study_uids": canonical_json(sorted(uids))},
                )
                for key, place in visit.places.items():
                    found = _put(
                        connection,
                        schema.places,
                        {"case_id": given.case, "visit": label, "key": key},
                        _place_values(place),
                    )
                    if found == "changed":
                        changes.append(f"{given.case} {label}: images of one series lie elsewhere now")
        return changes

    def place_of(self, case: str, visit: str, key: str) -> ScanPlace:
        """Return where the images of a series lie.

        Raises
        ------
        StoreError
            If the study does not know it.
        """
        table = schema.places
        with self.database.reading() as connection:
            row = connection.execute(
                sa.select(table).where(table.c.case_id == case, table.c.visit == visit, table.c.key == key)
            ).first()
        if row is None:
            raise StoreError(
                "no_place",
                f"the study does not know where the images of this series of {case} {visit} lie; import the "
                "scans again",
            )
        return ScanPlace(
            Path(row.path),
            row.series_uid,
            json.loads(row.split),
            row.override_reason,
            row.quantity,
            row.content_sha256,
        )

    def known_patients(self) -> tuple[KnownPatient, ...]:
        """Return who is known, by case."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(schema.patients.c.case_id).order_by("case_id")).all()
            known = [_known(connection, row.case_id) for row in rows]
        return tuple(one for one in known if one is not None)

    def covered(self) -> set[tuple[str, str, str]]:
        """Return case, visit and key of every series whose place is known."""
        table = schema.places
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(table.c.case_id, table.c.visit, table.c.key)).all()
        return {(row.case_id, row.visit, row.key) for row in rows}

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()


def _place_values(place: ScanPlace) -> dict[str, str | None]:
    return {
        "path": str(place.path),
        "series_uid": place.series_uid,
        "split": canonical_json(dict(place.split)),
        "override_reason": place.override_reason,
        "quantity": place.quantity,
        "content_sha256": place.content_sha256,
    }


def _known(connection: sa.Connection, case: str) -> KnownPatient | None:
    patients, dates = schema.patients, schema.scan_dates
    row = connection.execute(sa.select(patients).where(patients.c.case_id == case)).first()
    if row is None:
        return None
    visits = connection.execute(sa.select(dates).where(dates.c.case_id == case)).all()
    return KnownPatient(
        case,
        PatientIdentity(row.patient_id, row.birth_date, row.sex),
        row.t0_event,
        row.t0_date,
        {visit.visit: visit.date for visit in visits},
        {visit.visit: tuple(json.loads(visit.study_uids)) for visit in visits},
    )


def _completed(known: PatientIdentity, given: PatientIdentity) -> PatientIdentity:
    """Return what is known, with what was not known before."""
    return PatientIdentity(
        known.patient_id or given.patient_id, known.birth_date or given.birth_date, known.sex or given.sex
    )


def _put(
    connection: sa.Connection, table: sa.Table, key: dict[str, str], values: dict[str, str | None]
) -> str:
    """Lay a row down; return whether it is "new", "changed" or the "same"."""
    of = [table.c[name] == value for name, value in key.items()]
    held = connection.execute(sa.select(table).where(*of)).first()
    if held is None:
        connection.execute(table.insert().values(**key, **values))
        return "new"
    if all(getattr(held, name) == value for name, value in values.items()):
        return "same"
    connection.execute(table.update().where(*of).values(**values))
    return "changed"
