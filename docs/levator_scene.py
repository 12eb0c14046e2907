"""A pelvis of the phantom family, read as a reader would, and its planes as pictures.

Everything that is measured on it comes from strokes, a mask and landmarks through `measure_relation`. Only
the grey pictures are rendered anew, in the plane that is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from levator_canvas import decorate, grey
from scipy import ndimage

from gist_imaging import Geometry, Mask, Volume
from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.levator import levator_surface
from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.anatomy.mesh_clip import line_in_plane
from gist_imaging.anatomy.pelvic_frame import PelvicFrame
from gist_imaging.anatomy.relation import RelationMeasurement, measure_relation
from gist_imaging.anatomy.relation_scene import RelationScene
from gist_imaging.anatomy.surface import LevatorSurface, TriangleMesh
from gist_imaging.phantom.family import FamilyMember
from gist_imaging.phantom.family_strokes import reader_strokes

Plane = Literal["coronal", "axial", "sagittal"]

# Across, up, and out of the plane: which of x' (left), y' (back) and z' (head).
_AXES: dict[Plane, tuple[int, int, int]] = {"coronal": (0, 2, 1), "axial": (0, 1, 2), "sagittal": (1, 2, 0)}
# Left, right, upper and lower edge of the picture: axial from the feet, sagittal from the patient's left.
_LETTERS: dict[Plane, str] = {"coronal": "RLHF", "axial": "RLAP", "sagittal": "APHF"}
_PIXEL_MM = 0.6
STROKE_NOISE_MM = 0.5


@dataclass(frozen=True, eq=False)
class Read:
    """One visit: scan, what a reader gave, and what was measured.

    Parameters
    ----------
    member : of the family
    volume : T2 MR across the anal canal, 0.78 × 0.78 × 3.3 mm
    strokes : clicks with 0.5 mm of noise, on every second or third slice
    marked : landmarks beside those that the family knows, LPS mm by name
    fat : of the ischioanal fossae
    """

    member: FamilyMember
    volume: Volume = field(repr=False)
    tumour: Mask = field(repr=False)
    strokes: dict[str, list[LevatorStroke]] = field(repr=False)
    marked: dict[str, Any] = field(repr=False)
    fat: Mask | None = None

    @cached_property
    def levator(self) -> dict[str, LevatorSurface]:
        """The sheets from the strokes."""
        return {
            side: levator_surface(drawn, side=side, volume=self.volume)[0]
            for side, drawn in self.strokes.items()
        }

    @cached_property
    def scene(self) -> RelationScene:
        """What `measure_relation` is given."""
        return RelationScene(
            self.tumour,
            self.levator,
            self.member.side,
            landmarks=self.landmarks(),
            volume=self.volume,
            fat=self.fat,
        )

    def landmarks(self, *without: str) -> Landmarks:
        """Return the landmarks but for some."""
        points = {**self.member.landmarks_mm, **self.marked}
        kept = {name: tuple(map(float, at)) for name, at in points.items() if name not in without}
        return Landmarks.of(kept, self.volume.geometry.frame_uid)

    @cached_property
    def measured(self) -> RelationMeasurement:
        """M1 to M9."""
        return measure_relation(self.scene)

    @cached_property
    def fat_signal(self) -> float:
        """About the signal of fat."""
        voxels = self.volume.voxels
        return float(np.median(voxels[voxels > voxels.mean()]))

    @property
    def frame(self) -> PelvicFrame:
        """Of the pelvis."""
        if isinstance(self.scene.frame, str):
            raise SystemExit(self.scene.frame)
        return self.scene.frame


def read(member: FamilyMember, n_strokes: int = 14, **marked_body: Any) -> Read:
    """Return a member with strokes of a careful reader; keywords are landmarks in the body frame."""
    geometry = member.grid("oblique", frame_uid=f"1.2.3.{member.seed}.{int(member.visit != 'baseline')}")
    rng = np.random.default_rng(3)
    strokes = {
        side: [
            LevatorStroke(clicks, side)
            for _, clicks in reader_strokes(
                member, geometry, side, n=n_strokes, noise_mm=STROKE_NOISE_MM, rng=rng
            )
        ]
        for side in ("L", "R")
    }
    marked = {name: member.phantom.to_patient(at) for name, at in marked_body.items()}
    tumour = member.masks(geometry)["tumour"]
    return Read(member, member.volume(geometry), tumour, strokes, marked)


def flat(frame: PelvicFrame, plane: Plane, points_mm: Any) -> np.ndarray:
    """Return points (..., 3) LPS as places (..., 2) in a plane of a frame, mm."""
    return frame.to_frame(np.asarray(points_mm, dtype=float))[..., list(_AXES[plane][:2])]


def section(frame: PelvicFrame, mesh: TriangleMesh, plane: Plane, at_mm: float = 0.0) -> np.ndarray:
    """Return the lines (n, 2, 2) in which a plane of a frame cuts a mesh."""
    body = frame.to_frame(mesh.vertices_mm)
    across, up, out = _AXES[plane]
    pieces, _ = line_in_plane(TriangleMesh(body, mesh.triangles), body[:, out] - at_mm)
    return pieces[..., [across, up]]


def draw_plane(
    pane: Any,
    held: Read,
    plane: Plane,
    at_mm: float,
    across_mm: tuple[float, float],
    up_mm: tuple[float, float],
    *,
    frame: PelvicFrame | None = None,
    letters: str | None = None,
) -> None:
    """Draw the phantom in a plane of the pelvis, or of another frame, with sides and scale."""
    frame = held.frame if frame is None else frame
    across, up, out = _AXES[plane]
    shape = [round((high - low) / _PIXEL_MM) for low, high in (up_mm, across_mm)]
    first = np.zeros(3)
    first[[across, up, out]] = across_mm[0], up_mm[0], at_mm
    axes = frame.axes[:, [out, up, across]]
    corner = tuple(frame.from_frame(first).tolist())
    geometry = Geometry.from_spacing((1, *shape), (1.0, _PIXEL_MM, _PIXEL_MM), corner, axes)
    image = held.member.volume(geometry).voxels[0].astype(float)
    edges = (across_mm[0], across_mm[0] + shape[1] * _PIXEL_MM, up_mm[0], up_mm[0] + shape[0] * _PIXEL_MM)
    grey(pane, ndimage.gaussian_filter(image, 0.7), edges, held.fat_signal)
    if plane == "axial":
        pane.invert_yaxis()
    decorate(pane, _LETTERS[plane] if letters is None else letters)
