"""The three files of a study folder: made together, and opened so that one sentence says what is wrong."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gist_imaging.cohort.privacy import tells_too_much
from gist_imaging.cohort.records import LOCAL_ID, PATIENT_ID
from gist_imaging.errors import GistImagingError, StoreError
from gist_imaging.session.open_case import utc_now
from gist_imaging.store import schema
from gist_imaging.store.database import Connector, Database, private_file, sync_folder
from gist_imaging.store.links import KEY_FILE, LINK_FILE, Links, make_key
from gist_imaging.store.place import refuse_network
from gist_imaging.store.records import REVEALS, StudySettings

__all__ = ["STUDY_FILE", "OpenedFiles", "checked_name", "create_files", "open_files"]

STUDY_FILE: Final = "study.sqlite"

_DAMAGED: Final = f"{STUDY_FILE} is damaged; restore the last backup with `gist-imaging study restore`"
_FORMS: Final = {
    "study_id": "the short name of a study is letters, digits, _, . and - (at most 32)",
    "reader": "a reader is a pseudonym of letters, digits, _, . and - (at most 32)",
    "case": "a case is a pseudonym of capitals, digits, _ and - (at most 32)",
}


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """The files of a study; `read_only` says why nothing can be written, "" where it can."""

    settings: StudySettings
    database: Database
    links: Links
    read_only: str


def checked_name(what: str, name: str) -> str:
    """Return the name of a study_id, reader or case.

    Raises
    ------
    GistImagingError
        If it has another form, or looks as if it held a date.
    """
    pattern = PATIENT_ID if what == "case" else LOCAL_ID
    if not pattern.fullmatch(name) or tells_too_much(name):
        raise GistImagingError(_FORMS[what], "got another form, or what looks like a date", "choose another")
    return name


def create_files(
    folder: Path, *, study_id: str, title: str, blinded: bool, reveal: str, connect: Connector
) -> None:
    """Make the files of a study in a folder that holds none.

    Raises
    ------
    GistImagingError
        If there is a study, a word has another form, or the folder cannot be used.
    """
    checked_name("study_id", study_id)
    if reveal not in REVEALS:
        raise GistImagingError(f"reveal is one of {', '.join(REVEALS)}", f"got {reveal!r}", "choose one")
    if tells_too_much(title):
        raise GistImagingError(
            "a title without dates, paths, names or addresses",
            "got one that seems to hold one",
            "shorten it",
        )
    refuse_network(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_study(folder, connect)
    unfinished = folder / f"{STUDY_FILE}.new"
    database = Database(unfinished, connect=connect)
    links = Links(folder / LINK_FILE, connect=connect)
    identity = secrets.token_hex(16)
    about = {
        "id": identity,
        "format": str(schema.FORMAT),
        "study_id": study_id,
        "title": title,
        "blinded": "1" if blinded else "0",
        "reveal": reveal,
        "created_utc": utc_now(),
        "order_seed": secrets.token_hex(16),
    }
    make_key(folder)
    private_file(links.database.path)
    links.create(identity)
    links.close()
    private_file(unfinished)
    database.create(schema.STUDY_TABLES, schema.APPEND_ONLY, about)
    database.close()
    # Last, because its name says that the folder holds a study.
    unfinished.replace(folder / STUDY_FILE)
    sync_folder(folder)


def _refuse_study(folder: Path, connect: Connector) -> None:
    """Refuse a folder that holds a study; take away what a creation that was cut short left."""
    link = folder / LINK_FILE
    found = STUDY_FILE if (folder / STUDY_FILE).exists() else ""
    if not found and link.exists() and link.stat().st_size:
        links = Links(link, read_only=True, connect=connect)
        found = LINK_FILE if links.known_patients() else ""
        links.close()
    if found:
        raise GistImagingError(
            "a folder without a study", f"found {found}", "open that study, or choose another folder"
        )
    for name in (LINK_FILE, KEY_FILE, f"{STUDY_FILE}.new"):
        (folder / name).unlink(missing_ok=True)


def open_files(folder: Path, *, read_only: bool, checked: bool, connect: Connector) -> OpenedFiles:
    """Open the files of a study, after a look at whether they are whole and can be written.

    Parameters
    ----------
    checked : look at the whole file for damage, which takes longer the more readings there are

    Raises
    ------
    StoreError
        If they are damaged, on a network share, or held by another program.
    GistImagingError
        If there is no study, or one of a later version.
    """
    path = folder / STUDY_FILE
    if not path.is_file():
        raise GistImagingError(
            f"a study folder, which holds {STUDY_FILE}",
            "found none there",
            "check the path, or make a study with `gist-imaging study init`",
        )
    refuse_network(folder)
    why = "it was opened for reading only" if read_only else _why_not_writable(path, connect)
    database = Database(path, read_only=bool(why), connect=connect)
    try:
        about = _about_finished(database, connect)
        if checked:
            _must_be_whole(database)
    except BaseException:
        database.close()
        raise
    database.identity = about["id"]
    links = Links(folder / LINK_FILE, read_only=bool(why), connect=connect)
    links.database.identity = about["id"]
    return OpenedFiles(_settings(about), database, links, why)


def _why_not_writable(path: Path, connect: Connector) -> str:
    """Return why a study cannot be written, in one sentence; "" where it can. Writes, to be sure."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return "this program may not write in its folder; ask for the permission, or copy the folder"
    with Database(path, connect=connect) as database:
        try:
            _about(database)
            with database.writing() as connection:
                connection.execute(
                    schema.about.update()
                    .where(schema.about.c.name == "format")
                    .values(value=schema.about.c.value)
                )
        except StoreError as fault:
            if fault.reason in ("read_only", "no_permission"):
                return "its disk or folder is read-only; copy the folder to a place that can be written"
            if fault.reason != "disk_full":  # what is read needs no space
                raise
    return ""


def _about_finished(database: Database, connect: Connector) -> dict[str, str]:
    """Return what the study says of itself; a writing that a kill cut short is put right first."""
    try:
        return _about(database)
    except StoreError as fault:
        if fault.reason != "unfinished":
            raise
    _why_not_writable(database.path, connect)
    return _about(database)


def _about(database: Database) -> dict[str, str]:
    with database.reading() as connection:
        about = {row.name: row.value for row in connection.execute(sa.select(schema.about))}
    if about.get("format") != str(schema.FORMAT):
        raise GistImagingError(
            f"a study of format {schema.FORMAT}", f"found format {about.get('format')}", "use a newer version"
        )
    return about


def _must_be_whole(database: Database) -> None:
    if database.quick_check():
        database.close()
        raise StoreError("damaged", _DAMAGED)


def _settings(about: Mapping[str, str]) -> StudySettings:
    return StudySettings(
        study_id=about["study_id"],
        title=about["title"],
        blinded=about["blinded"] == "1",
        reveal=about["reveal"],
        created_utc=about["created_utc"],
        format=int(about["format"]),
        order_seed=about["order_seed"],
    )
