"""What a reader does leaves nothing of the patient in study.sqlite, not even inside packed actions."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

from dicom_files import MARKER, write_series

from gist_imaging import workflow


def _unpacked(path: Path) -> bytes:
    """Everything in the file, with what is compressed laid open."""
    held = [path.read_bytes()]
    database = sqlite3.connect(path)
    for table, column in (("events", "payload"), ("snapshots", "stored"), ("masks", "packed")):
        held += [zlib.decompress(row[0]) for row in database.execute(f"SELECT {column} FROM {table}")]
    database.close()
    return b"\n".join(held)


def test_actions_and_states_hold_no_name_date_or_path(tmp_path: Path) -> None:
    scans, study = tmp_path / "markerfolder", tmp_path / "study"
    for name, day in (("a", "20240105"), ("b", "20240712")):
        write_series(scans / name, 4, series=day, StudyDate=day, StudyInstanceUID=f"1.2.826.0.1.99.{day}")
    workflow.init_study(study, "TEST")
    workflow.import_scans(study, scans)
    case = workflow.open_case(study, "P001", "R1")
    lesion = workflow.add_lesion(case)
    points = case.measured_volume("baseline").geometry.to_patient([[1, 2, 2], [1, 3, 3]])
    workflow.add_stroke(case, lesion, "baseline", points, True)
    workflow.brush(case, lesion, "baseline", points, 1.5)
    case.undo()
    case.redo()
    assert workflow.close_case(case)

    held = _unpacked(study / "study.sqlite")
    assert b"brush" in held
    for marker in (
        MARKER,
        "19600101",
        "20240105",
        "2024-01-05",
        "2024-07-12",
        "markerfolder",
        "1.2.826.0.1.99",
    ):
        assert marker.encode() not in held
