from __future__ import annotations

from pathlib import Path

import pytest

from gist_imaging.batch.manifest import read_manifest
from gist_imaging.batch.manifest_columns import COLUMNS
from gist_imaging.errors import GistImagingError, TableError


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "manifest.csv"
    path.write_bytes(text.encode(encoding))
    return path


def problems_of(tmp_path: Path, text: str, encoding: str = "utf-8") -> str:
    with pytest.raises(TableError) as refused:
        read_manifest(written(tmp_path, text, encoding))
    assert "MARKER" not in str(refused.value)
    return "\n".join(refused.value.problems)


def rows_of(tmp_path: Path, text: str):
    return read_manifest(written(tmp_path, text)).rows


def test_a_patient_called_001_stays_001_and_na_stays_a_word(tmp_path):
    first, second = rows_of(
        tmp_path, "patient_id,timepoint_label,image,mask\n001,NA,a.nii,m.nii\nNONE,None,b.nii,\n"
    )

    assert (first.patient_id, first.timepoint_label) == ("001", "NA")
    assert (second.patient_id, second.timepoint_label, second.mask) == ("NONE", "None", None)


def test_paths_are_relative_to_the_manifest(tmp_path):
    (row,) = rows_of(
        tmp_path, f"patient_id,timepoint_label,image,mask\nP1,baseline,ct/a.nii,{tmp_path}/m.nii\n"
    )

    assert row.image == tmp_path / "ct" / "a.nii"
    assert row.mask == tmp_path / "m.nii"


def test_the_header_may_be_in_any_case_and_begin_with_a_byte_order_mark(tmp_path):
    (row,) = rows_of(tmp_path, "\ufeffPatient_ID,Timepoint_Label,IMAGE,Mask\nP1,baseline,a.nii,m.nii\n")

    assert (row.patient_id, row.image.name) == ("P1", "a.nii")


def test_a_quoted_cell_may_hold_a_comma(tmp_path):
    (row,) = rows_of(
        tmp_path,
        "patient_id,timepoint_label,image,same_patient_reason\n"
        'P1,tp1,"a,b.nii","moved, new hospital number"\n',
    )

    assert row.image.name == "a,b.nii"
    assert row.stated["same_patient_reason"] == "moved, new hospital number"


def test_every_stated_column_is_read_by_its_type(tmp_path):
    header = (
        "patient_id,scan_date,image,mask,label,lesion_id,modality,phase,reader_id,read_no,quantity,geometry,"
        "b_value,split_phase,resample,age_years,on_imatinib\n"
    )
    cells = "P1,2024-05-31,a,m,255,P1/L2,mr,Portal_Venous,R2,2,adc,not_physical,50,magnitude,yes,61.5,false\n"

    (row,) = rows_of(tmp_path, header + cells)

    assert (row.label, row.lesion, row.lesion_id, row.physical) == (255, "L2", "P1/L2", False)
    assert row.split == {"b_value": 50.0, "phase": "magnitude"}
    assert row.stated == {
        "scan_date": "2024-05-31",
        "modality": "MR",
        "phase": "portal_venous",
        "reader_id": "R2",
        "read_no": 2,
        "quantity": "ADC",
        "resample": True,
        "age_years": 61.5,
        "on_imatinib": False,
    }


def test_a_label_that_is_no_number_is_the_name_of_a_structure(tmp_path):
    (row,) = rows_of(tmp_path, "patient_id,timepoint_label,image,mask,label\nP1,tp1,a,m,GTV_Mass\n")

    assert row.label == "GTV_Mass"


def test_unknown_columns_are_carried_with_each_row(tmp_path):
    manifest = read_manifest(
        written(tmp_path, "patient_id,timepoint_label,image,Kernel,ward\nP1,tp1,a,B30f,7\nP2,tp1,b,,9\n")
    )

    assert manifest.columns_carried == ("Kernel", "ward")
    assert [dict(row.carried) for row in manifest.rows] == [
        {"Kernel": "B30f", "ward": "7"},
        {"Kernel": "", "ward": "9"},
    ]


