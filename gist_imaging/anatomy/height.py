"""How high a rectal tumour sits above the anal verge (three methods), the anorectal junction and the PCL.

Each height is the length of the shortest path of its kind from the anal verge to the tumour's surface, so it
depends on no slice, no plane and not on how the patient lies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.anatomy.pelvic_frame import pelvic_frame
from gist_imaging.anatomy.surface import TriangleMesh
from gist_imaging.errors import MeasurementError
from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.mask import Mask

__all__ = [
    "LOW_AND_MID_AT_MOST_MM",
    "Third",
    "TumourHeight",
    "surface_points_mm",
    "tumour_height",
]

Third = Literal["low", "mid", "high"]
Method = Literal["two_segment", "straight", "curved"]

# Gastroenterol Res Pract 2020:2130705 (106 patients, ROC against rigid rectoscopy): low up to the first, mid
# up to the second bound, from the anal verge on sagittal T2. The paper gives a bound to both neighbours; that
# it belongs to the lower one (inclusive) is ours. Its two-segment and curved methods were interchangeable,
# the straight one was not. They stand for 6 and 12 cm by rigid scope, which must not be applied to MR.
LOW_AND_MID_AT_MOST_MM: Mapping[Method, tuple[float, float]] = {
    "two_segment": (77.0, 133.0),
    "straight": (74.0, 112.0),
    "curved": (71.0, 137.0),
}

# An anal canal outside these bounds (inclusive) means a misplaced landmark. Ours and wide: published 25 to
# 50 mm.
_CANAL_MM = (10.0, 80.0)
# A path along the wall begins this near to the anal verge (inclusive). Ours.
_PATH_STARTS_WITHIN_MM = 10.0

# Bates et al., Abdom Radiol 2021;46:867: MR minus endoscopic height, mean ± SD, in cm.
_STAND_INS = {
    LandmarkName.EXTERNAL_SPHINCTER_TIP: "+0.51 ± 1.75 cm",
    LandmarkName.INTERNAL_SPHINCTER_TIP: "-0.45 ± 1.76 cm",
}


@dataclass(frozen=True, slots=True)
class TumourHeight:
    """Where the tumour sits in the rectum; mm, every metric with its path.

    Parameters
    ----------
    straight : from the anal verge straight to the tumour's nearest point
    two_segment : from the anal verge to the anorectal junction, and on to the tumour's nearest point
    curved : along the rectal wall as drawn, to the first point of it that lies opposite the tumour
    lower_edge_above_junction : of the tumour's lowest point above the anorectal junction, along the axis of
        the anal canal; below 0 where the tumour reaches the anal canal's level
    nearest_to_junction : straight distance between the anorectal junction and the tumour's nearest point
    lower_edge_above_pcl : of the tumour's lowest point above the pubococcygeal line, at right angles to it in
        the midsagittal plane; below 0 where the tumour reaches below it (the M line counts the other way)
    """

    straight: Metric
    two_segment: Metric
    curved: Metric
    lower_edge_above_junction: Metric
    nearest_to_junction: Metric
    lower_edge_above_pcl: Metric

    def third(self, method: Method) -> Third | None:
        """Return the third of the rectum by one method and its own cut-offs, or None without a height.

        >>> above_pcl = above_junction = nearest = curved = two = Metric.missing("mm", "not drawn")
        >>> height = TumourHeight(Metric(74.0, "mm"), two, curved, above_junction, nearest, above_pcl)
        >>> height.third("straight"), height.third("curved")
        ('low', None)
        """
        metrics: Mapping[Method, Metric] = {
            "two_segment": self.two_segment,
            "straight": self.straight,
            "curved": self.curved,
        }
        value = metrics[method].value
        if value is None:
            return None
        low, mid = LOW_AND_MID_AT_MOST_MM[method]
        return "low" if value <= low else "mid" if value <= mid else "high"


def surface_points_mm(mask: Mask) -> FloatArray:
    """Return the vertices (n, 3) LPS of the mask's iso-0.5 surface; none for an empty mask.

    They lie halfway between neighbouring voxel centres of which one is in the mask; outside the image is
    outside the mask.
    """
    box = mask.bounding_box
    if box is None:
        return np.zeros((0, 3))
    start = np.asarray(box[0])
    inside = np.pad(mask.voxels[mask.slices], 1)
    found = []
    for axis in range(3):
        first = np.moveaxis(inside, axis, 0)
        edges = np.moveaxis(first[:-1] != first[1:], 0, axis)
        middle = np.zeros(3)
        middle[axis] = 0.5
        found.append(np.argwhere(edges) + start - 1.0 + middle)
    return mask.geometry.to_patient(np.concatenate(found))


def tumour_height(
    tumour: Mask | TriangleMesh | npt.ArrayLike,
    landmarks: Landmarks,
    wall_path_mm: npt.ArrayLike | None = None,
) -> TumourHeight:
    """Return how high the tumour sits, each number with its path or the reason why it is missing.

    Parameters
    ----------
    tumour : a mask, a mesh (its vertices count), or points (n, 3) of its surface, LPS
    wall_path_mm : (n, 3) LPS; the rectal wall or the centre line, from the anal verge upwards
    """
    points = _tumour_points(tumour)

    def measured(measure: Callable[[], Metric]) -> Metric:
        if len(points) == 0:
            return Metric.missing("mm", "no tumour is outlined")
        try:
            return measure()
        except MeasurementError as error:
            plain = "not marked" in error.found or "field of view" in error.found or not error.found
            return Metric.missing("mm", (error.found or error.expected) if plain else str(error))

    return TumourHeight(
        straight=measured(lambda: _straight(points, landmarks)),
        two_segment=measured(lambda: _two_segment(points, landmarks)),
        curved=measured(lambda: _curved(points, landmarks, wall_path_mm)),
        lower_edge_above_junction=measured(lambda: _above_junction(points, landmarks)),
        nearest_to_junction=measured(lambda: _nearest_to_junction(points, landmarks)),
        lower_edge_above_pcl=measured(lambda: _above_pcl(points, landmarks)),
    )


def _tumour_points(tumour: Mask | TriangleMesh | npt.ArrayLike) -> FloatArray:
    if isinstance(tumour, Mask):
        return surface_points_mm(tumour)
    if isinstance(tumour, TriangleMesh):
        return tumour.vertices_mm
    points = np.atleast_2d(np.asarray(tumour, dtype=np.float64))
    if points.shape[1] != 3 or not np.isfinite(points).all():
        raise MeasurementError("a tumour's surface is rows of x, y, z in mm", f"got shape {points.shape}")
    return points


def _verge(landmarks: Landmarks) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the anal verge, or the sphincter's end that stands in for it, with a note."""
    if landmarks.usable(LandmarkName.ANAL_VERGE):
        return landmarks.point_mm(LandmarkName.ANAL_VERGE), ()
    for name, error in _STAND_INS.items():
        if landmarks.usable(name):
            note = f"the {name.words} stands in for the anal verge ({error} against endoscopy)"
            return landmarks.point_mm(name), (note,)
    return landmarks.point_mm(LandmarkName.ANAL_VERGE), ()


