"""What leaves a study: whole or not at all, the batch's own rows, nothing of the patient."""

from __future__ import annotations

import errno
import json
import shutil
from unittest.mock import patch

import numpy as np
import pytest
from batch_cases import contents, table, write_manifest
from exported_studies import made_study, read_case

from gist_imaging.batch.runner import run_batch
from gist_imaging.errors import Cancelled, GistImagingError
from gist_imaging.io.cohort_read import validate_cohort
from gist_imaging.io.read import read_mask, read_volume
from gist_imaging.io.reading_file import read_reading
from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.store import StudyStore
from gist_imaging.study.marks import Mark
from gist_imaging.workflow.export import export_study


def names(folder, part):
    return sorted(path.name for path in (folder / part).iterdir())


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """A study of one case, its committed reading, and the folder that it was exported to."""
    root = tmp_path_factory.mktemp("usual")
    study = made_study(root, ("SYN-001",))
    reading = read_case(study, "SYN-001")
    export_study(study.folder, root / "out", sheets=False)
    return study, reading, root / "out"


def test_every_committed_reading_leaves_with_masks_sheets_and_rows(tmp_path):
    study = made_study(tmp_path)
    for case in ("SYN-001", "SYN-002"):
        read_case(study, case)

    report = export_study(study.folder, tmp_path / "out")

    assert report.passed
    assert (report.n_readings, report.n_masks, report.n_sheets, report.n_rows) == (2, 4, 2, 4)
    assert names(tmp_path / "out", ".") == ["cohort", "export.json", "masks", "readings", "sheets"]
    assert names(tmp_path / "out", "masks")[0] == "SYN-001_baseline_L1_R1.nii.gz"
    assert names(tmp_path / "out", "sheets")[:2] == ["SYN-001_R1.pdf", "SYN-001_R1_L1.png"]
    assert validate_cohort(tmp_path / "out" / "cohort").problems == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "scans", "study"]


def test_a_mask_that_leaves_is_the_one_that_was_committed(usual):
    study, reading, out = usual

    for held in reading.masks:
        image = read_volume(study.image("SYN-001", held.timepoint))
        file = out / "masks" / f"SYN-001_{held.timepoint}_L1_R1.nii.gz"
        assert read_mask(file, like=image).sha256() == held.mask_sha256
    rows = table(out / "cohort", "segmentations")
    assert {row["mask_sha256"] for row in rows} == {held.mask_sha256 for held in reading.masks}
    assert {row["method"] for row in rows} == {"region_grow"}


def test_the_rows_are_those_of_a_batch_on_the_same_masks(usual, tmp_path):
    study, reading, out = usual

    rows = [
        {
            "patient_id": "SYN-001",
            "timepoint_label": label,
            "scan_day": day,
            "t0_event": "imatinib_start",
            "image": str(study.image("SYN-001", label)),
            "mask": str(out / "masks" / f"SYN-001_{label}_L1_R1.nii.gz"),
            "modality": "CT",
            "quantity": "HU",
            "phase": "portal_venous",
            "mask_method": "region_grow",
            "reading": str(out / "readings" / "SYN-001_R1.json"),
        }
        for label, day in (("baseline", "-7"), ("presurgery", "180"))
    ]
    shutil.copy(study.folder / "uid.key", tmp_path / "plain.key")
    from gist_imaging.cohort.records import StudyFacts

    run_batch(write_manifest(tmp_path, rows), tmp_path / "plain", study=StudyFacts(study_id="GIST-7"))
    ours, plain = contents(out / "cohort"), contents(tmp_path / "plain")
    csv = [name for name in plain if name.endswith(".csv")]
    assert sorted(ours) == sorted(plain)
    assert len(csv) > 10
    # The tracking UID of a lesion is the one that the study gave it.
    assert [name for name in csv if ours[name] != plain[name]] == ["tables/csv/lesions.csv"]
    mine, theirs = table(out / "cohort", "lesions")[0], table(tmp_path / "plain", "lesions")[0]
    assert {key for key in mine if mine[key] != theirs[key]} == {"tracking_uid"}
    assert reading.sha256 == table(out / "cohort", "levator_relations")[0]["reading_sha256"]


