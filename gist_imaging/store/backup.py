"""Copies of a study at one moment, with a list of hashes, and the way back from them."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

from gist_imaging.errors import GistImagingError, StoreError
from gist_imaging.store.database import private_file, sync_folder
from gist_imaging.store.faults import fault_of
from gist_imaging.store.links import KEY_FILE, LINK_FILE
from gist_imaging.store.place import refuse_network
from gist_imaging.store.study_files import STUDY_FILE
from gist_imaging.store.study_store import StudyStore

__all__ = ["HASH_LIST", "back_up", "restore_backup"]

HASH_LIST: Final = "hashes.json"
_FILES: Final = (STUDY_FILE, LINK_FILE, KEY_FILE)


def back_up(store: StudyStore, to: Path) -> Path:
    """Copy a study to a folder that is not there yet, while it may be in use; return the folder.

    The copy holds link.sqlite and uid.key too, so it says who the patients are: only its owner can read it.

    Raises
    ------
    GistImagingError
        If the folder is there, or cannot be written, or the copy does not read back whole.
    """
    to = Path(to)
    if to.exists():
        raise GistImagingError("a folder that is not there yet", "found it there", "choose another name")
    unfinished = to.with_name(f".{to.name}.unfinished")
    # Made on a disk of this machine, where a database can be opened; the target may be a network share.
    made = Path(tempfile.mkdtemp(prefix=".backup-", dir=None if store.read_only else store.folder))
    try:
        hashes = _made(store, made)
        shutil.rmtree(unfinished, ignore_errors=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        unfinished.mkdir(mode=0o700)
        for name in (*_FILES, HASH_LIST):
            private_file(unfinished / name, (made / name).read_bytes())
        sync_folder(unfinished)
        _must_be_same(unfinished, hashes)
        unfinished.rename(to)
        sync_folder(to.parent)
    except OSError as error:
        raise fault_of(error, unfinished) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(made, ignore_errors=True)
    if not store.read_only:
        store.audit("backup", study_sha256=hashes[STUDY_FILE], link_sha256=hashes[LINK_FILE])
    return to


def restore_backup(backup: Path, folder: Path) -> None:
    """Make a study folder from a backup; one that holds a study already is left alone.

    Raises
    ------
    GistImagingError
        If the backup is not whole, or the folder holds a study.
    """
    backup, folder = Path(backup), Path(folder)
    try:
        hashes = json.loads((backup / HASH_LIST).read_text("utf-8"))
    except (OSError, ValueError):
        raise GistImagingError(
            f"a backup made by `gist-imaging study backup`, which holds {HASH_LIST}",
            "found none there",
            "check the path",
        ) from None
    changed = [name for name in _FILES if _sha256_or_none(backup / name) != hashes.get(name)]
    if changed:
        named = ", ".join(changed)
        raise StoreError("damaged", f"{named} of the backup is missing or was changed; use another backup")
    refuse_network(folder)
    if any((folder / name).exists() for name in _FILES):
        raise GistImagingError(
            "a folder without a study",
            "found files of one",
            "move them away first, they may still be of use",
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in reversed(_FILES):
            private_file(folder / name, (backup / name).read_bytes())
        sync_folder(folder)
    except OSError as error:
        raise fault_of(error, folder) from error
    with StudyStore.open(folder) as store:
        store.audit("restored", study_sha256=hashes[STUDY_FILE])


def _made(store: StudyStore, folder: Path) -> dict[str, str]:
    """Copy the files to a folder of this machine, see that they open, and return their hashes."""
    # The link last: a series that the study knows always has a place.
    store.database.copy_to(folder / STUDY_FILE)
    store.links.database.copy_to(folder / LINK_FILE)
    private_file(folder / KEY_FILE, (store.folder / KEY_FILE).read_bytes())
    with StudyStore.open(folder, read_only=True) as copy:
        wrong = copy.links.database.quick_check()
    if wrong:
        raise StoreError("damaged", f"{LINK_FILE} of the study is damaged; restore an earlier backup")
    hashes = {name: _file_sha256(folder / name) for name in _FILES}
    private_file(folder / HASH_LIST, json.dumps(hashes, indent=1).encode())
    return hashes


def _must_be_same(folder: Path, hashes: dict[str, str]) -> None:
    if any(_sha256_or_none(folder / name) != sha256 for name, sha256 in hashes.items()):
        raise StoreError("damaged", "the copy does not read back as it was written; use another disk")


def _file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sha256_or_none(path: Path) -> str | None:
    try:
        return _file_sha256(path)
    except OSError:
        return None
