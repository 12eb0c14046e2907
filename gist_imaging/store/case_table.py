"""Cases, visits and series of a study: taken in once, shown, and their few settings changed with a reason."""

from __future__ import annotations

import json
from collections import defaultdict

import sqlalchemy as sa

from gist_imaging.errors import GistImagingError, StoreError
from gist_imaging.provenance import canonical_json
from gist_imaging.store import schema
from gist_imaging.store.audit import add_audit, said_here
from gist_imaging.store.records import ROLES, CaseImport, CaseRecord, SeriesRecord, VisitImport, VisitRecord
from gist_imaging.study.pairing_visits import ONLY_ONE_VISIT

__all__ = [
    "case_names",
    "case_record",
    "case_records",
    "pin_measured",
    "reader_names",
    "set_problems",
    "set_role",
    "take_in",
]


def case_names(connection: sa.Connection) -> tuple[str, ...]:
    """Return the cases in the order in which they came."""
    rows = connection.execute(sa.select(schema.cases.c.case_id).order_by(schema.cases.c.position))
    return tuple(row.case_id for row in rows)


def reader_names(connection: sa.Connection) -> tuple[str, ...]:
    """Return who has events or readings, by name."""
    tables = (schema.events, schema.readings)
    names = {
        row.reader for table in tables for row in connection.execute(sa.select(table.c.reader).distinct())
    }
    return tuple(sorted(names))


def case_records(connection: sa.Connection, case: str | None = None) -> tuple[CaseRecord, ...]:
    """Return every case, or the one named, with visits in time order."""
    series: dict[tuple[str, str], list[SeriesRecord]] = defaultdict(list)
    for row in connection.execute(_of(schema.series, case).order_by(schema.series.c.rank)):
        series[row.case_id, row.visit].append(SeriesRecord.from_json(json.loads(row.facts)))
    visits: dict[str, list[VisitRecord]] = defaultdict(list)
    for row in connection.execute(_of(schema.visits, case).order_by(schema.visits.c.rank)):
        visits[row.case_id].append(
            VisitRecord(
                row.label,
                row.role,
                row.day,
                tuple(series[row.case_id, row.label]),
                row.measured,
                row.measured_state,
                row.measured_by,
            )
        )
    return tuple(
        CaseRecord(
            row.case_id,
            tuple(_in_time(visits[row.case_id])),
            tuple(json.loads(row.problems)),
            row.t0_event,
        )
        for row in connection.execute(_of(schema.cases, case).order_by(schema.cases.c.position))
    )


def case_record(connection: sa.Connection, case: str) -> CaseRecord:
    """Return one case.

    Raises
    ------
    GistImagingError
        If the study has no such case; lists those that it has.
    """
    found = case_records(connection, case)
    if not found:
        known = ", ".join(case_names(connection)) or "none yet"
        raise GistImagingError(f"a case of this study: {known}", f"got {case!r}", "choose one of them")
    return found[0]


def take_in(connection: sa.Connection, given: CaseImport) -> list[str]:
    """Take a case in, or what is new of it; return what changed, one line each.

    What is there stays: roles, days and series for measuring that somebody may have settled.

    Raises
    ------
    StoreError
        If a series is there already with other content.
    """
    held = {record.case: record for record in case_records(connection, given.case)}.get(given.case)
    changes = []
    if held is None:
        last = connection.execute(sa.select(sa.func.max(schema.cases.c.position))).scalar()
        connection.execute(
            schema.cases.insert().values(
                case_id=given.case,
                position=(last or 0) + 1,
                t0_event=given.t0_event,
                problems=canonical_json(list(given.problems)),
            )
        )
        changes.append(f"{given.case}: new case")
    known = {visit.label: visit for visit in held.visits} if held else {}
    for visit in given.visits:
        changes += _take_visit(connection, given.case, visit, known.get(visit.record.label), len(known))
        known.setdefault(visit.record.label, visit.record)
    if held is not None and changes:
        problems = tuple(dict.fromkeys((*held.problems, *given.problems)))
        if len(known) > 1:
            problems = tuple(problem for problem in problems if problem != ONLY_ONE_VISIT)
        set_problems(connection, given.case, problems)
    return changes


