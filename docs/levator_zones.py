"""Figures of docs/levator.md on the contact zone (M7, M9) and the ischioanal fat (M8)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from levator_canvas import (
    GREEN,
    WHITE,
    YELLOW,
    draw_lines,
    figure_of,
    legend,
    saved,
    title,
    told,
)
from levator_patient import (
    PICTURE,
    displaced,
    draw_faces,
    fat_of,
    shift_of,
)
from levator_scene import Read, draw_plane, flat

from gist_imaging import Mask
from gist_imaging.anatomy.landmarks import LandmarkName
from gist_imaging.anatomy.relation_fossa import fossa_fat_mm3


def zone() -> None:
    """M7 and M9."""
    held = displaced()
    shift, tau = shift_of(held), held.scene.tau
    places = np.flatnonzero((shift.tumour_mm <= tau) & ~shift.feet.on_border)
    here = shift.face.vertices_mm[places]
    there = held.scene.mirror.back(shift.feet.points_mm[places])
    at = float(np.median(held.frame.to_frame(here)[:, 1]))
    figure, panes = figure_of(6.4, rows=4, height=4.6)
    draw_plane(panes[0], held, "coronal", at, (-66, 66), (-44, 52))
    draw_faces(panes[0], held, at)
    for points, side, colour in ((here, "L", YELLOW), (there, "R", GREEN)):
        near = points[np.abs(held.frame.to_frame(points)[:, 1] - at) < 1.2]
        feet = held.scene.sides[side].outer_distance.feet(near).points_mm
        pairs = np.stack([flat(held.frame, "coronal", one) for one in (near, feet)], axis=1)
        draw_lines(panes[0], pairs, colour, 1.3)
        middle = pairs.mean(axis=1)
        panes[0].plot(*middle.T, "o", color=WHITE, markersize=2.2, zorder=6)
    title(panes[0], f"coronal, {at:.0f} mm behind P along the PCL")
    thickness, signal = held.measured.thickness_ratio, held.measured.signal_ratio
    legend(
        panes[0],
        (YELLOW, f"contact zone (within {tau:.2f} mm): from the inner to the outer face"),
        (GREEN, "its mirror image on the other side"),
        (WHITE, f"M7 {told(thickness, 2)} ({'; '.join(thickness.notes)})"),
        (WHITE, f"M9 {told(signal, 2)}, from the white dots ({signal.notes[0]})"),
    )
    saved(figure, "zone", f"{PICTURE} Ends within 1.2 mm of the plane.")


def fossa() -> None:
    """M8."""
    bare = displaced()
    held = replace(bare, fat=fat_of(bare))
    verge = float(held.frame.to_frame(held.landmarks().point_mm(LandmarkName.ANAL_VERGE))[2])
    geometry = held.volume.geometry
    at = 62.0
    index = np.argwhere(held.fat.voxels)
    index = index[np.abs(held.frame.to_frame(geometry.to_patient(index))[:, 1] - at) < 0.6]
    figure, panes = figure_of(6.4, rows=4, height=4.4)
    draw_plane(panes[0], held, "coronal", at, (-66, 66), (-62, 36))
    for side, colour in (("L", YELLOW), ("R", GREEN)):
        kept = [one for one in index if counted(held, side, one, verge)]
        places = flat(held.frame, "coronal", geometry.to_patient(np.array(kept)))
        panes[0].plot(*places.T, ".", color=colour, markersize=1.5, zorder=2)
    draw_faces(panes[0], held, at)
    panes[0].axhline(verge, color=WHITE, linewidth=1.0, linestyle="--")
    title(panes[0], f"coronal, {at:.0f} mm behind P along the PCL")
    loss = held.measured.fossa_loss
    words = "; ".join(loss.notes)
    legend(
        panes[0],
        (YELLOW, "fat that counts on the left: below the muscle, above the anal verge"),
        (GREEN, "fat that counts on the right"),
        (WHITE, f"M8 {told(loss, 3)} (left and right {words})"),
        (WHITE, "dashed: height of the anal verge"),
    )
    saved(figure, "fossa", f"{PICTURE} Fat: by signal, 46 mm to each side.")


def counted(held: Read, side: str, index: np.ndarray, verge_z: float) -> bool:
    """Return whether `fossa_fat_mm3` counts a voxel on one side."""
    box = tuple(slice(at, at + 1) for at in index)
    geometry = held.volume.geometry
    one = np.zeros((1, 1, 1), dtype=bool)
    one[:] = held.fat.voxels[box]
    matrix = geometry.affine.copy()
    matrix[:3, 3] = geometry.to_patient(index)
    small = Mask(one, replace(geometry, shape=(1, 1, 1), affine=matrix))
    return fossa_fat_mm3(held.scene.sides[side], small, held.frame, verge_z) > 0.0
