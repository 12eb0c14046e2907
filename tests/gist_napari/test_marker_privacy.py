"""What DICOM says of the patient, and where scans lie, is on no screen, in no study file and no export."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from reading_screen import ReadingScreen, reading_screen
from widget_texts import all_texts
from window_driver import settle

from gist_imaging import workflow
from gist_imaging.io.phantom_files import write_phantom_case
from gist_imaging.session.proposals import Proposal
from gist_imaging.spatial import Mask

pytestmark = [pytest.mark.journey, pytest.mark.gui]

PLACE = "MARKERPLACE"
MARKED = {
    "PatientName": "MARKERNAME^Anna",
    "PatientID": "MARKERID-77",
    "PatientBirthDate": "19471103",
    "PatientAddress": "MARKERSTREET 4",
    "AccessionNumber": "MARKERACC",
    "StudyDescription": "MARKERSTUDY for Dr X",
    "SeriesDescription": "MARKERSERIES Anna",
    "ProtocolName": "MARKERPROTOCOL",
    "InstitutionName": "MARKERHOSPITAL",
    "ReferringPhysicianName": "MARKERDOCTOR",
    "StationName": "MARKERSTATION",
    "ImageComments": "MARKERCOMMENT",
}
# Markers, dates as DICOM and as people write them, and the roots of UIDs that the scanner gave.
DATES = ("20200106", "20200711", "2020-01-06", "2020-07-11", "1947-11-03")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: Any) -> Path:
    """A CT pair whose every free field holds a marker, in a folder that is one."""
    root = tmp_path_factory.mktemp("scans")
    write_phantom_case(root / "made", matrix=64, slices=16)
    marked = root / PLACE
    for number, file in enumerate(sorted((root / "made").rglob("*.dcm"))):
        dataset = pydicom.dcmread(file)
        for keyword, value in MARKED.items():
            setattr(dataset, keyword, value)
        within = file.parent.relative_to(root / "made")
        to = marked / within.parent / f"MARKERSERIES_{within.name}" / f"MARKERFILE{number:04d}.dcm"
        to.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(to)
    return marked


@pytest.fixture(scope="module")
def markers(scans: Path) -> tuple[str, ...]:
    uids = set()
    for file in sorted(scans.rglob("*.dcm"))[::8]:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        # The frame of reference is kept with outlines (docs/study.md).
        uids |= {str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), str(dataset.SOPInstanceUID)}
    return ("MARKER", *DATES, MARKED["PatientBirthDate"], *sorted(uids))


@pytest.fixture(scope="module")
def screen(scans: Path, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen((1280, 800), tmp_path_factory.mktemp("private") / "study", scans) as shown:
        yield shown


def opened_bytes(path: Path) -> bytes:
    """Everything in a file, with what is packed laid open."""
    raw = path.read_bytes()
    held = [raw]
    if path.suffix == ".sqlite":
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes):
                        held.append(value)
                        try:
                            held.append(zlib.decompress(value))
                        except zlib.error:
                            continue
        database.close()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            held += [packed.read(name) for name in packed.namelist()]
    elif raw[:2] == b"\x1f\x8b":
        held.append(zlib.decompress(raw, 31))
    elif path.suffix == ".pdf":
        for part in raw.split(b"stream")[1:]:
            try:
                held.append(zlib.decompressobj().decompress(part.lstrip(b"\r\n")))
            except zlib.error:
                continue
    return b"\n".join(held)


def found_in(folder: Path, markers: tuple[str, ...], besides: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    files = [one for one in folder.rglob("*") if one.is_file() and one.name not in besides]
    assert files
    return [
        (str(one.relative_to(folder)), marker)
        for one in files
        for marker in markers
        if marker.encode() in opened_bytes(one) or marker in one.name
    ]


def shown_markers(markers: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(where, text) for where, text in all_texts() for marker in markers if marker in text]


def ball(volume: Any, radius_mm: float) -> Mask:
    grid = volume.geometry
    at = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    middle = grid.to_patient((np.asarray(grid.shape) - 1) / 2)
    inside = np.linalg.norm(grid.to_patient(at) - middle, axis=1) < radius_mm
    return Mask(inside.reshape(grid.shape), grid)


def test_no_marker_is_shown_kept_told_or_exported(
    screen: ReadingScreen,
    scans: Path,
    markers: tuple[str, ...],
    tmp_path: Path,
    capfd: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    caplog.set_level(logging.INFO)
    session, study = screen.session, screen.study
    exceptions: list[str] = []
    monkeypatch.setattr(
        sys, "excepthook", lambda kind, error, _: exceptions.append(f"{kind.__name__}: {error}")
    )
    (row,) = session.worklist()
    screen.dock.worklist.show_pair(row.case)
    settle(0.2)
    assert shown_markers(markers) == []
    session.open_case(row.case)
    settle(0.3)
    for visit in screen.case.visits:
        found = ball(screen.case.measured_volume(visit.label), 14.0)
        if not session.lesions:
            session.new_lesion()
        workflow.propose(screen.case, Proposal("L1", visit.label, found, "region_grow", "Grow", {}, ()))
        workflow.accept(screen.case, "L1", visit.label)
    for question in workflow.open_questions(screen.case):
        word = {"invasion": "no", "confidence": "high"}.get(question.field, "none")
        place = (question.visit, question.lesion, question.form, question.side, question.field)
        session.do(workflow.answer, *place, word)
    workflow.commit_call(screen.case)
    screen.hover(screen.pre, (120, 120))
    for page in screen.dock.panel.pages:
        session.page_wanted.emit(page)
        settle(0.1)
        assert shown_markers(markers) == []
    out = tmp_path / "export"
    session.export_study(out)
    screen.wait_for_job()
    assert screen.errors() == []
    workflow.back_up_study(study)
    session.leave_case()

    # Files under the window that are gone: told without where they lay.
    aside = scans.with_name("aside")
    shutil.move(scans, aside)
    session.open_case(row.case)
    settle(0.3)
    assert shown_markers(markers) == []
    assert all(marker not in toast.text for toast in screen.said for marker in markers)
    session.leave_case()
    assert not exceptions, exceptions
    aside.rename(scans)

    # On disk, the link file alone knows; its copy in a backup too.
    assert found_in(study, markers, ("link.sqlite", "link.sqlite-wal", "uid.key")) == []
    assert found_in(out, markers) == []
    printed = "".join(capfd.readouterr()) + caplog.text
    assert all(marker not in printed for marker in markers)


def test_a_series_that_cannot_be_shown_is_named_without_its_description(scans: Path, tmp_path: Path):
    folder = tmp_path / "bad"
    for number, file in enumerate(sorted(scans.rglob("*.dcm"))[:6]):
        dataset = pydicom.dcmread(file)
        # Half of the slices are turned: one series of two orientations measures nothing.
        if number % 2:
            dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        folder.mkdir(exist_ok=True)
        dataset.save_as(folder / f"{number}.dcm")
    refused: list[str] = []
    workflow.open_volumes(folder, refused)
    assert refused
    assert not any("MARKER" in told for told in refused)
