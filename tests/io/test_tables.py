"""Cohort folders: same bytes, nothing lost, every fault named, readable by an independent program."""

from __future__ import annotations

import json
import random
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from cohort_records import pelvic_numbers, scan, small_cohort, some_readings

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.records import SCHEMA_VERSION, StudyFacts
from gist_imaging.cohort.spec import tables
from gist_imaging.errors import GistImagingError, TableError
from gist_imaging.io import tables as io_tables
from gist_imaging.io.tables import read_cohort, validate_cohort, write_cohort

STUDY = StudyFacts(study_id="SYN")


def records():
    first, *others = small_cohort()
    return [replace(first, pelvic=pelvic_numbers()), *others]


@pytest.fixture(scope="module")
def frames():
    return cohort_frames(records(), STUDY, some_readings())


@pytest.fixture
def folder(tmp_path, frames):
    return write_cohort(frames, STUDY, tmp_path / "cohort")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def codes(folder: Path) -> set[str]:
    return {problem.code for problem in validate_cohort(folder).problems}


def edit_csv(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / "tables" / "csv" / f"{table}.csv"
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())


def test_a_written_cohort_is_valid_and_reads_back_equal(folder, tmp_path, frames):
    read = read_cohort(folder)

    assert validate_cohort(folder).is_valid
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    for table in tables():
        plain = [column.name for column in table.columns if not column.uid]
        pd.testing.assert_frame_equal(read[table.name][plain], frames[table.name][plain], check_exact=True)


def test_the_same_input_gives_the_same_bytes_in_any_order(tmp_path, frames, folder):
    shuffled = [*records(), records()[0]]
    random.Random(3).shuffle(shuffled)
    readings = [*some_readings()[::-1], some_readings()[0]]

    again = write_cohort(
        cohort_frames(shuffled, STUDY, readings), STUDY, tmp_path / "again", key_file=tmp_path / "cohort.key"
    )

    assert contents(again) == contents(folder)


def test_a_patient_called_001_keeps_its_zeros(folder):
    read = read_cohort(folder)

    assert read["patients"]["patient_id"].tolist()[0] == "001"
    assert validate_cohort(folder).n_rows["patients"] == 4


def test_the_independent_validator_passes_the_package(folder):
    frictionless = pytest.importorskip("frictionless")

    report = frictionless.validate(str(folder / "datapackage.json"))

    assert report.flatten(["title", "rowNumber", "fieldName"]) == []


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("measurements", ",mL,", ",litre,"),
        ("timepoints", "SYN-002/presurgery,SYN-002,", "SYN-002/presurgery,SYN-008,"),
        ("levator_relations", ",marked,", ",2,"),
        ("pelvic_findings", "SYN-001/L1", "SYN-001/L9"),
    ],
    ids=["a bad unit", "a dangling key", "a digit for a word", "words about nobody's lesion"],
)
def test_the_independent_validator_finds_what_ours_finds(folder, table, old, new):
    frictionless = pytest.importorskip("frictionless")
    edit_csv(folder, table, old, new)

    independent = frictionless.validate(str(folder / "datapackage.json"))
    kinds = {kind for (kind,) in independent.flatten(["type"])}

    assert kinds & {"constraint-error", "foreign-key"}
    assert codes(folder) & {"word", "dangling_key"}


def test_an_edited_csv_is_told_by_its_hash_and_its_parquet_twin(folder):
    edit_csv(folder, "measurements", ",68.0,mm,", ",67.0,mm,")

    found = validate_cohort(folder).problems

    assert {"hash", "drift", "not_recomputed"} <= {problem.code for problem in found}
    assert {problem.column for problem in found if problem.table == "analysis_patient"} >= {"ld_pre_mm"}


