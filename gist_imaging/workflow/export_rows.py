"""The files by which a batch measures an export: masks, relations, and the manifest that names them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gist_imaging.errors import GistImagingError
from gist_imaging.spatial.difference import in_one_frame

if TYPE_CHECKING:
    import numpy.typing as npt

    from gist_imaging.spatial.geometry import Geometry
    from gist_imaging.spatial.mask import Mask
    from gist_imaging.store.records import ScanPlace
    from gist_imaging.study.marks import Mark
    from gist_imaging.study.reading import Reading
    from gist_imaging.workflow.export_given import GivenCase

__all__ = [
    "at_home",
    "landmark_images",
    "manifest_rows",
    "mask_name",
    "relation_of",
    "write_checked_mask",
    "write_manifest",
]

# NIfTI keeps positions in single precision.
_SAME_PLACE_MM = 1e-3
_LEVATOR = "levator"

Row = Mapping[str, str]


def mask_name(given: GivenCase, lesion: str, visit: str) -> str:
    """Return the name of the file of a mask."""
    return f"{given.reading.case}_{visit}_{lesion}_{given.reading.reader}.nii.gz"


def write_checked_mask(path: Path, mask: Mask) -> Path:
    """Write a mask, read it back, and refuse a file that holds other voxels or another place.

    Raises
    ------
    GistImagingError
        If what was read differs from what was written.
    """
    from gist_imaging.io.mask_write import write_mask
    from gist_imaging.io.read import read_mask

    write_mask(path, mask)
    back = read_mask(path)
    same_grid = back.geometry.shape == mask.geometry.shape and bool(
        np.abs(back.geometry.corners_mm - mask.geometry.corners_mm).max() <= _SAME_PLACE_MM
    )
    if not same_grid or not np.array_equal(back.voxels, mask.voxels):
        raise GistImagingError(
            "a mask file reads back as it was written", "it differs", "check the disk, and export again"
        )
    return path


def relation_of(reading: Reading, visit: str, images: Iterable[Path] = ()) -> dict[str, Any] | None:
    """Return landmarks and levator strokes of a visit in the form of `io.relation_file`; None without any.

    Parameters
    ----------
    images : further images of the visit on which landmarks lie
    """
    landmarks = _landmarks(reading, visit)
    strokes = [
        mark
        for mark in (*reading.landmarks, *reading.prompts)
        if mark.timepoint == visit and mark.kind.startswith(_LEVATOR) and mark.side is not None
    ]
    if not landmarks and not strokes:
        return None
    held: dict[str, Any] = {
        "landmarks": [{"name": mark.kind, "point_mm": list(mark.points_mm[0])} for mark in landmarks],
        "levator_strokes": [
            {"side": str(mark.side), "points_mm": [list(point) for point in mark.points_mm]}
            for mark in strokes
        ],
        "landmark_images": [str(path) for path in images],
    }
    frames = {mark.frame_uid for mark in (*landmarks, *strokes)} - {None}
    if len(frames) == 1:
        held["frame_uid"] = frames.pop()
    return held


def landmark_images(
    given: GivenCase, visit: str, places: Iterable[ScanPlace]
) -> tuple[tuple[Path, ...], int]:
    """Return images of a visit on which landmarks lie that the measured one does not show.

    Parameters
    ----------
    places : of the further series of the visit

    Returns
    -------
    files, and how many landmarks lie on none of them: on an image that shares its folder with others, say,
    which a relation file has no way to name
    """
    from gist_imaging.io.read import read_volume

    points = np.array([mark.points_mm[0] for mark in _landmarks(given.reading, visit)]).reshape(-1, 3)
    grid = given.volume(visit).geometry
    missing = points[~_shows(grid, points)]
    found = []
    for place in places if len(missing) else ():
        try:
            other = read_volume(place.path).geometry
        except (GistImagingError, OSError):
            continue
        shown = _shows(other, missing)
        if in_one_frame(other.frame_uid, grid.frame_uid) and shown.any():
            found.append(place.path.absolute())
            missing = missing[~shown]
    return tuple(found), len(missing)


def _shows(grid: Geometry, points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    at = grid.to_index(points)
    return np.asarray(((at >= -0.5) & (at <= np.asarray(grid.shape) - 0.5)).all(axis=-1))


def _landmarks(reading: Reading, visit: str) -> list[Mark]:
    from gist_imaging.anatomy.landmark_names import LandmarkName

    named = set(LandmarkName)
    return [mark for mark in reading.landmarks if mark.timepoint == visit and mark.kind in named]


def manifest_rows(
    given: GivenCase,
    places: Mapping[str, ScanPlace],
    masks: Mapping[tuple[str, str], Path],
    relations: Mapping[str, Path],
    reading: Path,
) -> list[dict[str, str]]:
    """Return a row for every lesion and visit that was outlined or spoken of.

    Parameters
    ----------
    places : visit to where the image that lesions are outlined on lies
    masks : (lesion, visit) to the file of the mask
    relations : visit to the file of strokes and landmarks
    reading : the file of the reader's words
    """
    spoken = {(call.lesion, call.timepoint) for call in given.reading.calls}
    methods = {(held.lesion, held.timepoint): held.method for held in given.reading.masks}
    rows = []
    for lesion, label in sorted({*masks, *spoken}):
        visit, place = given.visit(label), places[label]
        row = {
            "patient_id": given.reading.case,
            "timepoint_label": label,
            "image": str(place.path.absolute()),
            "lesion_id": lesion,
            "reader_id": given.reading.reader,
            "reader_kind": "human",
            "read_no": "1",
            **_series_cells(given, label, place),
        }
        if visit.day is not None:
            row |= {"scan_day": str(visit.day), "t0_event": given.t0_event}
        if visit.role == "baseline":
            row["is_baseline"] = "true"
        if (path := masks.get((lesion, label))) is not None:
            row |= {"mask": str(path.absolute()), "mask_method": _method(methods.get((lesion, label)))}
        if (lesion, label) in spoken:
            row["reading"] = str(reading.absolute())
        if label in relations:
            row["relation"] = str(relations[label].absolute())
            row["relation_side"] = given.affected_side(lesion, label) or ""
        rows.append(row)
    return rows


def _series_cells(given: GivenCase, label: str, place: ScanPlace) -> dict[str, str]:
    from gist_imaging.batch.manifest_columns import SPLIT_COLUMNS
    from gist_imaging.cohort.codes import CODELISTS
    from gist_imaging.cohort.records import LOCAL_ID

    visit = given.visit(label)
    column_of = {split: column for column, split in SPLIT_COLUMNS.items()}
    cells = {column_of[name]: _cell(value) for name, value in place.split.items()}
    phase = given.fact(label, "phase")
    cells |= {
        "modality": visit.modality if visit.modality in CODELISTS["modality"] else "",
        "sequence": visit.weighting if LOCAL_ID.fullmatch(visit.weighting) else "",
        "phase": str(phase) if phase in CODELISTS["contrast_phase"] else "",
        "series_uid": place.series_uid or "",
        "quantity": place.quantity or "",
        "override_reason": place.override_reason or "",
    }
    return cells


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.17g}"


def _method(method: str | None) -> str:
    from gist_imaging.cohort.codes import CODELISTS

    return method if method in CODELISTS["mask_method"] else "mixed"


def write_manifest(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as a manifest, whose columns are those that any row fills."""
    from gist_imaging.batch.manifest_columns import COLUMNS

    columns = [name for name in COLUMNS if any(row.get(name) for row in rows)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), "utf-8")
    return path


def at_home(reading: Reading) -> Reading:
    """Return a reading without the reason of its revision, which stays at home."""
    return replace(reading, reason=None)
