"""Lines and angles of the pelvic floor from landmarks: PCL, H line, M line, levator plate, anorectal angle.

Every metric depends on its own landmarks alone: one that is missing, misplaced or outside the field of view
takes away exactly the metrics that need it. Distances are straight and three-dimensional.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.anatomy.pelvic_frame import coccyx_point, pubococcygeal_ends_mm
from gist_imaging.errors import MeasurementError
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["PelvicLines", "hiatus_area", "pelvic_lines"]

# An H line outside these bounds (inclusive) means a misplaced point. Ours and wide: published 52 ± 11 mm, and
# 75 ± 15 mm in prolapse (Comiter et al. 1999, PubMed 10475353).
_H_LINE_MM = (20.0, 130.0)
# Two points nearer than this (exclusive) give no direction. Ours.
_DIRECTION_FROM_MM = 5.0
# An outline of the hiatus lies within this of one plane, and that plane within it of P (inclusive). Ours.
_HIATUS_FLAT_WITHIN_MM = 5.0
_HIATUS_POINTS_AT_LEAST = 8


@dataclass(frozen=True, slots=True)
class PelvicLines:
    """Lines and angles of one visit (M11).

    Parameters
    ----------
    pubococcygeal_line : mm; P to the last coccygeal joint, or to the coccyx tip in its place
    h_line : mm; P to the back wall of the rectum at the anorectal junction
    m_line : mm; from the hind end of the H line at right angles to the PCL; above 0 where it lies below it
    levator_plate_to_pcl : degrees between levator plate and PCL; above 0 where the plate's front end dips
    levator_plate_to_horizontal : degrees between levator plate and the axial plane of the scanner; above 0
        where the plate's front end dips. Changes when the patient lies tilted. Angles to different
        references must not be compared
    anorectal_angle : degrees between the axis of the anal canal and the back wall of the rectum
    hiatus_area : mm2 inside the puborectalis sling at the level of P
    """

    pubococcygeal_line: Metric
    h_line: Metric
    m_line: Metric
    levator_plate_to_pcl: Metric
    levator_plate_to_horizontal: Metric
    anorectal_angle: Metric
    hiatus_area: Metric


def pelvic_lines(landmarks: Landmarks, hiatus_outline_mm: npt.ArrayLike | None = None) -> PelvicLines:
    """Return lines and angles of the pelvic floor, each with its end points or the reason why it is missing.

    Parameters
    ----------
    hiatus_outline_mm : (n, 3) LPS; the inner edge of the puborectalis sling, closed by the pubis, in order

    References
    ----------
    H and M line: Comiter et al. 1999, PubMed 10475353; Radiopaedia, pubococcygeal line. Levator plate to the
    horizontal: Hsu et al. 2006, PubMed 16579940. Anorectal angle: Tirumanisetty et al. 2018.
    """
    return PelvicLines(
        pubococcygeal_line=_measured("mm", _pubococcygeal_line, landmarks),
        h_line=_measured("mm", _h_line, landmarks),
        m_line=_measured("mm", _m_line, landmarks),
        levator_plate_to_pcl=_measured("deg", _plate_to_pcl, landmarks),
        levator_plate_to_horizontal=_measured("deg", _plate_to_horizontal, landmarks),
        anorectal_angle=_measured("deg", _anorectal_angle, landmarks),
        hiatus_area=hiatus_area(landmarks, hiatus_outline_mm),
    )


def hiatus_area(landmarks: Landmarks, outline_mm: npt.ArrayLike | None) -> Metric:
    """Return the area (mm2) inside the puborectalis sling at the level of P.

    It is the area of the outline's shadow on its own plane. Four landmarks do not make an outline, so without
    one there is no area.
    """
    if outline_mm is None:
        return Metric.missing("mm2", "the outline of the levator hiatus was not drawn")
    points = np.asarray(outline_mm, dtype=np.float64)
    try:
        return _area(points, landmarks.point_mm(LandmarkName.INFERIOR_PUBIC_POINT))
    except MeasurementError as error:
        return Metric.missing("mm2", _why(error))


def _measured(unit: str, measure: Callable[[Landmarks], Metric], landmarks: Landmarks) -> Metric:
    try:
        return measure(landmarks)
    except MeasurementError as error:
        return Metric.missing(unit, _why(error))


def _why(error: MeasurementError) -> str:
    # A missing landmark explains itself; an impossible distance only beside what was expected.
    if "not marked" in error.found or "field of view" in error.found:
        return error.found
    return f"{error.expected}; {error.found}"


def _pubococcygeal_line(landmarks: Landmarks) -> Metric:
    pubis, coccyx = pubococcygeal_ends_mm(landmarks)
    return Metric(
        _distance(pubis, coccyx), "mm", points_mm=(_point(pubis), _point(coccyx)), notes=_stand_in(landmarks)
    )


def _h_line(landmarks: Landmarks) -> Metric:
    pubis, wall = _h_ends(landmarks)
    return Metric(_distance(pubis, wall), "mm", points_mm=(_point(pubis), _point(wall)))


def _h_ends(landmarks: Landmarks) -> tuple[FloatArray, FloatArray]:
    _all_usable(landmarks, LandmarkName.INFERIOR_PUBIC_POINT, LandmarkName.RECTAL_WALL_POSTERIOR)
    pubis = landmarks.point_mm(LandmarkName.INFERIOR_PUBIC_POINT)
    wall = landmarks.point_mm(LandmarkName.RECTAL_WALL_POSTERIOR)
    if not _H_LINE_MM[0] <= _distance(pubis, wall) <= _H_LINE_MM[1]:
        raise MeasurementError(
            f"P and the back wall of the rectum are {_H_LINE_MM[0]:g} to {_H_LINE_MM[1]:g} mm apart",
            f"{_distance(pubis, wall):.1f} mm",
            "one of them is misplaced: place it again",
        )
    return pubis, wall


def _m_line(landmarks: Landmarks) -> Metric:
    wall = landmarks.point_mm(LandmarkName.RECTAL_WALL_POSTERIOR)
    pubis, coccyx = pubococcygeal_ends_mm(landmarks)
    _h_ends(landmarks)
    along = (coccyx - pubis) / np.linalg.norm(coccyx - pubis)
    foot = pubis + ((wall - pubis) @ along) * along
    below = float(np.copysign(_distance(wall, foot), (wall - foot) @ _caudal(along)))
    return Metric(below, "mm", points_mm=(_point(wall), _point(foot)), notes=_stand_in(landmarks))


def _plate(landmarks: Landmarks) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the plate's hind and front end and its direction forward."""
    front_name, back_name = LandmarkName.LEVATOR_PLATE_ANTERIOR, LandmarkName.LEVATOR_PLATE_POSTERIOR
    _all_usable(landmarks, front_name, back_name)
    front, back = landmarks.point_mm(front_name), landmarks.point_mm(back_name)
    return back, front, _direction(back, front, "the ends of the levator plate")


