"""Draw what each number of docs/levator.md measures: `python docs/make_levator_figures.py [NAME ...]`.

Lines, points and areas are those that the measuring code returns, on a pelvis of the phantom family.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from levator_canvas import (
    GREEN,
    ORANGE,
    SKY,
    WHITE,
    YELLOW,
    colour_bar,
    draw_dots,
    draw_lines,
    figure_of,
    legend,
    saved,
    title,
    told,
)
from levator_lines import change, height, lines
from levator_patient import (
    MAP,
    PICTURE,
    clear,
    displaced,
    draw_acquired,
    draw_faces,
    draw_map,
    in_slice,
    laid_flat,
    laid_mesh,
    outline,
    shift_of,
)
from levator_scene import draw_plane, flat, section
from levator_zones import fossa, zone

from gist_imaging.anatomy.landmarks import LandmarkName
from gist_imaging.anatomy.mesh_clip import line_in_plane, segments_at_most
from gist_imaging.anatomy.relation_contact import contact_of
from gist_imaging.anatomy.relation_mirror import mirrored
from gist_imaging.anatomy.relation_section import (
    CoronalSection,
    coronal_sections,
    hemi_hiatus_ratio,
    section_near,
)
from gist_imaging.anatomy.surface import TriangleMesh


def contact() -> None:
    """M1 and M2."""
    far, held = clear(), displaced()
    figure, panes = figure_of(3.7, 3.7, 4.6, rows=3, bar=True, height=3.9)
    ends = np.array(far.measured.min_distance.points_mm)
    at = float(far.frame.to_frame(ends)[:, 1].mean())
    x, z = flat(far.frame, "coronal", ends).mean(axis=0)
    draw_plane(panes[0], far, "coronal", at, (x - 34, x + 28), (z - 26, z + 38))
    draw_faces(panes[0], far, at)
    join(panes[0], flat(far.frame, "coronal", ends))
    title(panes[0], "coronal: a tumour clear of the muscle")
    legend(
        panes[0],
        (YELLOW, f"M1 {told(far.measured.min_distance)}; 5th percentile {told(far.measured.distance_p5)}"),
        (ORANGE, "tumour"),
        (SKY, "faces of the levator ani"),
    )
    found = contact_of(held.scene.sides["L"], held.scene.tumour_surface, held.scene.tau)
    line = max(held.measured.contact_lines, key=lambda one: one.length_mm)
    draw_acquired(panes[1], held, line.k, 50.0, 31.0, 42.0)
    facing = TriangleMesh(found.near.vertices_mm, found.near.triangles[found.facing])
    above = held.volume.geometry.to_index(facing.vertices_mm)[:, 0] - line.k
    pieces = segments_at_most(*line_in_plane(facing, above, found.distance_mm), found.tau_mm)
    draw_lines(panes[1], in_slice(held, pieces), YELLOW, 3.2)
    arc = in_slice(held, np.array(held.measured.contact_arc.points_mm))
    panes[1].plot(*arc.T, "--", color=WHITE, linewidth=1.2, zorder=4)
    title(panes[1], f"acquired slice {line.k + 1}: a tumour that pushes")
    legend(
        panes[1],
        (YELLOW, f"M2 contact length {told(held.measured.contact_length)}"),
        (WHITE, f"M2 contact arc {told(held.measured.contact_arc, 0)}"),
    )
    colours = {"cmap": "cividis_r", "vmin": -1.0, "vmax": 6.0}
    drawn = draw_map(panes[2], held, facing, np.clip(found.distance_mm, -1.0, 6.0), **colours)
    panes[2].tricontour(laid_mesh(held, facing), found.distance_mm, levels=[found.tau_mm], colors=GREEN)
    panes[2].plot(*laid_flat(held, np.array(held.measured.min_distance.points_mm[0])), "kx", markersize=8)
    area = held.measured.contact_area
    title(panes[2], "the same: surface of the left levator ani near the tumour")
    words = f"M2 contact area {area.value:.0f} mm² ({area.low:.0f} to {area.high:.0f})"
    legend(
        panes[2],
        (GREEN, f"{words}, within tau = {found.tau_mm:.2f} mm"),
        (WHITE, f"×  M1 {told(held.measured.min_distance)}; overlap {told(held.measured.overlap_volume, 0)}"),
        (WHITE, f"5th percentile {told(held.measured.distance_p5)}"),
    )
    colour_bar(panes[2], drawn, "distance to the tumour, mm (below 0: the outlines overlap)")
    saved(figure, "contact", f"{PICTURE} {MAP}")


def join(pane: Any, ends: np.ndarray, colour: str = YELLOW, style: str = "o-", width: float = 2.2) -> None:
    """Draw a line between places (n, 2) with its ends."""
    pane.plot(*ends.T, style, color=colour, linewidth=width, markersize=3.5, zorder=5)


def mirror() -> None:
    """M3."""
    held = displaced()
    shift, found = shift_of(held), held.measured
    figure, panes = figure_of(5.2, 5.2, rows=4, bar=True)
    ends = np.array(found.displacement_max.points_mm)
    at = float(held.frame.to_frame(ends)[:, 1].mean())
    draw_plane(panes[0], held, "coronal", at, (-66, 66), (-44, 58))
    healthy = held.scene.sides["R"].inner
    over = mirrored(healthy, held.scene.mirror)
    for mesh, colour in ((held.scene.tumour_surface.mesh, ORANGE), (shift.face, SKY), (healthy, WHITE)):
        draw_lines(panes[0], section(held.frame, mesh, "coronal", at), colour, 1.8)
    draw_dots(panes[0], section(held.frame, over, "coronal", at), WHITE)
    panes[0].axvline(0.0, color=WHITE, linewidth=0.7, linestyle="--")
    join(panes[0], flat(held.frame, "coronal", ends))
    title(panes[0], f"coronal, {at:.0f} mm behind P along the PCL")
    legend(
        panes[0],
        (YELLOW, f"M3 largest {told(found.displacement_max)}"),
        (SKY, "pelvic face of the left levator ani"),
        (WHITE, "of the right one; dots: its mirror image; dashed: midsagittal plane"),
        (ORANGE, "tumour"),
    )
    drawn = draw_map(panes[1], held, shift.face, shift.shift_mm, cmap="PuOr_r", vmin=-10.0, vmax=10.0)
    chosen = shift.face.triangles[shift.contact_region(held.scene.tau)]
    outline(panes[1], held, TriangleMesh(shift.face.vertices_mm, chosen), GREEN)
    title(panes[1], "left levator ani against the mirror image")
    legend(
        panes[1],
        (GREEN, f"contact region: mean {told(found.displacement_mean)},"),
        (GREEN, f"95th percentile {told(found.displacement_p95)}"),
        (WHITE, f"displaced volume over the whole sheet {told(found.displaced_volume, 0)}"),
    )
    colour_bar(panes[1], drawn, "displacement, mm; above 0 laterally and caudally")
    saved(figure, "mirror", f"{PICTURE} {MAP}")


def sections() -> None:
    """M4 and M5."""
    held = displaced()
    found = {side: coronal_sections(one, held.frame) for side, one in held.scene.sides.items()}
    figure, panes = figure_of(5.2, 5.2, rows=3)
    largest = max(found["L"].values(), key=lambda one: abs(one.bow_mm))
    other = section_near(found["R"], largest.y_mm)
    draw_plane(panes[0], held, "coronal", largest.y_mm, (-66, 66), (-44, 58))
    for one, side, colour in ((largest, 1.0, YELLOW), (other, -1.0, GREEN)):
        draw_bow(panes[0], one, side, colour)
    title(panes[0], f"M4: coronal, {largest.y_mm:.0f} mm behind P along the PCL")
    legend(
        panes[0],
        (YELLOW, f"left: bow {told(held.measured.bow)}, bow / chord {told(held.measured.bow_ratio, 2)}"),
        (GREEN, f"right, same section: bow {other.bow_mm:.1f} mm"),
        (WHITE, f"bow difference over all sections {told(held.measured.bow_difference)}"),
    )
    middle = float(held.frame.to_frame(held.scene.tumour_surface.centroid_mm)[1])
    near = section_near(found["L"], middle)
    draw_plane(panes[1], held, "coronal", near.y_mm, (-66, 66), (-44, 58))
    for side, colour in (("L", YELLOW), ("R", GREEN)):
        draw_angle(panes[1], section_near(found[side], near.y_mm), 1.0 if side == "L" else -1.0, colour)
    right = section_near(found["R"], near.y_mm).angle_deg
    title(panes[1], f"M5: through the tumour's middle, {near.y_mm:.0f} mm behind P")
    legend(
        panes[1],
        (YELLOW, f"left: angle {told(held.measured.levator_angle)}"),
        (GREEN, f"right: {right:.1f}°"),
        (WHITE, f"angle difference {told(held.measured.levator_angle_difference)}"),
    )
    saved(figure, "bow", f"{PICTURE} Lines: middle of the muscle, as measured.")


def draw_bow(pane: Any, one: CoronalSection, sign: float, colour: str) -> None:
    """Draw the line of one side, its chord, and the largest deviation."""
    pane.plot(sign * one.line[:, 0], one.line[:, 1], ".", color=colour, markersize=2.2, zorder=4)
    chord = np.stack([one.origin, one.insertion]) * (sign, 1.0)
    join(pane, chord, colour, "s--", 1.3)
    middle = (one.share >= 0.1) & (one.share <= 0.9)
    far = int(np.argmax(np.where(middle, np.abs(one.deviation_mm), -1.0)))
    foot = one.origin + one.share[far] * (one.insertion - one.origin)
    join(pane, np.stack([foot, one.line[far]]) * (sign, 1.0), colour, "o-", 2.4)


def draw_angle(pane: Any, one: CoronalSection, sign: float, colour: str) -> None:
    """Draw the chord of one side and its angle with x'."""
    chord = np.stack([one.origin, one.insertion]) * (sign, 1.0)
    pane.plot(sign * one.line[:, 0], one.line[:, 1], ".", color=colour, markersize=2.2, zorder=4)
    join(pane, chord, colour, "s--", 1.3)
    x, z = one.insertion
    pane.plot([sign * x, sign * (x + 36)], [z, z], "-", color=WHITE, linewidth=1.0, zorder=4)
    turn = np.radians(np.linspace(0.0, one.angle_deg, 30))
    pane.plot(sign * (x + 22 * np.cos(turn)), z + 22 * np.sin(turn), color=colour, linewidth=2.0, zorder=5)


