"""Diameters of the iso-0.5 outline of a lesion, each with its end points in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull
from scipy.spatial.distance import cdist, pdist

from gist_imaging.measure.chord import Chord, longest_chords
from gist_imaging.measure.outline import HalfSteps, contour_segments, outermost_in_slices, outermost_vertices
from gist_imaging.measure.region import Region

__all__ = ["Diameter", "SliceDiameters", "craniocaudal_length", "longest_3d_diameter", "slice_diameters"]

FloatArray = npt.NDArray[np.float64]
Point = tuple[float, float, float]

# Lengths nearer than this are equal: far above rounding, far below any voxel.
SAME_LENGTH_MM = 1e-6
# So many points are compared pair by pair; of more, only the corners of their convex hull.
_COMPARED_AT_ONCE = 500
# So many of the outermost points are held against all others to find a long pair.
_TRIED = 64
# End points are compared to this many decimals of a mm, so that rounding decides nothing.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Diameter:
    """A length between two points of the outline.

    Parameters
    ----------
    length_mm : as defined by the function that made it
    end_points_mm : two points, LPS; the one with the smaller x (then y, then z) first
    """

    length_mm: float
    end_points_mm: tuple[Point, Point]

    @property
    def direction(self) -> FloatArray:
        """(3,) unit vector from the first to the second end point, LPS."""
        step = np.subtract(self.end_points_mm[1], self.end_points_mm[0])
        return np.asarray(step / np.linalg.norm(step))


@dataclass(frozen=True, slots=True)
class SliceDiameters:
    """The longest diameter in one slice with the longest perpendicular in that slice.

    Parameters
    ----------
    longest, short_axis : both lie in the slice
    slice_index : along the slice axis of the region
    """

    longest: Diameter
    short_axis: Diameter
    slice_index: int


def slice_diameters(region: Region) -> SliceDiameters:
    """Return the longest diameter in one acquired slice and its perpendicular.

    The longest diameter joins the two farthest points of the iso-0.5 contour in one slice, over all pieces
    of the lesion in that slice. The short axis is the longest segment perpendicular to it that runs inside
    the contour, in the same slice. Where several pairs of points are equally far (within 1e-6 mm), the one
    with the longest short axis is taken, then the one whose end points have the smallest x, y, z.

    Parameters
    ----------
    region : at least one voxel
    """
    # Steps along row and column, mm, in axes of the slice.
    frame = np.asarray(np.linalg.qr(region.geometry.affine[:3, 1:3], mode="r"))
    candidates = [
        (_placed(region, chord, frame, at), _placed(region, perpendicular, frame, at), at)
        for at, chord, perpendiculars in _longest_in_slices(region, frame)
        for perpendicular in perpendiculars
    ]
    longest_short = max(short.length_mm for _, short, _ in candidates)
    longest, short_axis, at = min(
        (held for held in candidates if held[1].length_mm >= longest_short - SAME_LENGTH_MM),
        key=lambda held: (_rank(held[0]), _rank(held[1])),
    )
    return SliceDiameters(longest, short_axis, at)


def longest_3d_diameter(region: Region, vertices: HalfSteps | None = None) -> Diameter:
    """Return the distance of the two farthest vertices of the iso-0.5 mesh.

    Parameters
    ----------
    region : at least one voxel
    vertices : `outermost_vertices` of its voxels, where already known
    """
    vertices = outermost_vertices(region.voxels) if vertices is None else vertices
    length, pairs = _farthest(vertices @ region.frame.T / 2.0)
    ends = (region.geometry.to_patient(vertices[list(pair)] / 2.0) for pair in pairs)
    return min((_diameter(length, pair) for pair in ends), key=_rank)


def craniocaudal_length(region: Region, vertices: HalfSteps | None = None) -> Diameter:
    """Return how far the iso-0.5 mesh reaches along the patient's z axis.

    The end points are a lowest and a highest vertex; they need not lie above each other. This is the one
    size that changes when the patient is tilted.

    Parameters
    ----------
    region : at least one voxel
    vertices : `outermost_vertices` of its voxels, where already known
    """
    vertices = outermost_vertices(region.voxels) if vertices is None else vertices
    points = region.geometry.to_patient(vertices / 2.0)
    height = points[:, 2]
    low, high = height.min(), height.max()
    lowest = points[height <= low + SAME_LENGTH_MM]
    highest = points[height >= high - SAME_LENGTH_MM]
    ends = np.array([_first(lowest), _first(highest)])
    return _diameter(float(high - low), ends)


def _longest_in_slices(region: Region, frame: FloatArray) -> list[tuple[int, Chord, tuple[Chord, ...]]]:
    """Every equally long diameter in a slice with its perpendiculars: slice, chord, perpendiculars."""
    outlines = [points @ frame.T / 2.0 for points in outermost_in_slices(region.voxels)]
    reach = np.array([np.linalg.norm(np.ptp(points, axis=0)) if len(points) else 0.0 for points in outlines])
    longest = 0.0
    found: list[tuple[int, float, FloatArray]] = []
    for at in np.argsort(-reach, kind="stable"):
        if reach[at] < longest - SAME_LENGTH_MM:
            break
        length, pairs = _farthest(outlines[at])
        found += [(int(at), length, outlines[at][list(pair)]) for pair in pairs]
        longest = max(longest, length)
    known: dict[bytes, tuple[Chord, ...]] = {}
    return [
        (at, Chord(ends[0], ends[1]), _perpendiculars(region, frame, at, ends, known))
        for at, length, ends in found
        if length >= longest - SAME_LENGTH_MM
    ]


def _perpendiculars(
    region: Region, frame: FloatArray, at: int, ends: FloatArray, known: dict[bytes, tuple[Chord, ...]]
) -> tuple[Chord, ...]:
    pixels = region.voxels[at]
    key = pixels.tobytes() + ends.tobytes()
    if key not in known:
        known[key] = longest_chords(contour_segments(pixels) @ frame.T / 2.0, ends)
    return known[key]


def _farthest(points: FloatArray) -> tuple[float, list[tuple[int, int]]]:
    """The greatest distance between two of `points`, and every pair that has it."""
    kept = _that_may_be_farthest(points)
    if len(kept) > _COMPARED_AT_ONCE:
        kept = kept[ConvexHull(points[kept]).vertices]
    distances = pdist(points[kept])
    longest = float(distances.max())
    # pdist lists (0, 1), (0, 2), ..., (1, 2), ...; the first of each row of pairs:
    n = np.arange(len(kept) - 1)
    begins = n * (2 * len(kept) - n - 1) // 2
    places = np.flatnonzero(distances >= longest - SAME_LENGTH_MM)
    first = np.searchsorted(begins, places, side="right") - 1
    second = places - begins[first] + first + 1
    return longest, list(zip(kept[first].tolist(), kept[second].tolist(), strict=True))


def _that_may_be_farthest(points: FloatArray) -> npt.NDArray[np.int64]:
    """Indices of the points that can end a longest diameter.

    The outermost points with their partners give a long pair and a centre. Seen from there, the two ends of
    a longest diameter are together at least as far away as that pair is long, so a point that is too near
    for any partner drops out. Of a ball, few points are left.
    """
    middle = (points.min(axis=0) + points.max(axis=0)) / 2.0
    reach = np.linalg.norm(points - middle, axis=1)
    outermost = points[np.argsort(-reach, kind="stable")[:_TRIED]]
    apart = cdist(outermost, points)
    centre = (outermost + points[apart.argmax(axis=1)]).mean(axis=0) / 2.0
    other_reach = np.linalg.norm(points - centre, axis=1)
    reach = reach if reach.max() <= other_reach.max() else other_reach
    return np.flatnonzero(reach >= apart.max() - reach.max() - 2.0 * SAME_LENGTH_MM)


def _placed(region: Region, chord: Chord, frame: FloatArray, at: int) -> Diameter:
    """`chord` of slice `at`, in the patient."""
    in_plane = np.array([chord.start, chord.end]) @ np.linalg.inv(frame).T
    indices = np.column_stack([np.full(2, at), in_plane])
    return _diameter(chord.length_mm, region.geometry.to_patient(indices))


def _diameter(length_mm: float, ends: FloatArray) -> Diameter:
    one, other = sorted(ends.tolist(), key=_rounded)
    return Diameter(length_mm, ((one[0], one[1], one[2]), (other[0], other[1], other[2])))


def _first(points: FloatArray) -> FloatArray:
    return np.array(min(points.tolist(), key=_rounded))


def _rounded(point: list[float]) -> list[float]:
    return [round(value, _DECIMALS) for value in point]


def _rank(diameter: Diameter) -> list[list[float]]:
    return [_rounded(list(point)) for point in diameter.end_points_mm]