def _plate_to_pcl(landmarks: Landmarks) -> Metric:
    back, front, forward = _plate(landmarks)
    pubis, coccyx = pubococcygeal_ends_mm(landmarks)
    along = (coccyx - pubis) / np.linalg.norm(coccyx - pubis)
    if forward @ along > 0:
        raise MeasurementError(
            "the front end of the levator plate lies nearer the pubis than its hind end",
            "it lies nearer the coccyx",
            "swap them",
        )
    dip = float(np.copysign(_angle_deg(forward, -along), forward @ _caudal(along)))
    return Metric(
        dip,
        "deg",
        points_mm=(_point(back), _point(front), _point(pubis), _point(coccyx)),
        notes=("reference line: pubococcygeal line", *_stand_in(landmarks)),
    )


def _plate_to_horizontal(landmarks: Landmarks) -> Metric:
    back, front, forward = _plate(landmarks)
    if forward[1] > 0:
        raise MeasurementError(
            "the front end of the levator plate lies in front of its hind end",
            "it lies behind it",
            "swap them",
        )
    dip = float(np.degrees(np.arctan2(-forward[2], np.hypot(forward[0], forward[1]))))
    return Metric(
        dip,
        "deg",
        points_mm=(_point(back), _point(front)),
        notes=("reference line: axial plane of the scanner",),
    )


