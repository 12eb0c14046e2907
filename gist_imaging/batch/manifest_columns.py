"""The columns of a manifest: which there are, and what a cell of each may hold."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from gist_imaging.cohort.codes import CODELISTS
from gist_imaging.cohort.privacy import tells_too_much
from gist_imaging.cohort.records import LOCAL_ID, PATIENT_ID

__all__ = ["COLUMNS", "PATIENT_COLUMNS", "RELATION_SIDES", "SPLIT_COLUMNS", "Column"]

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_DAY_FIRST = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_UID_LENGTH_AT_MOST = 64
_REASON_LENGTH_AT_MOST = 200
# A formula in a spreadsheet begins like this; such text is not let into a table.
_FORMULA_BEGINS = "=+-@"


@dataclass(frozen=True, slots=True)
class Column:
    """One column that a manifest may have.

    Parameters
    ----------
    meaning : what a cell says, for the page that describes manifests
    read : cell text to value; raises ValueError with what was expected and found, without the cell itself,
        because a shifted row may hold a name
    changes_measurement : whether another value may give another measurement
    """

    meaning: str
    read: Callable[[str], Any]
    changes_measurement: bool = False


def _pattern(pattern: re.Pattern[str], form: str) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if not pattern.fullmatch(cell):
            raise ValueError(f"expected {form}, found {len(cell)} characters of another form")
        return _discreet(cell)

    return read


def _discreet(cell: str) -> str:
    """Return a cell that may leave with the cohort."""
    if tells_too_much(cell):
        raise ValueError(
            "expected words that may leave with the cohort, found a date, file name, path, address or UID; "
            "say it otherwise"
        )
    return cell


def _word(allowed: tuple[str, ...]) -> Callable[[str], str]:
    by_lower = {word.lower(): word for word in allowed}

    def read(cell: str) -> str:
        try:
            return by_lower[cell.lower()]
        except KeyError:
            raise ValueError(f"expected one of {', '.join(allowed)}, found another word") from None

    return read


def _codes(name: str) -> Callable[[str], str]:
    return _word(tuple(CODELISTS[name]))


def _path(cell: str) -> str:
    if "\x00" in cell:
        raise ValueError("expected a path, found a character that no path has")
    return cell


def _date(cell: str) -> str:
    if _DAY_FIRST.fullmatch(cell):
        raise ValueError("expected a date such as 2024-05-31, found another order; write it as YYYY-MM-DD")
    try:
        return date.fromisoformat(cell).isoformat()
    except ValueError:
        raise ValueError("expected a date such as 2024-05-31, found another form") from None


def _integer(at_least: int | None = None) -> Callable[[str], int]:
    def read(cell: str) -> int:
        if not _WHOLE_NUMBER.fullmatch(cell):
            raise ValueError("expected a whole number, found another form")
        if at_least is not None and int(cell) < at_least:
            raise ValueError(f"expected a whole number of {at_least} or more, found {int(cell)}")
        return int(cell)

    return read


def _number(cell: str) -> float:
    if _DECIMAL_COMMA.fullmatch(cell):
        raise ValueError("expected a number with a decimal point, found a decimal comma")
    if not _NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
        raise ValueError("expected a number, found another form")
    return float(cell)


def _age(cell: str) -> float:
    years = _number(cell)
    if not 0 <= years <= 120:
        raise ValueError(f"expected 0 to 120 years, found {years:g}")
    return years


def _boolean(cell: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        return words[cell.lower()]
    except KeyError:
        raise ValueError("expected true or false, found another word") from None


def _uid(cell: str) -> str:
    if len(cell) > _UID_LENGTH_AT_MOST or not _UID.fullmatch(cell):
        raise ValueError(
            "expected a DICOM UID (digits and dots), found another form; was it opened in Excel?"
        )
    return cell


def _reason(cell: str) -> str:
    if cell[0] in _FORMULA_BEGINS or any(ord(character) < 32 for character in cell):
        raise ValueError("expected a sentence on one line, found text that a spreadsheet takes for a formula")
    if len(cell) > _REASON_LENGTH_AT_MOST:
        raise ValueError(f"expected at most {_REASON_LENGTH_AT_MOST} characters, found {len(cell)}")
    return _discreet(cell)


def _label(cell: str) -> int | str:
    return int(cell) if _WHOLE_NUMBER.fullmatch(cell) else cell


def _split_value(cell: str) -> float | str:
    return float(cell) if _NUMBER.fullmatch(cell) else cell


_PSEUDONYM = _pattern(PATIENT_ID, "a pseudonym of capitals, digits, _ and - (at most 32)")
_LOCAL = _pattern(LOCAL_ID, "letters, digits, _, . and - (at most 32)")


def _lesion(cell: str) -> str:
    # The cohort writes P001/L1; both forms are understood, the reader of rows checks the patient.
    patient, slash, lesion = cell.rpartition("/")
    if slash:
        _PSEUDONYM(patient)
    _LOCAL(lesion)
    return cell


SPLIT_COLUMNS = {
    "b_value": "b_value",
    "echo_time_ms": "echo_time_ms",
    "image_type": "image_type",
    "orientation": "orientation",
    "temporal_position": "temporal_position",
    "split_phase": "phase",
}
"""Columns that say which stack of a DICOM series is meant, and the name that `index` gives each."""

RELATION_SIDES = ("L", "R", "midline", "both")
"""What the column `relation_side` may say; both: each side is measured, and neither is a yardstick."""

PATIENT_COLUMNS = (
    "arm",
    "sex",
    "age_years",
    "centre_id",
    "imatinib_start_date",
    "surgery_date",
    "t0_event",
)
"""Columns that are true of the patient: stated in one row, they hold for all rows of the patient."""

COLUMNS: dict[str, Column] = {
    "patient_id": Column("pseudonym; required", _PSEUDONYM),
    "timepoint_label": Column("name of the visit, such as baseline or presurgery", _LOCAL),
    "scan_date": Column("date of the scan, YYYY-MM-DD", _date),
    "scan_day": Column("day of the scan, where only days are known", _integer()),
    "image": Column("DICOM file, folder or zip; NIfTI; NRRD; required", _path),
    "mask": Column("NIfTI, NRRD, DICOM SEG or RTSTRUCT", _path),
    "label": Column("number or name of the structure in the mask", _label, changes_measurement=True),
    "lesion_id": Column("L1, or P001/L1; L1 where left out", _lesion),
    "modality": Column("CT, MR, PT, US or OT", _codes("modality"), changes_measurement=True),
    "sequence": Column("such as T2_ax or ADC", _LOCAL),
    "phase": Column("contrast phase, as the reader states it", _codes("contrast_phase")),
    "reader_id": Column("pseudonym of the reader; R1 where left out", _LOCAL),
    "reader_kind": Column("human, algorithm or consensus", _codes("reader_kind")),
    "read_no": Column("1 for the first read of a reader, 2 for the second", _integer(at_least=1)),
    "reading": Column("JSON file with what the reader says of levator ani and low rectum", _path),
    "relation": Column(
        "JSON file with strokes or masks of the levator ani and landmarks of this visit", _path
    ),
    "relation_side": Column(
        "L, R, midline or both, where the tumour is about as near to both sides", _word(RELATION_SIDES)
    ),
    "mask_method": Column("how the mask was drawn", _codes("mask_method")),
    "quantity": Column("what a voxel value means", _codes("quantity"), changes_measurement=True),
    "geometry": Column(
        "not_physical where the spacing is not the patient's",
        _word(("physical", "not_physical")),
        changes_measurement=True,
    ),
    "series_uid": Column(
        "Series Instance UID, where the image holds several", _uid, changes_measurement=True
    ),
    **{
        name: Column(f"`{split}` of the wanted stack", _split_value, changes_measurement=True)
        for name, split in SPLIT_COLUMNS.items()
    },
    "resample": Column("true: put the mask on the image's grid", _boolean, changes_measurement=True),
    "override_reason": Column(
        "why to measure in spite of a geometry error; travels with every number",
        _reason,
        changes_measurement=True,
    ),
    "same_patient_reason": Column("why scans whose patient data differ are of one patient", _reason),
    "is_baseline": Column("true for the visit before treatment", _boolean),
    "on_imatinib": Column("whether the patient took imatinib on that day", _boolean),
    "arm": Column("arm of the study", _codes("arm")),
    "sex": Column("M, F or U", _codes("sex")),
    "age_years": Column("age at baseline", _age),
    "centre_id": Column("pseudonym of the centre", _LOCAL),
    "imatinib_start_date": Column("first dose, YYYY-MM-DD", _date),
    "surgery_date": Column("operation, YYYY-MM-DD", _date),
    "t0_event": Column("what day 0 is where `scan_day` is given", _codes("t0_event")),
}
"""Every column that a manifest may have, by its name in lower case."""
