"""What a reader gave about levator ani and low rectum of one visit, as a JSON file.

::

    {
      "frame_uid": "1.2.3...",
      "landmarks": [{"name": "anal_verge", "point_mm": [x, y, z]}, ...],
      "landmark_images": ["sagittal_t2/"],
      "levator_strokes": [{"side": "L", "points_mm": [[x, y, z], ...], "thickness_mm": 3.0}, ...],
      "levator_masks": {"L": {"path": "levator.nii.gz", "label": 2}, "R": {...}},
      "wall_path_mm": [[x, y, z], ...],
      "hiatus_outline_mm": [[x, y, z], ...],
      "calls": [{"lesion": "L1", "timepoint": "baseline", "reader": "R1", "side": "L", "contact": "abutment"}]
    }

Every name may be left out; positions are patient mm (LPS), and a path is relative to the file. So a file of
landmarks alone, or of strokes alone, is one of these, and several may be given together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.levator_stroke import LevatorStroke, strokes_from_json
from gist_imaging.anatomy.surface import FloatArray, Side
from gist_imaging.errors import PromptError
from gist_imaging.io.regular_file import open_regular
from gist_imaging.study.levator_relation import LevatorRelation

__all__ = ["MaskPlace", "RelationInput", "read_relation_input"]

# A hundred strokes of ten thousand points each.
_AT_MOST_BYTES = 64 * 1024 * 1024
_KEYS = (
    "frame_uid",
    "landmarks",
    "landmark_images",
    "levator_strokes",
    "levator_masks",
    "wall_path_mm",
    "hiatus_outline_mm",
    "calls",
)
_PARTS = ("landmarks", "landmark_images", "strokes", "masks", "wall_path_mm", "hiatus_outline_mm", "calls")
_SIDES: tuple[Side, ...] = ("L", "R")


@dataclass(frozen=True, slots=True)
class MaskPlace:
    """Where the mask of one levator ani lies.

    Parameters
    ----------
    path : NIfTI, NRRD, DICOM SEG or RTSTRUCT
    label : number or name of the structure, where the file holds several
    """

    path: Path
    label: int | str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RelationInput:
    """What a reader gave for one visit; whatever was not given is empty or None.

    Parameters
    ----------
    frame_uid : DICOM Frame of Reference UID of all positions, or None where it was not given
    landmarks : named points, in the same frame
    landmark_images : further series of the visit that landmarks lie on
    strokes : lines along the levator ani, of both sides
    masks : side to the mask of its levator ani
    wall_path_mm : (n, 3) LPS; the rectal wall from the anal verge upwards
    hiatus_outline_mm : (n, 3) LPS; the inner edge of the puborectalis sling at the level of P
    calls : the reader's own words
    """

    frame_uid: str | None = None
    landmarks: Landmarks = field(default_factory=Landmarks)
    landmark_images: tuple[Path, ...] = ()
    strokes: tuple[LevatorStroke, ...] = ()
    masks: Mapping[Side, MaskPlace] = field(default_factory=dict)
    wall_path_mm: FloatArray | None = None
    hiatus_outline_mm: FloatArray | None = None
    calls: tuple[LevatorRelation, ...] = ()

    def joined(self, other: RelationInput) -> RelationInput:
        """Return both together.

        Raises
        ------
        PromptError
            If both hold the same part.
        """
        if self.frame_uid and other.frame_uid and self.frame_uid != other.frame_uid:
            raise PromptError(
                "the files of one visit share a frame of reference",
                f"{self.frame_uid} and {other.frame_uid}",
                "give the files of one visit",
            )
        changes: dict[str, Any] = {"frame_uid": self.frame_uid or other.frame_uid}
        for name in _PARTS:
            mine, theirs = getattr(self, name), getattr(other, name)
            if theirs is None or len(theirs) == 0:
                continue
            if mine is not None and len(mine) > 0:
                raise PromptError(
                    "each part is given once",
                    f"{name.replace('_', ' ')} in two files",
                    "leave it out of one of them",
                )
            changes[name] = theirs
        return replace(self, **changes)


def read_relation_input(*paths: str | Path) -> RelationInput:
    """Return what the files hold together; the same file may be named several times.

    Raises
    ------
    PromptError
        If a file is not there, too large, or holds something else, or two files hold the same part.
    ReadingError
        If a call contradicts itself or holds an unknown word.
    IntakeError
        If a path is no regular file.
    """
    given = RelationInput()
    for path in dict.fromkeys(Path(path).absolute() for path in paths):
        given = given.joined(_from_json(_loaded(path), path.parent, path.name))
    return given


def _loaded(path: Path) -> Any:
    if not path.exists():
        raise PromptError(
            f"landmarks, strokes and calls are in a JSON file {path.name}",
            "there is no such file",
            "correct its name",
        )
    stream, size = open_regular(str(path), path.name)
    with stream:
        if size > _AT_MOST_BYTES:
            raise PromptError(
                f"{path.name} takes at most {_AT_MOST_BYTES} bytes", f"it has {size}", "give the right file"
            )
        text = stream.read()
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PromptError(f"{path.name} is JSON", str(error), "correct the file") from error


def _from_json(value: Any, folder: Path, name: str) -> RelationInput:
    if not isinstance(value, Mapping):
        raise PromptError(f"{name} holds an object", f"got {type(value).__name__}", "correct the file")
    if unknown := sorted(str(key) for key in set(value) - set(_KEYS)):
        raise PromptError(
            f"{name} has {', '.join(_KEYS)}", f"unknown: {', '.join(unknown)}", "correct the names"
        )
    marks = {key: value[key] for key in ("frame_uid", "landmarks") if key in value}
    landmarks = Landmarks.from_json({"landmarks": [], **marks})
    strokes = value.get("levator_strokes", [])
    return RelationInput(
        frame_uid=landmarks.frame_uid,
        landmarks=landmarks,
        landmark_images=_images(value.get("landmark_images", []), folder),
        strokes=strokes_from_json({"levator_strokes": strokes}),
        masks=_masks(value.get("levator_masks", {}), folder),
        wall_path_mm=_line(value.get("wall_path_mm"), "wall_path_mm"),
        hiatus_outline_mm=_line(value.get("hiatus_outline_mm"), "hiatus_outline_mm"),
        calls=_calls(value.get("calls", [])),
    )


def _images(value: Any, folder: Path) -> tuple[Path, ...]:
    if not isinstance(value, list) or not all(isinstance(path, str) and path for path in value):
        raise PromptError("landmark_images is a list of paths", "got another form", "correct the file")
    return tuple(folder / path for path in value)


def _masks(value: Any, folder: Path) -> dict[Side, MaskPlace]:
    if not isinstance(value, Mapping) or set(value) - set(_SIDES):
        raise PromptError('levator_masks is {"L": {...}, "R": {...}}', "got another form", "correct the file")
    found: dict[Side, MaskPlace] = {}
    for side in _SIDES:
        place = value.get(side)
        if place is None:
            continue
        shape_fits = isinstance(place, Mapping) and set(place) <= {"path", "label"}
        if not (shape_fits and isinstance(place.get("path"), str)):
            raise PromptError(
                'a levator mask is {"path": ..., "label": ...}, the label only where the file holds several',
                f"got another form for side {side}",
                "correct the file",
            )
        label = place.get("label")
        if label is not None and (isinstance(label, bool) or not isinstance(label, int | str)):
            raise PromptError("a label is a number or a name", f"got {label!r}", "correct the file")
        found[side] = MaskPlace(folder / place["path"], label)
    return found


def _line(value: Any, name: str) -> FloatArray | None:
    if value is None:
        return None
    try:
        points = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PromptError(f"{name} is rows of x, y, z in mm", "got something else", "correct it") from error
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise PromptError(
            f"{name} is rows of finite x, y, z in mm", f"got shape {points.shape}", "correct it"
        )
    points.flags.writeable = False
    return points


def _calls(value: Any) -> tuple[LevatorRelation, ...]:
    if not isinstance(value, list):
        raise PromptError("calls is a list", f"got {type(value).__name__}", "correct the file")
    calls = tuple(LevatorRelation.from_json(entry) for entry in value)
    sides = [call.side for call in calls]
    if len(set(sides)) < len(sides) or len({(c.lesion, c.timepoint, c.reader) for c in calls}) > 1:
        raise PromptError(
            "the calls of one file are one reader's, of one lesion at one visit, one for each side",
            f"got {', '.join(call.place for call in calls)}",
            "keep one file for each",
        )
    return calls