def _anorectal_angle(landmarks: Landmarks) -> Metric:
    names = (
        LandmarkName.ANORECTAL_JUNCTION,
        LandmarkName.ANAL_VERGE,
        LandmarkName.RECTAL_WALL_POSTERIOR,
        LandmarkName.RECTAL_WALL_POSTERIOR_UPPER,
    )
    _all_usable(landmarks, *names)
    junction, verge, wall, upper = (landmarks.point_mm(name) for name in names)
    down = _direction(junction, verge, "the anorectal junction and the anal verge")
    up = _direction(wall, upper, "the two points of the back wall of the rectum")
    return Metric(
        _angle_deg(down, up), "deg", points_mm=(_point(verge), _point(junction), _point(wall), _point(upper))
    )


def _area(points: FloatArray, pubis: FloatArray) -> Metric:
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise MeasurementError("an outline is rows of x, y, z in mm", f"got shape {points.shape}")
    if len(points) < _HIATUS_POINTS_AT_LEAST:
        raise MeasurementError(
            f"an outline of the hiatus has at least {_HIATUS_POINTS_AT_LEAST} points", f"got {len(points)}"
        )
    centre = points.mean(axis=0)
    axes = np.linalg.svd(points - centre)[2]
    off_plane = float(np.abs((points - centre) @ axes[2]).max())
    to_pubis = float(abs((pubis - centre) @ axes[2]))
    if off_plane > _HIATUS_FLAT_WITHIN_MM:
        raise MeasurementError(
            f"an outline of the hiatus lies within {_HIATUS_FLAT_WITHIN_MM:g} mm of one plane",
            f"{off_plane:.1f} mm",
        )
    if to_pubis > _HIATUS_FLAT_WITHIN_MM:
        raise MeasurementError(
            f"the hiatus is outlined at the level of P (within {_HIATUS_FLAT_WITHIN_MM:g} mm)",
            f"its plane passes P at {to_pubis:.1f} mm",
        )
    flat = (points - centre) @ axes[:2].T
    if _crosses_itself(flat):
        raise MeasurementError("an outline goes around once", "it crosses itself", "draw it again")
    onward = np.roll(flat, -1, axis=0)
    area = abs(float(np.sum(flat[:, 0] * onward[:, 1] - flat[:, 1] * onward[:, 0]))) / 2.0
    return Metric(area, "mm2", points_mm=tuple(_point(point) for point in points))


def _crosses_itself(flat: FloatArray) -> bool:
    """Return whether two edges of a closed line (n, 2) that are not neighbours cross."""
    starts, ends = flat, np.roll(flat, -1, axis=0)
    n = len(flat)

    def turn(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
        one, other = b - a, c - a
        return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])

    first, second = np.triu_indices(n, k=2)
    apart = ~((first == 0) & (second == n - 1))
    a, b = starts[first[apart]], ends[first[apart]]
    c, d = starts[second[apart]], ends[second[apart]]
    return bool(((turn(a, b, c) * turn(a, b, d) < 0) & (turn(c, d, a) * turn(c, d, b) < 0)).any())


def _stand_in(landmarks: Landmarks) -> tuple[str, ...]:
    if coccyx_point(landmarks) is LandmarkName.COCCYX_TIP:
        return ("the coccyx tip stands in for the last coccygeal joint",)
    return ()


def _all_usable(landmarks: Landmarks, *names: LandmarkName) -> None:
    if reason := landmarks.why_not(*names):
        raise MeasurementError("all landmarks of the measurement", reason, "place them")


def _caudal(along: FloatArray) -> FloatArray:
    """Return the direction at right angles to the PCL that points to the feet; its length means nothing."""
    down = np.array([0.0, 0.0, -1.0])
    return down - (down @ along) * along


def _direction(start: FloatArray, end: FloatArray, what: str) -> FloatArray:
    length = _distance(start, end)
    if length < _DIRECTION_FROM_MM:
        raise MeasurementError(
            f"{what} are at least {_DIRECTION_FROM_MM:g} mm apart", f"{length:.1f} mm", "place them again"
        )
    return (end - start) / length


def _angle_deg(one: FloatArray, other: FloatArray) -> float:
    # atan2 keeps small angles exact, where arccos of a rounded cosine does not.
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)))


def _distance(one: FloatArray, other: FloatArray) -> float:
    return float(np.linalg.norm(one - other))


def _point(point: FloatArray) -> PointMm:
    x, y, z = point.tolist()
    return (x, y, z)