def hiatus() -> None:
    """M6: at the marked limbs, and without them."""
    held = displaced()
    faces = {side: one.inner for side, one in held.scene.sides.items()}
    figure, panes = figure_of(3.7, 3.7, rows=3)
    for pane in panes:
        draw_plane(pane, held, "axial", 0.0, (-46, 46), (-14, 92))
        pane.axvline(0.0, color=WHITE, linewidth=0.9, linestyle=":")
        for face in faces.values():
            draw_lines(pane, section(held.frame, face, "axial", 0.0), SKY, 1.6)
    marks = held.landmarks()
    by_marks = hemi_hiatus_ratio(faces, "L", held.frame, marks)
    for point in by_marks.points_mm:
        x, y = flat(held.frame, "axial", point)
        join(panes[0], np.array([[0.0, y], [x, y]]), YELLOW)
        words, align = f"{abs(x):.1f} mm", "left" if x > 0 else "right"
        panes[0].text(
            x + np.copysign(9.0, x), y, words, color=YELLOW, fontsize=9, ha=align, va="center", zorder=6
        )
    title(panes[0], "both limbs of the puborectalis marked")
    legend(panes[0], (YELLOW, f"M6 {told(by_marks, 2)}: half-widths at the marks"), (SKY, "faces at z' = 0"))
    bare = held.landmarks("puborectalis_left", "puborectalis_right")
    by_faces = hemi_hiatus_ratio(faces, "L", held.frame, bare)
    end = float(held.frame.to_frame(bare.point_mm(LandmarkName.ANORECTAL_JUNCTION))[1])
    cuts = {side: section(held.frame, face, "axial", 0.0).reshape(-1, 2) for side, face in faces.items()}
    low = max(0.0, *(cut[:, 1].min() for cut in cuts.values()))
    high = min(end, *(cut[:, 1].max() for cut in cuts.values()))
    for cut in cuts.values():
        for y in np.linspace(low, high, 9):
            x = cut[np.argmin(np.abs(cut[:, 1] - y)), 0]
            panes[1].plot([0.0, x], [y, y], color=YELLOW, linewidth=1.4, zorder=4)
    title(panes[1], "no limb marked: P to the anorectal junction")
    legend(panes[1], (YELLOW, f"M6 {told(by_faces, 2)}"), *((WHITE, note) for note in by_faces.notes))
    saved(figure, "hiatus", f"{PICTURE} Plane through the PCL (z' = 0), seen from the feet.")


FIGURES: dict[str, Callable[[], None]] = {
    "contact": contact,
    "mirror": mirror,
    "bow": sections,
    "hiatus": hiatus,
    "zone": zone,
    "fossa": fossa,
    "change": change,
    "lines": lines,
    "height": height,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FIGURES:
        FIGURES[name]()