def _canal(landmarks: Landmarks) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Return anal verge and anorectal junction, a plausible canal apart."""
    junction = landmarks.point_mm(LandmarkName.ANORECTAL_JUNCTION)
    verge, notes = _verge(landmarks)
    length = float(np.linalg.norm(junction - verge))
    if not _CANAL_MM[0] <= length <= _CANAL_MM[1]:
        raise MeasurementError(
            f"an anal canal is {_CANAL_MM[0]:g} to {_CANAL_MM[1]:g} mm long",
            f"{length:.1f} mm between the anal verge and the anorectal junction",
            "one of them is misplaced: place it again",
        )
    return verge, junction, notes


def _straight(points: FloatArray, landmarks: Landmarks) -> Metric:
    verge, notes = _verge(landmarks)
    distance, nearest = _nearest(points, verge)
    return Metric(distance, "mm", points_mm=(_point(verge), _point(nearest)), notes=notes)


def _two_segment(points: FloatArray, landmarks: Landmarks) -> Metric:
    verge, junction, notes = _canal(landmarks)
    if ((points - junction) @ (junction - verge)).min() < 0:
        note = "the tumour reaches below the anorectal junction, so the path does not turn there"
        straight = _straight(points, landmarks)
        return replace(straight, notes=(*straight.notes, note))
    distance, nearest = _nearest(points, junction)
    length = float(np.linalg.norm(junction - verge)) + distance
    return Metric(length, "mm", points_mm=(_point(verge), _point(junction), _point(nearest)), notes=notes)


def _curved(points: FloatArray, landmarks: Landmarks, wall_path_mm: npt.ArrayLike | None) -> Metric:
    verge, notes = _verge(landmarks)
    if wall_path_mm is None:
        raise MeasurementError("the path along the rectal wall was not drawn")
    wall = np.asarray(wall_path_mm, dtype=np.float64)
    if wall.ndim != 2 or wall.shape[1] != 3 or len(wall) < 2 or not np.isfinite(wall).all():
        raise MeasurementError(
            "a path along the rectal wall is two or more rows of x, y, z in mm", f"got shape {wall.shape}"
        )
    gap = float(np.linalg.norm(wall[0] - verge))
    if gap > _PATH_STARTS_WITHIN_MM:
        raise MeasurementError(
            f"a path along the rectal wall begins within {_PATH_STARTS_WITHIN_MM:g} mm of the anal verge",
            f"{gap:.1f} mm",
            "draw it from the anal verge upwards",
        )
    path = np.concatenate([verge[None], wall])
    path = path[np.r_[True, np.any(np.diff(path, axis=0) != 0.0, axis=1)]]
    length, foot, last = _along(path, points)
    total = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    if total - length < 1e-6:
        raise MeasurementError(
            "a path along the rectal wall reaches the tumour", "it ends before it", "draw it on"
        )
    walked = (*(_point(point) for point in path[: last + 1]), _point(foot))
    return Metric(length, "mm", points_mm=walked, notes=notes)


def _above_junction(points: FloatArray, landmarks: Landmarks) -> Metric:
    verge, junction, notes = _canal(landmarks)
    up = (junction - verge) / np.linalg.norm(junction - verge)
    heights = (points - junction) @ up
    lowest = points[int(np.argmin(heights))]
    level = junction + heights.min() * up
    return Metric(
        float(heights.min()), "mm", points_mm=(_point(junction), _point(level), _point(lowest)), notes=notes
    )


def _nearest_to_junction(points: FloatArray, landmarks: Landmarks) -> Metric:
    junction = landmarks.point_mm(LandmarkName.ANORECTAL_JUNCTION)
    distance, nearest = _nearest(points, junction)
    return Metric(distance, "mm", points_mm=(_point(junction), _point(nearest)))


def _above_pcl(points: FloatArray, landmarks: Landmarks) -> Metric:
    frame = pelvic_frame(landmarks)
    placed = frame.to_frame(points)
    lowest = placed[int(np.argmin(placed[:, 2]))]
    foot = lowest * (1.0, 1.0, 0.0)
    ends = frame.from_frame([foot, lowest])
    return Metric(float(lowest[2]), "mm", points_mm=(_point(ends[0]), _point(ends[1])), notes=frame.notes)


def _along(path: FloatArray, points: FloatArray) -> tuple[float, FloatArray, int]:
    """Return how far along `path` the first foot of a tumour point lies, that foot, and its segment.

    No two neighbours on the path are the same point.
    """
    starts, steps = path[:-1], np.diff(path, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    before = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    nearest_mm = np.full(len(points), np.inf)
    walked_mm = np.zeros(len(points))
    segment = np.zeros(len(points), dtype=np.int64)
    for n, (start, step, length) in enumerate(zip(starts, steps, lengths, strict=True)):
        share = np.clip((points - start) @ step / length**2, 0.0, 1.0)
        distance = np.linalg.norm(points - start - share[:, None] * step, axis=1)
        nearer = distance < nearest_mm
        nearest_mm[nearer] = distance[nearer]
        walked_mm[nearer] = before[n] + share[nearer] * length
        segment[nearer] = n
    first = int(np.argmin(walked_mm))
    n = int(segment[first])
    foot = starts[n] + (walked_mm[first] - before[n]) / lengths[n] * steps[n]
    return float(walked_mm[first]), foot, n


def _nearest(points: FloatArray, place: FloatArray) -> tuple[float, FloatArray]:
    distances = np.linalg.norm(points - place, axis=1)
    nearest = int(np.argmin(distances))
    return float(distances[nearest]), points[nearest]


def _point(point: FloatArray) -> PointMm:
    x, y, z = point.tolist()
    return (x, y, z)
