"""How well the surfaces of a relation are known, and what M1 to M3 and M7 say of that.

From a mask a face is known to 0.3 mm, but to half a slice gap only where it runs along thick slices. A sheet
from strokes is known as well as its strokes agree, and between two strokes it does not know of a dent.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.mesh_distance import MeshDistance
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import SURFACE_ERROR_MM, Contact
from gist_imaging.anatomy.relation_mirror import SurfaceShift
from gist_imaging.anatomy.relation_scene import Mirror, RelationScene
from gist_imaging.anatomy.relation_surfaces import LevatorSide, TumourSurface
from gist_imaging.anatomy.surface import FloatArray, LevatorSurface, Side
from gist_imaging.spatial.mask import Mask

__all__ = [
    "contact_notes",
    "distance_with_error",
    "region_notes",
    "sheet_error_mm",
    "shift_with_error",
]

BoolArray = npt.NDArray[np.bool_]

# A surface within 25 degrees of the slices leaves few marks within them.
_ALONG_SLICES = float(np.cos(np.radians(25.0)))
# Slices are thick when they lie farther apart than twice the pixel (exclusive).
_THICK_FROM_PIXELS = 2.0
# From this share of a region (inclusive) that runs along the slices on, it is said. Ours.
_SAID_FROM_SHARE = 0.25
# Interval of a sheet from strokes: so many of its own root mean square errors. On 48 pelves of the phantom
# family 85 % of M1 from six strokes lie within two, before a dent that no stroke shows is allowed for.
_SHEET_ERRORS = 2.0


def sheet_error_mm(scene: RelationScene, *sides: Side) -> float | None:
    """Return the half-width of the interval that sheets from strokes give; None where no side is one."""
    held = [scene.levator.get(side) for side in sides]
    errors = [one.error_mm for one in held if isinstance(one, LevatorSurface) and one.error_mm is not None]
    if not errors:
        return None
    return max(_SHEET_ERRORS * float(np.linalg.norm(errors)), SURFACE_ERROR_MM)


def distance_with_error(
    scene: RelationScene, contact: Contact, levator: LevatorSide, tumour: TumourSurface
) -> Metric:
    """Return M1 with the interval that the error of the surfaces gives, and why where it is wide.

    Where tumour and muscle are masks and no voxel of one lies in the other, surfaces that overlap do so
    within their error: the distance is then 0, and the note tells how far they overlap.
    """
    distance, least = contact.min_distance, contact.least_mm
    notes = distance.notes
    if least < 0 and scene.outlines_overlap is False:
        least = 0.0
        notes = (
            "no voxel of one lies in the other: the surfaces overlap within their error, "
            f"by {-contact.least_mm:.2g} mm",
        )
    masks = [held for held in scene.levator.values() if isinstance(held, Mask)]
    found = [(tumour.distance, contact.end_points_mm[1], scene.tumour)]
    found += [(levator.distance, contact.end_points_mm[0], masks[0])] if masks else []
    errors = [_error_mm(surface, point, held) for surface, point, held in found if isinstance(held, Mask)]
    if max(errors, default=0.0) > SURFACE_ERROR_MM:
        notes = (*notes, f"the surface runs along the slices here and is known to {max(errors):.2g} mm only")
    of_sheet = sheet_error_mm(scene, *_sides(scene))
    if of_sheet is not None:
        errors.append(of_sheet)
        notes = (*notes, f"the sheet from strokes is known to {of_sheet:.2g} mm")
    if not errors:
        return distance
    error = max(errors)
    low, high = least - error, least + error
    if least < 0 and any(isinstance(held, LevatorSurface) for held in scene.levator.values()):
        high = max(high, 0.0)
        notes = (*notes, f"{_another_stroke(scene, contact)} (an overlap is no sign of invasion)")
    return replace(distance, value=least, low=low, high=high, notes=notes)


def _sides(scene: RelationScene) -> tuple[Side, ...]:
    return ("L", "R") if scene.side == "midline" else (scene.side,)


def _another_stroke(scene: RelationScene, contact: Contact) -> str:
    """Return the advice that tells a dent between two strokes from an overlap."""
    where = "where they overlap"
    if scene.slice_grid is not None:
        k = round(float(scene.slice_grid.to_index(contact.end_points_mm[:1])[0, 0]))
        where = f"on slice k = {k}"
    return f"a dent that no stroke shows looks the same: one more stroke {where} tells"


def _error_mm(surface: MeshDistance, point: FloatArray, mask: Mask) -> float:
    """Return how well a mask's surface is known at a point: to half a slice gap along the slices."""
    normal = surface.shape.face_normals[surface.feet(point).triangles[:1]]
    return _half_gap_mm(mask) if along_slices(mask, normal)[0] else SURFACE_ERROR_MM