def test_numbers_are_those_of_the_mask_and_a_caliper_stays_beside_them(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    ends = ((0.0, 0.0, 0.0), (3.0, 4.0, 0.0))
    caliper = Mark("longest_axial_diameter", "baseline", ends, lesion="L1")
    read_case(study, "SYN-001", extra=(caliper,))
    export_study(study.folder, tmp_path / "out", sheets=False)

    image = read_volume(study.image("SYN-001", "baseline"), quantity="HU")
    wanted = measure_lesion(image, study.masks["SYN-001", "baseline", "R1"]).longest_axial_diameter_mm
    found = [
        float(row["value"])
        for row in table(tmp_path / "out" / "cohort", "measurements")
        if row["name"] == "longest_axial_diameter" and row["timepoint_id"].endswith("baseline")
    ]
    assert found == [wanted]
    kept = read_reading(tmp_path / "out" / "readings" / "SYN-001_R1.json").calipers
    assert [mark.points_mm for mark in kept] == [ends]


def test_a_complete_response_leaves_as_an_empty_mask_and_counts_as_one(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    read_case(study, "SYN-001", gone=True)
    export_study(study.folder, tmp_path / "out", sheets=False)

    file = tmp_path / "out" / "masks" / "SYN-001_presurgery_L1_R1.nii.gz"
    assert read_mask(file).is_empty
    calls = table(tmp_path / "out" / "cohort", "responses")
    assert {row["overall_response"] for row in calls if row["criterion"] == "recist11"} == {"CR"}


def test_lesions_keep_the_tracking_uid_of_the_study_re_rooted(usual):
    study, _, out = usual

    with StudyStore.open(study.folder) as store:
        wanted = store.private_uid("2.25.77")
    index = json.loads((out / "export.json").read_text())
    assert index["readings"][0]["lesions"][0]["tracking_uid"] == wanted
    assert '2.25.77"' not in (out / "export.json").read_text()
    # Re-rooted as every UID that leaves: the one of the table is that of the records, seen from outside.
    assert table(out / "cohort", "lesions")[0]["tracking_uid"].startswith("2.25.")


def test_two_exports_of_one_study_hold_the_same_bytes(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    read_case(study, "SYN-001")
    export_study(study.folder, tmp_path / "one")
    export_study(study.folder, tmp_path / "two")

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_stays_at_home_does_not_leave(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    first = read_case(study, "SYN-001")
    with StudyStore.open(study.folder) as store:
        store.add_reading(first.revised("talked to the surgeon", relations=first.relations[:2]), [])
    export_study(study.folder, tmp_path / "out")

    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and path.suffix in (".json", ".csv", ".md"):
            text = path.read_text()
            assert "surgeon" not in text
            assert "said in private" not in text
            assert str(tmp_path) not in text
    assert not list((tmp_path / "out").rglob("*.key"))


def test_the_last_revision_counts(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    first = read_case(study, "SYN-001")
    with StudyStore.open(study.folder) as store:
        last = first.revised("a second look", relations=first.relations[:2])
        store.add_reading(last, [])
    export_study(study.folder, tmp_path / "out", sheets=False)

    index = json.loads((tmp_path / "out" / "export.json").read_text())
    assert index["readings"][0]["reading_sha256"] == last.sha256
    assert len(table(tmp_path / "out" / "cohort", "levator_relations")) == 2


def test_readers_stand_beside_each_other_and_one_can_be_chosen(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    read_case(study, "SYN-001", "R1")
    read_case(study, "SYN-001", "R2", scale=0.9)

    both = export_study(study.folder, tmp_path / "both", sheets=False)
    one = export_study(study.folder, tmp_path / "one", reader="R2", sheets=False)

    assert (both.n_readings, both.n_rows, one.n_readings, one.n_rows) == (2, 4, 1, 2)
    assert names(tmp_path / "one", "readings") == ["SYN-001_R2.json"]


def test_words_without_an_outline_leave_and_the_missing_outline_is_told(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    first = read_case(study, "SYN-001")
    with StudyStore.open(study.folder) as store:
        store.add_reading(first.revised("outline withdrawn", masks=first.masks[:1]), [])

    report = export_study(study.folder, tmp_path / "out", sheets=False)

    assert [(failure.what, failure.message[:7]) for failure in report.failures] == [("row", "NO_MASK")]
    assert len(table(tmp_path / "out" / "cohort", "levator_relations")) == 4


def test_a_case_whose_image_was_changed_is_left_out_and_told(tmp_path):
    study = made_study(tmp_path)
    for case in ("SYN-001", "SYN-002"):
        read_case(study, case)
    shutil.copy(study.image("SYN-002", "presurgery"), study.image("SYN-001", "presurgery"))

    report = export_study(study.folder, tmp_path / "out", sheets=False)

    assert [(failure.case, failure.what) for failure in report.failures] == [("SYN-001 R1", "case")]
    assert "presurgery is the one that was outlined" in report.failures[0].message
    assert names(tmp_path / "out", "readings") == ["SYN-002_R1.json"]
    assert {row["patient_id"] for row in table(tmp_path / "out" / "cohort", "patients")} == {"SYN-002"}


def test_a_case_whose_image_is_gone_is_left_out_without_its_path(tmp_path):
    study = made_study(tmp_path)
    for case in ("SYN-001", "SYN-002"):
        read_case(study, case)
    study.image("SYN-001", "baseline").unlink()

    report = export_study(study.folder, tmp_path / "out", sheets=False)

    assert [failure.case for failure in report.failures] == ["SYN-001 R1"]
    assert report.failures[0].message.startswith("the image of baseline")
    assert study.image("SYN-001", "baseline").name not in (tmp_path / "out" / "export.json").read_text()


def test_an_export_is_not_replaced_unless_told_and_only_an_export_is(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    read_case(study, "SYN-001")
    export_study(study.folder, tmp_path / "out", sheets=False, cohort=False)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")

    with pytest.raises(GistImagingError, match="an export stands there"):
        export_study(study.folder, tmp_path / "out")
    with pytest.raises(GistImagingError, match="other files"):
        export_study(study.folder, tmp_path / "mine", overwrite=True)
    export_study(study.folder, tmp_path / "out", sheets=False, cohort=False, masks=False, overwrite=True)

    assert names(tmp_path / "out", ".") == ["export.json", "readings"]
    assert names(tmp_path / "mine", ".") == ["thesis.txt"]


@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_a_stopped_export_leaves_nothing_and_the_old_one_as_it_was(tmp_path, after):
    study = made_study(tmp_path)
    for case in ("SYN-001", "SYN-002"):
        read_case(study, case)
    export_study(study.folder, tmp_path / "out", sheets=False, cohort=False)
    before = contents(tmp_path / "out")
    asked = []

    def cancelled():
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        export_study(study.folder, tmp_path / "out", overwrite=True, cancelled=cancelled)

    assert contents(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "scans", "study"]


def test_a_replacement_that_was_cut_short_between_two_renames_is_put_right(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    read_case(study, "SYN-001")
    export_study(study.folder, tmp_path / "out", sheets=False, cohort=False)
    (tmp_path / "out").rename(tmp_path / ".out.previous")

    with pytest.raises(GistImagingError, match="an export stands there"):
        export_study(study.folder, tmp_path / "out")

    assert names(tmp_path / "out", ".") == ["export.json", "masks", "readings"]


def test_the_trail_of_the_study_holds_counts_and_a_hash_and_no_place(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    read_case(study, "SYN-001")
    export_study(study.folder, tmp_path / "leaving", sheets=False, cohort=False)

    from hashlib import sha256

    with StudyStore.open(study.folder) as store:
        row = store.audit_rows()[-1]
    assert row.name == "export"
    assert (row.details["n_readings"], row.details["n_masks"]) == (1, 2)
    index = (tmp_path / "leaving" / "export.json").read_bytes()
    assert row.details["index_sha256"] == sha256(index).hexdigest()
    assert "leaving" not in json.dumps(dict(row.details))


def test_a_study_without_a_reading_says_what_to_do(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))

    with pytest.raises(GistImagingError, match="commit a reading"):
        export_study(study.folder, tmp_path / "out")
    with pytest.raises(GistImagingError, match="a place outside the study"):
        export_study(study.folder, study.folder / "out")
    with pytest.raises(GistImagingError, match="unknown: SYN-404"):
        export_study(study.folder, tmp_path / "out", cases=("SYN-404",))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scans", "study"]


def test_progress_never_goes_back_and_ends_whole(tmp_path):
    study = made_study(tmp_path)
    for case in ("SYN-001", "SYN-002"):
        read_case(study, case)
    told = []

    export_study(study.folder, tmp_path / "out", progress=lambda done, total: told.append((done, total)))

    done = np.array([n for n, _ in told])
    assert (np.diff(done) >= 0).all()
    assert told[-1] == (6, 6)


def test_a_full_disk_ends_the_export_and_leaves_nothing(tmp_path):
    study = made_study(tmp_path, ("SYN-001",))
    read_case(study, "SYN-001")

    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        patch("gist_imaging.workflow.export_case.write_checked_mask", side_effect=full),
        pytest.raises(OSError, match="No space left"),
    ):
        export_study(study.folder, tmp_path / "out", cohort=False)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["scans", "study"]
    with StudyStore.open(study.folder) as store:
        assert store.audit_rows()[-1].name != "export"
