"""What stands beside a cohort folder and never inside it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["key_file_of", "work_folder_of"]


def work_folder_of(out: Path) -> Path:
    """Return the folder of ledger, results and carried columns that stands beside the cohort folder."""
    return out.with_name(f"{out.name}.work")


def key_file_of(out: Path) -> Path:
    """Return the file of the key that re-roots UIDs, as `gist_imaging.io.tables` places it."""
    return out.with_name(f"{out.name}.key")
