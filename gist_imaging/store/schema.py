"""The tables of a study on disk, and the triggers that keep what was given from being changed."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

__all__ = ["APPEND_ONLY", "FORMAT", "LINK_TABLES", "STUDY_TABLES"]

FORMAT: Final = 1
"""Version of both files; a program refuses a later one."""

STUDY_TABLES: Final = sa.MetaData()
"""study.sqlite: what may be looked at by readers and backed up: no patient identifier, date or path."""

LINK_TABLES: Final = sa.MetaData()
"""link.sqlite: what ties the pseudonyms to patients and files. It stays where the study is."""


def _text(name: str, *, key: bool = False, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=optional)


def _about(tables: sa.MetaData) -> sa.Table:
    return sa.Table("about", tables, _text("name", key=True), _text("value"))


about = _about(STUDY_TABLES)

cases = sa.Table(
    "cases",
    STUDY_TABLES,
    _text("case_id", key=True),
    sa.Column("position", sa.Integer, nullable=False, unique=True),
    _text("t0_event"),
    _text("problems"),  # JSON list of sentences
)

visits = sa.Table(
    "visits",
    STUDY_TABLES,
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.case_id"), primary_key=True),
    _text("label", key=True),
    sa.Column("rank", sa.Integer, nullable=False),
    _text("role"),
    sa.Column("day", sa.Integer, nullable=True),
    _text("measured", optional=True),
    _text("measured_state"),  # none, proposed, confirmed, changed
    _text("measured_by"),
)

series = sa.Table(
    "series",
    STUDY_TABLES,
    _text("case_id", key=True),
    _text("visit", key=True),
    _text("key", key=True),
    sa.Column("rank", sa.Integer, nullable=False),
    _text("facts"),  # JSON of SeriesRecord
    sa.ForeignKeyConstraint(["case_id", "visit"], ["visits.case_id", "visits.label"]),
)

events = sa.Table(
    "events",
    STUDY_TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.case_id"), nullable=False),
    _text("reader"),
    sa.Column("seq", sa.Integer, nullable=False),
    _text("at_utc"),
    _text("kind"),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    _text("previous"),
    _text("sha256"),
    sa.UniqueConstraint("case_id", "reader", "seq"),
)

snapshots = sa.Table(
    "snapshots",
    STUDY_TABLES,
    _text("case_id", key=True),
    _text("reader", key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("stored", sa.LargeBinary, nullable=False),
    _text("sha256"),
)

openings = sa.Table(
    "openings",
    STUDY_TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.case_id"), nullable=False),
    _text("reader"),
    _text("opened_utc"),
    _text("closed_utc", optional=True),
    sa.Index("openings_of", "case_id", "reader"),
)

readings = sa.Table(
    "readings",
    STUDY_TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.case_id"), nullable=False),
    _text("reader"),
    sa.Column("revision", sa.Integer, nullable=False),
    _text("at_utc"),
    _text("content"),  # JSON of Reading
    _text("previous"),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.UniqueConstraint("case_id", "reader", "revision"),
)

masks = sa.Table(
    "masks",
    STUDY_TABLES,
    _text("sha256", key=True),
    sa.Column("packed", sa.LargeBinary, nullable=False),
)

derived = sa.Table(
    "derived",
    STUDY_TABLES,
    _text("case_id", key=True),
    _text("name", key=True),
    _text("inputs_sha256", key=True),
    _text("reading_sha256"),
    _text("value"),  # JSON
)

audit = sa.Table(
    "audit",
    STUDY_TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("at_utc"),
    _text("name"),
    _text("details"),  # JSON
    _text("previous"),
    _text("sha256"),
)

link_about = _about(LINK_TABLES)

patients = sa.Table(
    "patients",
    LINK_TABLES,
    _text("case_id", key=True),
    _text("patient_id"),
    _text("birth_date"),
    _text("sex"),
    _text("t0_event"),
    _text("t0_date", optional=True),
)

scan_dates = sa.Table(
    "scan_dates",
    LINK_TABLES,
    _text("case_id", key=True),
    _text("visit", key=True),
    _text("date", optional=True),
    _text("study_uids"),  # JSON list
)

places = sa.Table(
    "places",
    LINK_TABLES,
    _text("case_id", key=True),
    _text("visit", key=True),
    _text("key", key=True),
    _text("path"),
    _text("series_uid", optional=True),
    _text("split"),  # JSON
    _text("override_reason", optional=True),
    _text("quantity", optional=True),
    _text("content_sha256"),
)

APPEND_ONLY: Final = tuple(
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
    for table in ("events", "readings", "masks", "audit")
    for verb in ("UPDATE", "DELETE")
)
"""Statements that forbid every change of what a reader gave and of what was done."""