def test_visits_without_a_name_are_called_by_the_rank_of_their_day(tmp_path):
    text = (
        "patient_id,scan_date,image,lesion_id\n"
        "P1,2024-07-01,c,L1\nP1,2024-01-01,a,L1\nP1,2024-01-01,a,L2\nP2,2025-01-01,d,L1\n"
    )

    assert [row.timepoint_label for row in rows_of(tmp_path, text)] == ["TP02", "TP01", "TP01", "TP01"]


def test_lesions_are_numbered_by_their_ids_whatever_the_order_of_rows(tmp_path):
    lines = ["P1,tp1,a,L10\n", "P1,tp1,a,L2\n", "P1,tp1,a,L1\n"]
    header = "patient_id,timepoint_label,image,lesion_id\n"

    numbers = [
        {row.lesion: row.lesion_number for row in rows_of(tmp_path, header + "".join(order))}
        for order in (lines, lines[::-1])
    ]

    assert numbers == [{"L1": 1, "L2": 2, "L10": 3}] * 2


def test_facts_of_a_patient_stated_once_hold_for_all_rows_of_the_patient(tmp_path):
    rows = rows_of(
        tmp_path,
        "patient_id,timepoint_label,image,arm,imatinib_start_date\n"
        "P1,tp1,a,,\nP1,tp2,b,neoadjuvant,2024-01-08\nP2,tp1,c,,\n",
    )

    assert [row.stated.get("arm") for row in rows] == ["neoadjuvant", "neoadjuvant", None]
    assert [row.stated.get("imatinib_start_date") for row in rows] == ["2024-01-08", "2024-01-08", None]


def test_all_problems_come_at_once_each_with_its_row_and_column_and_no_cell(tmp_path):
    text = (
        "patient_id,timepoint_label,image,mask,scan_date,age_years,arm,modality,read_no\n"
        "Marker MARKER,baseline,a,m,31.05.2024,61,neoadjuvant,CT,1\n"
        'P1,baseline,,m,2024-13-40,"61,5",MARKER,XR,0\n'
        "P2,base line,a,m\n"
        "P3,baseline,a,m,2024-01-01,130,,MR,x\n"
    )

    problems = problems_of(tmp_path, text)

    for place in (
        "row 2, column patient_id: expected a pseudonym",
        "row 2, column scan_date: expected a date such as 2024-05-31, found another order",
        "row 3, column image: expected a value",
        "row 3, column scan_date: expected a date",
        "row 3, column age_years: expected a number with a decimal point, found a decimal comma",
        "row 3, column arm: expected one of neoadjuvant",
        "row 3, column modality: expected one of CT, MR",
        "row 3, column read_no: expected a whole number of 1 or more, found 0",
        "row 4: expected 9 cells, found 4",
        "row 5, column age_years: expected 0 to 120 years, found 130",
        "row 5, column read_no: expected a whole number, found another form",
    ):
        assert place in problems


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("patient_id;timepoint_label;image\nP1;tp1;a\n", "utf-8", "found semicolons"),
        ("patient_id\ttimepoint_label\timage\nP1\ttp1\ta\n", "utf-8", "found tabs"),
        ("patient_id,timepoint_label,image\nP1,tp1,a\n", "utf-16", "found UTF-16"),
        ("patient_id,timepoint_label,image\nP1,tp1,bäh\n", "latin-1", "row 2: expected UTF-8"),
        ("PK\x03\x04rest", "latin-1", "found a spreadsheet"),
        ('patient_id,timepoint_label,image\nP1,tp1,"a\n', "utf-8", "expected CSV"),
        ("", "utf-8", "expected a header"),
        ("patient_id,timepoint_label,image\n\n", "utf-8", "expected at least one row"),
        ("patient_id,patient_id,timepoint_label,image\nP1,P1,tp1,a\n", "utf-8", "expected each column once"),
        ("patient_id,timepoint_label\nP1,tp1\n", "utf-8", "expected a column image"),
        ("patient_id,image\nP1,a\n", "utf-8", "expected one of the columns timepoint_label, scan_date"),
    ],
    ids=[
        "semicolons", "tabs", "utf-16", "latin-1", "xlsx", "open quote", "empty", "no rows", "twice",
        "no image", "no time",
    ],
)  # fmt: skip
def test_another_dialect_is_refused_with_advice(tmp_path, text, encoding, told):
    assert told in problems_of(tmp_path, text, encoding)