def along_slices(mask: Mask, normals: FloatArray) -> BoolArray:
    """Return which unit normals (n, 3) are of surfaces that run along the mask's thick slices."""
    spacing = np.array(mask.geometry.spacing_mm)
    across = int(np.argmax(spacing))
    if spacing[across] <= _THICK_FROM_PIXELS * spacing.min():
        return np.zeros(len(normals), dtype=np.bool_)
    return np.asarray(np.abs(normals @ mask.geometry.axes[:, across]) >= _ALONG_SLICES)


def _half_gap_mm(mask: Mask) -> float:
    return float(max(mask.geometry.spacing_mm)) / 2.0


def contact_notes(scene: RelationScene, contact: Contact) -> tuple[str, ...]:
    """Return what M2 has to say of its contact: whether much of it runs along the slices."""
    normals, areas = contact.touching()
    masks = [held for side in _sides(scene) if isinstance(held := scene.levator.get(side), Mask)]
    along = [(along_slices(mask, normals), _half_gap_mm(mask)) for mask in masks]
    return _along_note(along, areas, "contact area")


def region_notes(scene: RelationScene, mirror: Mirror, shift: SurfaceShift, tau: float) -> tuple[str, ...]:
    """Return what M3 and M7 have to say of the contact region: whether much of it runs along the slices."""
    region = shift.contact_region(tau)
    normals, areas, points = shift.normals(region)
    # The healthy side's face runs as the mirror image of the affected one, about.
    across = mirror.back(points + normals) - mirror.back(points)
    along = [
        (along_slices(held, turned), _half_gap_mm(held))
        for side, turned in ((mirror.side, normals), (mirror.other, across))
        if isinstance(held := scene.levator.get(side), Mask)
    ]
    return _along_note(along, areas, "contact region")


def _along_note(along: list[tuple[BoolArray, float]], areas: FloatArray, what: str) -> tuple[str, ...]:
    if not along or not areas.sum() > 0:
        return ()
    share, gap = max((float(areas[held].sum() / areas.sum()), gap) for held, gap in along)
    if share < _SAID_FROM_SHARE:
        return ()
    return (
        f"{100 * share:.0f} % of the {what} runs along the slices, where the muscle is known to "
        f"{gap:.2g} mm only",
    )


def shift_with_error(shift: Metric, error_mm: float | None, overlap_mm: float) -> Metric:
    """Return a length of M3 with the interval of sheets from strokes.

    Parameters
    ----------
    error_mm : half-width of the interval; None leaves the metric as it is
    overlap_mm : how far the sheet reaches into the tumour; a dent as deep may lie between two strokes
    """
    if shift.value is None or error_mm is None:
        return shift
    notes = shift.notes
    if overlap_mm > SURFACE_ERROR_MM:
        notes = (
            *notes,
            f"the sheet reaches {overlap_mm:.2g} mm into the tumour, so it may lie as much deeper",
        )
    high = shift.value + max(error_mm, overlap_mm)
    return replace(shift, low=shift.value - error_mm, high=high, notes=notes)
