"""The index of an export: every file with its hash, and what the tables have no column for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.workflow.export_folder import FORMAT, INDEX

if TYPE_CHECKING:
    from gist_imaging.workflow.export_given import GivenCase
    from gist_imaging.workflow.export_report import ExportFailure

__all__ = ["described", "write_index"]

# When a batch ran stands there; it is the one file of a cohort that is not hashed.
_NOT_HASHED = "runs.jsonl"


def write_index(
    folder: Path, study_id: str, readings: Sequence[Mapping[str, Any]], failures: Sequence[ExportFailure]
) -> str:
    """Write what the folder holds, without clock, reasons or places, and return the hash of that."""
    from gist_imaging._version import __version__

    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _NOT_HASHED
    }
    held = {
        "format": FORMAT,
        "study_id": study_id,
        "version": __version__,
        "readings": list(readings),
        "failures": [failure.to_json() for failure in failures],
        "files": files,
    }
    text = json.dumps(held, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / INDEX).write_text(text, "utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def described(
    given: GivenCase,
    masks: Mapping[tuple[str, str], Path],
    tracking_uids: Mapping[str, str],
    are_masks_there: bool,
) -> dict[str, Any]:
    """Return lesions, masks and hashes of one reading as plain values.

    Parameters
    ----------
    tracking_uids : lesion to its UID, re-rooted
    are_masks_there : whether the folder holds the mask files
    """
    return {
        "case": given.reading.case,
        "reader": given.reading.reader,
        "status": given.status,
        "revision": given.reading.revision,
        "blinded": given.reading.blinded,
        "reading_sha256": given.reading.sha256,
        "lesions": [_lesion(given, name, tracking_uids.get(name)) for name in given.lesions],
        "masks": [
            {
                "lesion": lesion,
                "timepoint": visit,
                "file": f"masks/{path.name}" if are_masks_there else None,
                "mask_sha256": given.masks[lesion, visit].sha256(),
            }
            for (lesion, visit), path in sorted(masks.items())
        ],
    }


def _lesion(given: GivenCase, name: str, tracking_uid: str | None) -> dict[str, Any]:
    about = given.state.plain("lesion", name) or {}
    fates = {
        visit.label: held["word"]
        for visit in given.visits
        if (held := given.state.plain("fate", name, visit.label)) is not None
    }
    return {
        "lesion": name,
        "organ": about.get("organ"),
        "role": about.get("role"),
        "tracking_uid": tracking_uid,
        "fates": fates,
        "impression": given.state.plain("impression", name),
    }
