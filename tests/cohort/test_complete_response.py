"""A tumour that has gone is a change of exactly -100 %, whatever its size was."""

from __future__ import annotations

import random

from cohort_records import scan

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.emit import plain_rows
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.validate import validate_frames

N_PATIENTS = 60


def test_a_complete_response_is_exactly_minus_100_percent_for_any_baseline():
    sizes = random.Random(20240531)
    records = []
    for number in range(N_PATIENTS):
        patient = f"SYN-{number:03d}"
        before = sizes.uniform(10.0, 150.0)
        physical = number % 4 != 0
        records += [
            scan(patient, diameter_mm=before, physical=physical),
            scan(patient, "presurgery", diameter_mm=0.0, physical=physical),
        ]
    study = StudyFacts()
    frames = cohort_frames(records, study)
    patients = plain_rows(frames["analysis_patient"])
    judged = [row for row in plain_rows(frames["responses"]) if row["pct_change_baseline"] is not None]

    assert validate_frames(frames, study) == []
    assert {row["vol_change_pct"] for row in patients} == {-100.0}
    assert {row["ld_change_pct"] for row in patients} == {-100.0, None}
    assert {row["pct_change_baseline"] for row in judged} == {-100.0}
    assert {row["pct_change_nadir"] for row in judged} <= {-100.0, None}
