"""The whole journey on the sample scans, with every number held against the known truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gist_imaging.errors import GistImagingError

__all__ = ["DemoReport", "DemoRow", "DemoVerdict", "demonstrate"]

# What a right answer may be off: volume 1 %, in-slice and 3D diameters one pixel, density 1 HU; the length
# from head to foot one slice, because nothing is seen between slices.
VOLUME_WITHIN = 0.01
DENSITY_WITHIN_HU = 1.0
_IN_PIXELS = ("longest_axial_diameter", "short_axis", "longest_3d_diameter")


@dataclass(frozen=True, slots=True)
class DemoRow:
    """One number of the cohort folder beside the truth, in the cohort's unit."""

    scan: str
    quantity: str
    truth: float
    measured: float | None
    unit: str
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether the number is right."""
        return self.measured is not None and abs(self.measured - self.truth) <= self.allowed


@dataclass(frozen=True, slots=True)
class DemoVerdict:
    """One category of the cohort folder beside the truth."""

    patient: str
    criterion: str
    expected: str
    found: str | None

    @property
    def passed(self) -> bool:
        """Whether the category is right."""
        return self.found == self.expected


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo found, and what it wrote: (path, what it is)."""

    rows: tuple[DemoRow, ...]
    verdicts: tuple[DemoVerdict, ...]
    cohort_problems: tuple[str, ...]
    written: tuple[tuple[str, str], ...]

    @property
    def passed(self) -> bool:
        """Whether every number and category is right and the cohort is valid."""
        if self.cohort_problems:
            return False
        return all(row.passed for row in self.rows) and all(verdict.passed for verdict in self.verdicts)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values for `json.dumps`."""
        return {
            "passed": self.passed,
            "rows": [asdict(row) | {"passed": row.passed} for row in self.rows],
            "verdicts": [asdict(verdict) | {"passed": verdict.passed} for verdict in self.verdicts],
            "cohort_problems": list(self.cohort_problems),
            "written": [{"path": path, "what": what} for path, what in self.written],
        }


def demonstrate(
    out: Path,
    *,
    scans: Path | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> DemoReport:
    """Index the sample scans, measure them as a batch, judge them, write a cohort folder and check it.

    Parameters
    ----------
    out : everything is written below it
    scans : folder with `manifest.csv` and `truth.json`; None makes the sample scans anew below `out`
    """
    from gist_imaging.batch.runner import run_batch
    from gist_imaging.io.cohort_read import read_cohort, validate_cohort
    from gist_imaging.io.dicom_index import scan_folder

    out.mkdir(parents=True, exist_ok=True)
    folder = scans or _made_anew(out / "sample_scans")
    truth = _truth_of(folder)
    index = scan_folder(folder)
    _write_json(out / "index.json", index.to_json())
    tick = None if progress is None else lambda state: progress(state.done, state.total)
    batch = run_batch(folder / "manifest.csv", out / "cohort", workers=workers, progress=tick)
    frames = read_cohort(batch.folder)
    report = DemoReport(
        rows=tuple(_rows(truth, frames)),
        verdicts=tuple(_verdicts(truth, frames)),
        cohort_problems=tuple(str(problem) for problem in validate_cohort(batch.folder).problems),
        written=(
            (
                str(out / "index.json"),
                f"the {len(index.series)} series found, {len(index.refused)} files refused",
            ),
            (str(batch.folder), f"the cohort: {batch.n_ok} lesions measured, {batch.n_failed} failed"),
            (
                str(batch.folder / "tables" / "csv" / "analysis_patient.csv"),
                "one row a patient, for statistics",
            ),
            (str(batch.folder / "DATA_DICTIONARY.md"), "what every column means"),
            (str(out / "report.json"), "these numbers"),
        ),
    )
    _write_json(out / "report.json", report.to_json())
    return report


def _made_anew(folder: Path) -> Path:
    from gist_imaging.io.phantom_files import write_sample_scans

    write_sample_scans(folder)
    return folder


def _truth_of(folder: Path) -> list[dict[str, Any]]:
    try:
        patients: list[dict[str, Any]] = json.loads((folder / "truth.json").read_text("utf-8"))["patients"]
    except (OSError, ValueError, KeyError):
        raise GistImagingError(
            f"{folder.name}: sample scans with manifest.csv and truth.json",
            "no readable truth.json there",
            "leave out --scans to have the sample scans made anew",
        ) from None
    return patients


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _rows(truth: list[dict[str, Any]], frames: dict[str, Any]) -> Iterator[DemoRow]:
    measured = frames["measurements"].set_index(["timepoint_id", "name"])["value"]
    series = frames["series"].set_index("timepoint_id")
    for patient in truth:
        for visit in patient["visits"]:
            scan = f"{patient['patient_id']}/{visit['timepoint_label']}"
            pixel_mm = float(series.loc[scan, "spacing_x_mm"])
            slice_mm = float(series.loc[scan, "spacing_z_mm"])
            volume_ml = visit["volume_mm3"] / 1000.0
            wanted = [("volume", volume_ml, "mL", VOLUME_WITHIN * volume_ml)]
            wanted += [(name, visit[f"{name}_mm"], "mm", pixel_mm) for name in _IN_PIXELS]
            wanted += [("craniocaudal_length", visit["craniocaudal_length_mm"], "mm", slice_mm)]
            if visit["mean_hu"] is not None:
                wanted += [("mean_hu", visit["mean_hu"], "HU", DENSITY_WITHIN_HU)]
            for name, known, unit, allowed in wanted:
                found = measured.get((scan, name))
                yield DemoRow(scan, name, known, None if found is None else float(found), unit, allowed)


def _verdicts(truth: list[dict[str, Any]], frames: dict[str, Any]) -> Iterator[DemoVerdict]:
    found = frames["responses"].set_index(["patient_id", "criterion"])["overall_response"]
    for patient in truth:
        for criterion, expected in patient["change"]["expected"].items():
            category = found.get((patient["patient_id"], criterion))
            yield DemoVerdict(
                patient["patient_id"], criterion, expected, None if category is None else str(category)
            )