def test_a_missing_or_foreign_file_is_named(folder):
    (folder / "tables" / "parquet" / "lesions.parquet").write_bytes(b"not parquet")
    (folder / "tables" / "csv" / "readers.csv").unlink()

    problems = validate_cohort(folder).problems

    assert {(p.table, p.code) for p in problems if p.code in ("missing_file", "drift")} >= {
        ("readers", "missing_file"),
        ("lesions", "drift"),
    }
    with pytest.raises(TableError, match="readers"):
        read_cohort(folder)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda text: b"\xef\xbb\xbf" + text, "bom"),
        (lambda text: text.replace(b",", b";"), "header"),
        (lambda text: text.replace(b"true", b"WAHR", 1), "type"),
        (lambda text: text.replace(b"\n", b",\n", 2).replace(b",\n", b"\n", 1), "cells"),
        (lambda text: b"\xff" + text, "csv"),
    ],
    ids=["BOM", "semicolons", "German true", "one cell too many", "no UTF-8"],
)
def test_what_a_spreadsheet_does_to_a_csv_is_named(folder, spoil, code):
    path = folder / "tables" / "csv" / "lesions.csv"
    path.write_bytes(spoil(path.read_bytes()))

    assert code in codes(folder)


def test_a_key_inside_is_named_whatever_it_is_called_and_wherever_it_lies(folder, tmp_path):
    for name in ("cohort.key", "masks/other.key", "masks/notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((tmp_path / "cohort.key").read_bytes())

    problems = validate_cohort(folder).problems

    assert {(problem.table, problem.code) for problem in problems} == {
        ("cohort.key", "key_inside"),
        ("masks/other.key", "key_inside"),
        ("masks/notes.txt", "key_inside"),
    }


def test_a_cohort_that_holds_its_key_is_not_written_again(folder, frames):
    (folder / "cohort.key").write_bytes((folder.parent / "cohort.key").read_bytes())

    with pytest.raises(TableError, match="undo the pseudonyms"):
        write_cohort(frames, STUDY, folder)


def test_what_the_format_does_not_know_is_named(folder):
    unknown = ["names.xlsx", "tables/notes.txt", "tables/csv/patients_old.csv", "scans/one.dcm"]
    allowed = ["masks/a.nii", "exports/b.xlsx", "report/c.pdf", "provenance/runs.jsonl"]
    for name in [*unknown, *allowed]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("something", encoding="utf-8")

    problems = validate_cohort(folder).problems

    assert {problem.table for problem in problems} == {*unknown, "scans"}
    assert {problem.code for problem in problems} == {"unknown_file"}


def test_an_unknown_file_is_carried_over_and_still_named(folder, frames):
    (folder / "names.xlsx").write_text("something", encoding="utf-8")

    write_cohort(frames, STUDY, folder)

    assert [problem.table for problem in validate_cohort(folder).problems] == ["names.xlsx"]


def test_a_newer_major_version_is_refused(folder):
    path = folder / "cohort.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace(f'"{SCHEMA_VERSION}"', '"2.0.0"'), encoding="utf-8"
    )

    with pytest.raises(TableError, match="newer"):
        validate_cohort(folder)
    with pytest.raises(TableError, match="newer"):
        read_cohort(folder)


def test_a_cohort_of_an_earlier_version_is_refused_with_advice_and_can_be_written_again(folder, frames):
    path = folder / "cohort.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace(f'"{SCHEMA_VERSION}"', '"1.0.0"'), encoding="utf-8"
    )
    (folder / "tables" / "csv" / "levator_relations.csv").unlink()

    for read in (validate_cohort, read_cohort):
        with pytest.raises(TableError, match="run gist-imaging batch again"):
            read(folder)
    write_cohort(frames, STUDY, folder)

    assert validate_cohort(folder).is_valid


