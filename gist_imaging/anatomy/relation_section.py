"""M4, M5 and M6: the levator in coronal sections, and the half-width of the hiatus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.mesh_clip import line_in_plane
from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.anatomy.pelvic_frame import PelvicFrame
from gist_imaging.anatomy.relation_surfaces import LevatorSide
from gist_imaging.anatomy.surface import FloatArray, Side, TriangleMesh
from gist_imaging.errors import MeasurementError

__all__ = [
    "CoronalSection",
    "bow",
    "bow_difference",
    "coronal_sections",
    "hemi_hiatus_ratio",
    "section_near",
    "section_of_line",
]

# Distance between coronal sections; each lies at a multiple of it from P along the PCL.
SECTION_STEP_MM = 2.0
# A chord shorter than this (mm, exclusive) has no direction worth telling. Ours.
_CHORD_AT_LEAST_MM = 10.0
# Deviations count between these shares of the chord: the rounded ends of an outlined muscle are no bow. Ours.
_MIDDLE = (0.1, 0.9)
# Sections nearer than this (mm, exclusive) to the front or hind end of the muscle run along its rim. Ours.
_FROM_ENDS_MM = 8.0
# A hiatus is compared over at least this length along the PCL (mm, inclusive). Ours.
_HIATUS_AT_LEAST_MM = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class CoronalSection:
    """The levator's line in one coronal plane of the pelvis (square to y'), lateral and cranial in mm.

    Parameters
    ----------
    y_mm : where the plane lies along the PCL, from P
    origin, insertion : (2,) upper outer and lower inner end of the line, lateral and cranial
    share : (n,) where along the chord from origin (0) to insertion (1) the line's points lie, ascending
    deviation_mm : (n,) how far they lie from the chord, above 0 laterally and caudally
    line : (n, 2) the points, lateral and cranial
    """

    y_mm: float
    origin: FloatArray = field(repr=False)
    insertion: FloatArray = field(repr=False)
    share: FloatArray = field(repr=False)
    deviation_mm: FloatArray = field(repr=False)
    line: FloatArray = field(repr=False)

    @property
    def chord_mm(self) -> float:
        """Length of the chord from origin to insertion."""
        return float(np.linalg.norm(self.origin - self.insertion))

    @property
    def bow_mm(self) -> float:
        """M4: the deviation from the chord that is largest in size, with its sign."""
        return float(self.deviation_mm[self._farthest])

    @property
    def _farthest(self) -> int:
        """Which point of the line's middle lies farthest from the chord."""
        middle = (self.share >= _MIDDLE[0]) & (self.share <= _MIDDLE[1])
        return int(np.argmax(np.where(middle, np.abs(self.deviation_mm), -1.0)))

    @property
    def angle_deg(self) -> float:
        """M5: angle of the chord with the horizontal axis x', above 0 where it rises laterally."""
        lateral, cranial = self.origin - self.insertion
        return float(np.degrees(np.arctan2(cranial, lateral)))

    def points_mm(self, frame: PelvicFrame, side: Side) -> tuple[PointMm, PointMm, PointMm]:
        """Return origin, the point with the largest deviation, and insertion, LPS."""
        far = self.line[self._farthest]
        sign = 1.0 if side == "L" else -1.0
        points = frame.from_frame([(sign * x, self.y_mm, z) for x, z in (self.origin, far, self.insertion)])
        one, two, three = (tuple(row) for row in points.tolist())
        return one, two, three


def section_of_line(
    line: FloatArray, y_mm: float = 0.0, outline: FloatArray | None = None
) -> CoronalSection | None:
    """Return the chord of a line and its deviations; None where the chord is shorter than 10 mm.

    The origin is the point that lies farthest laterally and cranially, the insertion the one farthest
    medially and caudally; so a bulge towards the fossa or the cavity does not move them.

    Parameters
    ----------
    line : (n, 2) lateral and cranial, mm; in any order
    y_mm : where the section lies
    outline : (m, 2) among whose points the ends are sought; None for the line's

    >>> section = section_of_line(np.array([[0.0, 0.0], [30.0, 12.5], [60.0, 25.0]]))
    >>> round(section.angle_deg, 2), round(section.bow_mm, 6) + 0.0
    (22.62, 0.0)
    """
    ends = line if outline is None else outline
    upward = ends.sum(axis=1)
    origin, insertion = ends[np.argmax(upward)], ends[np.argmin(upward)]
    chord = insertion - origin
    length = float(np.linalg.norm(chord))
    if length < _CHORD_AT_LEAST_MM:
        return None
    along = chord / length
    across = np.array([-along[1], along[0]])
    across *= np.sign(across @ (1.0, -1.0)) or 1.0
    share = (line - origin) @ along / length
    order = np.argsort(share)
    return CoronalSection(
        y_mm, origin, insertion, share[order], ((line - origin) @ across)[order], line[order]
    )


def coronal_sections(levator: LevatorSide, frame: PelvicFrame) -> dict[int, CoronalSection]:
    """Return sections of the middle of the muscle by their number: multiples of 2 mm from P along the PCL.

    The ends are those of the sheet, or the tips of a muscle outlined as a solid.
    """
    if levator.middle is None:
        return {}
    middle = _seen_from_front(levator.middle, frame, levator.side)
    tips = middle if levator.sheet is not None else _seen_from_front(levator.surface, frame, levator.side)
    low = tips.vertices_mm[:, 1].min() + _FROM_ENDS_MM
    high = tips.vertices_mm[:, 1].max() - _FROM_ENDS_MM
    found = {}
    for number in range(int(np.ceil(low / SECTION_STEP_MM)), int(np.floor(high / SECTION_STEP_MM)) + 1):
        y_mm = number * SECTION_STEP_MM
        line, outline = (_line_at(mesh, y_mm) for mesh in (middle, tips))
        if len(line) and (section := section_of_line(line, y_mm, outline)):
            found[number] = section
    return found