def test_two_lesions_of_one_mask_need_names(tmp_path):
    problems = problems_of(
        tmp_path, "patient_id,timepoint_label,image,mask,label\nP1,tp1,a,m,1\nP1,tp1,a,m,2\n"
    )

    assert "row 3" in problems
    assert "as in row 2; give each lesion a lesion_id" in problems


def test_one_lesion_may_be_read_on_two_series_by_two_readers_and_twice(tmp_path):
    rows = rows_of(
        tmp_path,
        "patient_id,timepoint_label,image,mask,reader_id,read_no\n"
        "P1,tp1,ct,m,,\nP1,tp1,mr,m,,\nP1,tp1,ct,m,R2,\nP1,tp1,ct,m,R2,2\n",
    )

    assert len(rows) == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("P1,tp2,b,,M", "row 3, column sex: expected what row 2 says of this patient"),
        ("P1,tp2,b,P2/L1,F", "row 3, column lesion_id: expected a lesion of this row's patient"),
    ],
    ids=["another sex", "another's lesion"],
)
def test_rows_that_contradict_are_told(tmp_path, line, told):
    assert told in problems_of(
        tmp_path, f"patient_id,timepoint_label,image,lesion_id,sex\nP1,tp1,a,,F\n{line}\n"
    )


def test_a_formula_does_not_pass_as_a_reason(tmp_path):
    text = "patient_id,timepoint_label,image,override_reason\nP1,tp1,a,=1+1\n"

    assert "column override_reason" in problems_of(tmp_path, text)


def test_a_missing_manifest_is_told_without_its_folder(tmp_path):
    with pytest.raises(GistImagingError, match="no such file") as refused:
        read_manifest(tmp_path / "none.csv")
    assert str(tmp_path) not in str(refused.value)


def test_the_page_on_batches_names_every_column():
    page = (Path(__file__).resolve().parents[2] / "docs" / "batch.md").read_text("utf-8")

    assert [name for name in COLUMNS if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("timepoint_label", "2024-01-01"),
        ("timepoint_label", "20240401"),
        ("timepoint_label", "31.05.2024"),
        ("timepoint_label", "CT_20240401"),
        ("timepoint_label", "05Jan2024"),
        ("patient_id", "P-19630704"),
        ("patient_id", "P04071963"),
        ("lesion_id", "mask.nii.gz"),
        ("lesion_id", "P1/2024-01-01"),
        ("reader_id", "1.2.840.113619.2"),
        ("centre_id", "C2024-01-01"),
        ("sequence", "T2_20240401"),
        ("override_reason", "approved on 2024-05-06"),
        ("same_patient_reason", "asked anna@example.org"),
    ],
)
def test_what_tells_too_much_to_leave_is_refused_at_its_place(tmp_path, column, cell):
    cells = {"patient_id": "P1", "timepoint_label": "tp1", "image": "a.nii"} | {column: cell}
    text = f"{','.join(cells)}\n{','.join(cells.values())}\n"

    told = problems_of(tmp_path, text)

    assert told.startswith(f"row 2, column {column}: expected words that may leave")
    assert cell not in told


@pytest.mark.parametrize("patient", ["001", "SYN-001", "GIST-2019-07", "12345678", "TCGA-AA-3812"])
def test_a_pseudonym_with_digits_is_no_date(tmp_path, patient):
    (row,) = rows_of(tmp_path, f"patient_id,timepoint_label,image\n{patient},tp3m,a.nii\n")

    assert row.patient_id == patient


def test_images_of_a_visit_are_numbered_by_their_names_whatever_the_order_of_rows(tmp_path):
    lines = ["P1,tp1,b,L1\n", "P1,tp1,a,L1\n", "P1,tp2,c,L1\n", "P1,tp1,b,L2\n"]
    header = "patient_id,timepoint_label,image,lesion_id\n"

    numbers = [
        {
            (row.timepoint_label, row.image.name): row.series_no
            for row in rows_of(tmp_path, header + "".join(order))
        }
        for order in (lines, lines[::-1])
    ]

    assert numbers == [{("tp1", "a"): 1, ("tp1", "b"): 2, ("tp2", "c"): 1}] * 2
