"""What a reader placed on the pelvis, and which of it can be used on which scan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gist_imaging.anatomy.landmark_names import DEFINITIONS, LandmarkDefinition, LandmarkName
from gist_imaging.anatomy.metric import PointMm
from gist_imaging.errors import MeasurementError, PromptError
from gist_imaging.spatial.geometry import FloatArray, Geometry

__all__ = ["DEFINITIONS", "Landmark", "LandmarkDefinition", "LandmarkName", "Landmarks"]


@dataclass(frozen=True, slots=True)
class Landmark:
    """One named point in the patient.

    Parameters
    ----------
    name : a `LandmarkName` or its text
    point_mm : (3,) LPS

    Raises
    ------
    PromptError
        If the name is unknown, or the point is not three finite numbers.
    """

    name: LandmarkName
    point_mm: PointMm

    def __post_init__(self) -> None:
        try:
            name = LandmarkName(self.name)
        except ValueError as error:
            raise PromptError(
                f"a landmark is one of {', '.join(LandmarkName)}", f"got {self.name!r}", "correct its name"
            ) from error
        try:
            point = np.array(self.point_mm, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise PromptError(
                "a landmark is a position x, y, z in mm", f"{name} is something else", "correct point_mm"
            ) from error
        if point.shape != (3,) or not np.isfinite(point).all():
            raise PromptError(
                "a landmark is a finite position x, y, z in mm",
                f"{name} is {np.array2string(point, threshold=6)}",
                "place it again",
            )
        x, y, z = point.tolist()
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "point_mm", (x, y, z))


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What a reader placed on one visit, each landmark at most once.

    Parameters
    ----------
    placed : the landmarks
    frame_uid : DICOM Frame of Reference UID of the positions, or None where the format has none
    out_of_field : those that lie on none of the images given to `within`; they count as not measured

    Raises
    ------
    PromptError
        If a landmark was placed twice.
    """

    placed: tuple[Landmark, ...] = ()
    frame_uid: str | None = None
    out_of_field: frozenset[LandmarkName] = frozenset()

    def __post_init__(self) -> None:
        placed = tuple(self.placed)
        names = [landmark.name for landmark in placed]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise PromptError(
                "each landmark is placed once", f"{', '.join(twice)} several times", "leave one of them"
            )
        object.__setattr__(self, "placed", placed)
        object.__setattr__(self, "out_of_field", frozenset(self.out_of_field))

    def __contains__(self, name: object) -> bool:
        return any(landmark.name == name for landmark in self.placed)

    def __len__(self) -> int:
        return len(self.placed)

    @classmethod
    def of(cls, points_mm: Mapping[str, PointMm], frame_uid: str | None = None) -> Landmarks:
        """Return the landmarks of a mapping from name to (3,) LPS mm.

        >>> "anal_verge" in Landmarks.of({"anal_verge": (1.0, 2.0, 3.0)})
        True
        """
        return cls(tuple(_landmark(name, point) for name, point in points_mm.items()), frame_uid)

    def why_not(self, *names: LandmarkName) -> str | None:
        """Return why these landmarks cannot be used, or None when all of them can.

        >>> Landmarks().why_not(LandmarkName.ANAL_VERGE)
        'the anal verge was not marked'
        """
        absent = [name.words for name in names if name not in self]
        outside = [name.words for name in names if name in self and name in self.out_of_field]
        reasons = []
        if absent:
            reasons.append(f"the {_listed(absent)} not marked")
        if outside:
            reasons.append(f"the {_listed(outside)} placed outside the field of view")
        return "; ".join(reasons) or None

    def usable(self, name: LandmarkName) -> bool:
        """Return whether the landmark was placed and lies in the field of view."""
        return self.why_not(name) is None

    def point_mm(self, name: LandmarkName) -> FloatArray:
        """Return the position (3,) LPS of a landmark that can be used.

        Raises
        ------
        MeasurementError
            If it was not marked, or lies outside the field of view.
        """
        if reason := self.why_not(name):
            raise MeasurementError(f"a measurement needs the {name.words}", reason, "place it")
        return np.array(next(mark.point_mm for mark in self.placed if mark.name == name))

    def within(self, *images: Geometry) -> Landmarks:
        """Return the landmarks with those marked as out of field that lie on none of `images`.

        A landmark lies on an image when it falls into one of its voxels; the outer face counts (inclusive).
        The images of a visit may be several: P is often placed on the sagittal stack, the tumour outlined on
        the axial one.

        Raises
        ------
        PromptError
            If an image has another frame of reference than the landmarks.
        """
        for image in images:
            if self.frame_uid and image.frame_uid and self.frame_uid != image.frame_uid:
                raise PromptError(
                    "landmarks and image share a frame of reference",
                    f"{self.frame_uid} and {image.frame_uid}",
                    "give the landmarks of this visit, or move them by registration first",
                )
        outside = {mark.name for mark in self.placed if not any(_on(image, mark) for image in images)}
        return replace(self, out_of_field=frozenset(outside))

    def to_json(self) -> dict[str, Any]:
        """Return the landmarks as plain values for `json.dumps`; the field of view is not part of them."""
        return {
            "frame_uid": self.frame_uid,
            "landmarks": [{"name": str(mark.name), "point_mm": list(mark.point_mm)} for mark in self.placed],
        }

    @classmethod
    def from_json(cls, value: Any) -> Landmarks:
        """Return the landmarks that `to_json` wrote, or that JSON text holds.

        >>> text = '{"landmarks": [{"name": "coccyx_tip", "point_mm": [0, 1, 2]}]}'
        >>> Landmarks.from_json(text).placed[0].point_mm
        (0.0, 1.0, 2.0)
        """
        if isinstance(value, str | bytes):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise PromptError("landmarks are JSON", str(error), "correct the file") from error
        if not isinstance(value, Mapping) or not isinstance(value.get("landmarks"), list):
            raise PromptError(
                'landmarks are an object {"frame_uid": ..., "landmarks": [...]}',
                f"got {type(value).__name__}",
                "correct the file",
            )
        frame_uid = value.get("frame_uid")
        if unknown := sorted(str(key) for key in set(value) - {"frame_uid", "landmarks"}):
            raise PromptError(
                "landmarks have frame_uid and landmarks", f"unknown: {', '.join(unknown)}", "correct the file"
            )
        if frame_uid is not None and not isinstance(frame_uid, str):
            raise PromptError("frame_uid is a text or null", f"got {frame_uid!r}", "correct the file")
        return cls(tuple(_from_json(entry) for entry in value["landmarks"]), frame_uid)


def _landmark(name: Any, point_mm: Any) -> Landmark:
    return Landmark(name, point_mm)


def _from_json(entry: Any) -> Landmark:
    if not isinstance(entry, Mapping) or set(entry) != {"name", "point_mm"}:
        raise PromptError("a landmark has name and point_mm", f"got {entry!r:.60}", "correct the file")
    return _landmark(entry["name"], entry["point_mm"])


def _on(image: Geometry, mark: Landmark) -> bool:
    index = image.to_index(mark.point_mm)
    # The rounding of an affine must not push a point off the outer face of its voxel.
    slack = 1e-6
    return bool((index >= -0.5 - slack).all() and (index <= np.asarray(image.shape) - 0.5 + slack).all())


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} was"
    return f"{', '.join(names[:-1])} and {names[-1]} were"