def _seen_from_front(mesh: TriangleMesh, frame: PelvicFrame, side: Side) -> TriangleMesh:
    """Return a mesh in lateral, back, cranial mm."""
    body = frame.to_frame(mesh.vertices_mm)
    return TriangleMesh(body * (1.0 if side == "L" else -1.0, 1.0, 1.0), mesh.triangles)


def _line_at(mesh: TriangleMesh, y_mm: float) -> FloatArray:
    """Return (n, 2) lateral and cranial where a mesh meets a coronal plane."""
    y = mesh.vertices_mm[:, 1]
    reached = (y[mesh.triangles].min(axis=1) <= y_mm) & (y[mesh.triangles].max(axis=1) >= y_mm)
    pieces, _ = line_in_plane(TriangleMesh(mesh.vertices_mm, mesh.triangles[reached]), y - y_mm)
    return np.asarray(pieces.reshape(-1, 3)[:, [0, 2]])


def section_near(sections: Mapping[int, CoronalSection], y_mm: float) -> CoronalSection:
    """Return the section nearest to a place along the PCL."""
    return min(sections.values(), key=lambda section: abs(section.y_mm - y_mm))


def bow(sections: Mapping[int, CoronalSection]) -> CoronalSection:
    """M4: return the section with the largest bow, in size."""
    return max(sections.values(), key=lambda section: abs(section.bow_mm))


def bow_difference(
    affected: Mapping[int, CoronalSection], healthy: Mapping[int, CoronalSection]
) -> tuple[float, CoronalSection] | None:
    """M4, side difference: return the largest one and the affected section where it is found.

    In each section both sides' deviations from their chords are compared at the same share of the chord. The
    largest difference (affected - healthy) is returned, so a muscle that bows inwards at rest and outwards
    over a tumour differs by both together. None where no section is common to both sides.
    """
    shares = np.linspace(*_MIDDLE, 33)
    found = []
    for number in sorted(set(affected) & set(healthy)):
        here, there = affected[number], healthy[number]
        difference = np.interp(shares, here.share, here.deviation_mm) - np.interp(
            shares, there.share, there.deviation_mm
        )
        found.append((float(difference.max()), here))
    return max(found, key=lambda pair: pair[0]) if found else None


def hemi_hiatus_ratio(
    faces: Mapping[Side, TriangleMesh], side: Side, frame: PelvicFrame, landmarks: Landmarks
) -> Metric:
    """M6: half-width of the levator hiatus on the affected side over that of the other, at the level of P.

    The half-width runs from the midsagittal plane to the inner edge of the puborectalis. Where the reader
    marked both limbs at the level of P, these count; else it is the mean half-width of the levator's inner
    face in the plane z' = 0, over the length along the PCL that both sides share, from P to the anorectal
    junction.
    """
    marks: dict[Side, LandmarkName] = {
        "L": LandmarkName.PUBORECTALIS_LEFT,
        "R": LandmarkName.PUBORECTALIS_RIGHT,
    }
    other: Side = "R" if side == "L" else "L"
    if landmarks.why_not(*marks.values()) is None:
        widths = {at: abs(float(frame.to_frame(landmarks.point_mm(name))[0])) for at, name in marks.items()}
        if not widths[other] > 0:
            return Metric.missing("1", "the puborectalis was marked in the midline")
        points = tuple(_point(landmarks.point_mm(marks[at])) for at in (side, other))
        return Metric(widths[side] / widths[other], "1", points_mm=points, notes=("at the marked limbs",))
    if reason := landmarks.why_not(LandmarkName.ANORECTAL_JUNCTION):
        return Metric.missing("1", f"the puborectalis limbs were not marked, and {reason}")
    end = float(frame.to_frame(landmarks.point_mm(LandmarkName.ANORECTAL_JUNCTION))[1])
    lines = {at: _hiatus_line(face, frame) for at, face in faces.items()}
    if any(not len(line) for line in lines.values()):
        return Metric.missing("1", "a levator does not reach the level of the inferior pubic point")
    low = max(0.0, *(float(line[:, 0].min()) for line in lines.values()))
    high = min(end, *(float(line[:, 0].max()) for line in lines.values()))
    if high - low < _HIATUS_AT_LEAST_MM:
        return Metric.missing(
            "1",
            f"both levators share less than {_HIATUS_AT_LEAST_MM:g} mm between P and the anorectal junction",
        )
    at = np.linspace(low, high, 51)
    mean = {key: float(np.interp(at, line[:, 0], line[:, 1]).mean()) for key, line in lines.items()}
    return Metric(
        mean[side] / mean[other],
        "1",
        notes=(f"mean half-width {mean[side]:.1f} mm and {mean[other]:.1f} mm over {high - low:.0f} mm",),
    )


def _hiatus_line(face: TriangleMesh, frame: PelvicFrame) -> FloatArray:
    """Return (n, 2) places along the PCL and half-widths of a face in the plane z' = 0, ascending."""
    body = frame.to_frame(face.vertices_mm)
    pieces, _ = line_in_plane(TriangleMesh(body, face.triangles), body[:, 2])
    points = pieces.reshape(-1, 3)
    if not len(points):
        return np.zeros((0, 2))
    line = np.stack([points[:, 1], np.abs(points[:, 0])], axis=-1)
    return np.asarray(line[np.argsort(line[:, 0])])


def _point(point: FloatArray) -> PointMm:
    if point.shape != (3,):
        raise MeasurementError("a point is x, y, z", f"got shape {point.shape}")
    x, y, z = point.tolist()
    return (x, y, z)