def _take_visit(
    connection: sa.Connection, case: str, given: VisitImport, held: VisitRecord | None, rank: int
) -> list[str]:
    record = given.record
    if record.role not in ROLES:
        raise GistImagingError(f"a role is one of {', '.join(ROLES)}", f"got {record.role!r}")
    changes = []
    if held is None:
        connection.execute(
            schema.visits.insert().values(
                case_id=case,
                label=record.label,
                rank=rank,
                role=record.role,
                day=record.day,
                measured=record.measured,
                measured_state=("none" if record.measured is None else "proposed")
                if record.measured_state == "none"
                else record.measured_state,
                measured_by=record.measured_by,
            )
        )
        changes.append(f"{case}: new visit {record.label}")
    there = {one.key: one for one in held.series} if held else {}
    for one in record.series:
        before = there.get(one.key)
        if before is None:
            connection.execute(
                schema.series.insert().values(
                    case_id=case,
                    visit=record.label,
                    key=one.key,
                    rank=len(there),
                    facts=canonical_json(one.to_json()),
                )
            )
            there[one.key] = one
            changes.append(f"{case} {record.label}: new series {one.name}")
        elif before.content_sha256 != one.content_sha256:
            raise StoreError(
                "other_content",
                f"{case} {record.label}: series {one.name} was imported before with other content; were "
                "files added, lost or changed? Put the first ones back, or import these as another case",
            )
    if held is not None and held.measured is None and record.measured is not None:
        _set_visit(
            connection,
            case,
            record.label,
            measured=record.measured,
            measured_state="proposed",
            measured_by="",
        )
        changes.append(f"{case} {record.label}: a series can be measured now")
    return changes


def set_problems(connection: sa.Connection, case: str, problems: tuple[str, ...]) -> None:
    """Lay down what somebody should settle about a case."""
    connection.execute(
        schema.cases.update()
        .where(schema.cases.c.case_id == case)
        .values(problems=canonical_json(list(problems)))
    )


def pin_measured(
    connection: sa.Connection, case: str, visit: str, key: str, by: str, reason: str | None
) -> None:
    """Lay down the series that lesions of a visit are outlined on, for all readers.

    Raises
    ------
    GistImagingError
        If there is no such series, it cannot be measured, or another one was pinned and no reason is given.
    """
    held = _visit(connection, case, visit)
    chosen = next((one for one in held.series if one.key == key), None)
    if chosen is None or not chosen.measurable:
        raise GistImagingError(
            f"a series of {case} {visit} that can be measured",
            "found none of that key" if chosen is None else f"{chosen.name}: {', '.join(chosen.problems)}",
            "choose another",
        )
    changes = key != held.measured
    if changes and held.measured_state != "none" and reason is None:
        raise GistImagingError(
            "a reason for measuring on another series than was laid down",
            "got none",
            "say why in a few words",
        )
    words = None if reason is None else said_here(reason, "a reason")
    state = "changed" if changes else ("changed" if held.measured_state == "changed" else "confirmed")
    _set_visit(connection, case, visit, measured=key, measured_state=state, measured_by=by)
    add_audit(
        connection,
        "measured_series",
        {"case": case, "visit": visit, "series": chosen.name, "state": state, "by": by, "reason": words},
    )


def set_role(connection: sa.Connection, case: str, visit: str, role: str, by: str, reason: str) -> None:
    """Lay down what a visit is for.

    Raises
    ------
    GistImagingError
        If the role is unknown, the case has another baseline, or there is no reason.
    """
    held = _visit(connection, case, visit)
    if role not in ROLES:
        raise GistImagingError(f"a role is one of {', '.join(ROLES)}", f"got {role!r}", "choose one")
    words = said_here(reason, "a reason")
    others = [one.label for one in case_record(connection, case).visits if one.label != visit]
    if role == "baseline":
        roles = {one.label: one.role for one in case_record(connection, case).visits}
        if taken := [label for label in others if roles[label] == "baseline"]:
            raise GistImagingError(
                f"one baseline in {case}",
                f"{taken[0]} is the baseline",
                f"give {taken[0]} another role first",
            )
    _set_visit(connection, case, visit, role=role)
    add_audit(
        connection,
        "role_changed",
        {"case": case, "visit": visit, "old": held.role, "new": role, "by": by, "reason": words},
    )


def _visit(connection: sa.Connection, case: str, label: str) -> VisitRecord:
    record = case_record(connection, case)
    found = next((visit for visit in record.visits if visit.label == label), None)
    if found is None:
        known = ", ".join(visit.label for visit in record.visits)
        raise GistImagingError(f"a visit of {case}: {known}", f"got {label!r}", "choose one of them")
    return found


def _set_visit(connection: sa.Connection, case: str, label: str, **values: str | None) -> None:
    connection.execute(
        schema.visits.update()
        .where(schema.visits.c.case_id == case, schema.visits.c.label == label)
        .values(**values)
    )


def _of(table: sa.Table, case: str | None) -> sa.Select[tuple[object, ...]]:
    statement = sa.select(table)
    return statement if case is None else statement.where(table.c.case_id == case)


def _in_time(visits: list[VisitRecord]) -> list[VisitRecord]:
    """Return visits by day; those without a day keep their place at the end."""
    return sorted(visits, key=lambda visit: (visit.day is None, visit.day or 0))