def test_a_folder_that_is_no_cohort_is_refused(tmp_path, frames):
    (tmp_path / "cohort").mkdir()
    (tmp_path / "cohort" / "thesis.txt").write_text("years of work", encoding="utf-8")

    with pytest.raises(GistImagingError, match="nothing was changed"):
        write_cohort(frames, STUDY, tmp_path / "cohort")
    with pytest.raises(TableError, match="expected a cohort folder"):
        read_cohort(tmp_path / "cohort")
    assert (tmp_path / "cohort" / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_invalid_tables_leave_the_earlier_cohort_as_it_was(folder, frames, tmp_path):
    before = contents(folder)
    spoilt = {name: frame.copy() for name, frame in frames.items()}
    spoilt["measurements"].loc[0, "unit"] = "mL"

    with pytest.raises(TableError) as caught:
        write_cohort(spoilt, STUDY, folder)

    assert any("unit" in problem for problem in caught.value.problems)
    assert contents(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "cohort.key"]


def test_writing_again_keeps_what_else_lies_in_the_folder(folder, tmp_path):
    (folder / "masks").mkdir()
    (folder / "masks" / "a.txt").write_text("kept", encoding="utf-8")
    one = cohort_frames([scan()], STUDY)

    write_cohort(one, STUDY, folder, run={"run": 1})
    write_cohort(one, STUDY, folder, run={"run": 2})

    assert (folder / "masks" / "a.txt").read_text(encoding="utf-8") == "kept"
    assert (folder / "provenance" / "runs.jsonl").read_text(encoding="utf-8") == '{"run":1}\n{"run":2}\n'
    assert len(read_cohort(folder)["patients"]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "cohort.key"]


def test_a_rename_that_fails_puts_the_earlier_cohort_back(folder, frames, monkeypatch):
    before = contents(folder)
    rename = Path.rename

    def failing(self, target):
        if self.name.endswith(".part"):
            raise OSError("no space left")
        return rename(self, target)

    monkeypatch.setattr(io_tables.Path, "rename", failing)
    with pytest.raises(OSError, match="no space"):
        write_cohort(frames, STUDY, folder)

    assert contents(folder) == before


def test_an_interruption_between_the_renames_is_healed_by_the_next_write(folder, frames):
    folder.rename(folder.with_name(".cohort.previous"))

    write_cohort(frames, STUDY, folder, run={"run": 1})

    assert validate_cohort(folder).is_valid
    assert not folder.with_name(".cohort.previous").exists()


def test_what_somebody_else_keeps_under_the_name_of_the_backup_is_not_touched(folder, frames):
    foreign = folder.with_name(".cohort.previous")
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work", encoding="utf-8")

    with pytest.raises(GistImagingError, match="nothing was changed"):
        write_cohort(frames, STUDY, folder)

    assert (foreign / "thesis.txt").exists()
    assert validate_cohort(folder).is_valid


def test_uids_leave_only_under_our_root_and_join_within_the_export(folder, frames):
    raw = [*frames["series"]["series_uid"].dropna(), *frames["lesions"]["tracking_uid"].dropna()]
    exported = b"".join(contents(folder).values())
    read = read_cohort(folder)

    assert not [uid for uid in raw if uid.encode() in exported]
    assert read["series"]["series_uid"].str.startswith("2.25.").all()
    assert read["series"]["series_uid"].str.len().max() <= 64
    assert read["series"]["series_uid"].nunique() == frames["series"]["series_uid"].nunique()


def test_the_key_lies_beside_the_export_and_belongs_to_its_owner(folder, frames, tmp_path):
    key = tmp_path / "cohort.key"
    before = key.read_bytes()

    write_cohort(frames, STUDY, folder)

    assert key.read_bytes() == before
    assert before.strip() not in b"".join(contents(folder).values())
    if sys.platform != "win32":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(GistImagingError, match="outside"):
        write_cohort(frames, STUDY, folder, key_file=folder / "inside.key")
    key.write_text("no key", encoding="utf-8")
    with pytest.raises(GistImagingError, match="restore it"):
        write_cohort(frames, STUDY, folder)


def test_dates_stay_at_home_under_the_relative_policy(folder, frames, tmp_path):
    exported = b"".join(contents(folder).values())
    real = StudyFacts(study_id="SYN", date_policy="real")
    dated = write_cohort(cohort_frames(small_cohort(), real), real, tmp_path / "dated")

    assert b"2020-" not in exported
    assert validate_cohort(dated).is_valid
    assert "2020-02-03" in read_cohort(dated)["timepoints"]["scan_date"].tolist()
    with pytest.raises(TableError, match="expected no date"):
        write_cohort(cohort_frames(small_cohort(), real), STUDY, tmp_path / "leaking")


def test_the_package_names_hash_and_bytes_of_every_table(folder):
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))

    assert [resource["name"] for resource in package["resources"]] == [table.name for table in tables()]
    for resource in package["resources"]:
        assert (folder / resource["path"]).stat().st_size == resource["bytes"]
        assert (folder / resource["parquet"]["path"]).stat().st_size == resource["parquet"]["bytes"]
    assert not (folder / "tables" / "csv" / "lesions.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert b"\r" not in (folder / "tables" / "csv" / "lesions.csv").read_bytes()
