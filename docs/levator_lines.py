"""Figures of docs/levator.md that need two visits (M10) or landmarks (M11, heights)."""

from __future__ import annotations

from typing import Any

import numpy as np
from levator_canvas import (
    GREEN,
    ORANGE,
    PINK,
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
from levator_patient import MAP, PICTURE, clear, displaced, draw_map, treated
from levator_scene import Read, draw_plane, flat, section

from gist_imaging.anatomy.height import TumourHeight, tumour_height
from gist_imaging.anatomy.landmarks import LandmarkName
from gist_imaging.anatomy.pelvic_frame import PelvicFrame
from gist_imaging.anatomy.pelvic_lines import pelvic_lines
from gist_imaging.anatomy.relation_change import relation_change
from gist_imaging.anatomy.relation_mirror import surface_shift
from gist_imaging.anatomy.surface import TriangleMesh
from gist_imaging.phantom.organs import SLING, SLING_RADII_MM
from gist_imaging.spatial.register import register


def change() -> None:
    """M10."""
    before, after = displaced(), treated()
    carry = register(before.volume, after.volume)
    moved = relation_change((before.scene, before.measured), (after.scene, after.measured), carry)
    own = moved.shifts["L"]
    figure, panes = figure_of(5.2, 5.2, rows=4, bar=True)
    ends = np.array(own.largest.points_mm)
    at = float(after.frame.to_frame(ends)[:, 1].mean())
    draw_plane(panes[0], after, "coronal", at, (-66, 66), (-44, 58))
    early = {side: carried(one.inner, carry) for side, one in before.scene.sides.items()}
    tumours = (after.scene.tumour_surface.mesh, carried(before.scene.tumour_surface.mesh, carry))
    draw_lines(panes[0], section(after.frame, tumours[0], "coronal", at), ORANGE)
    draw_dots(panes[0], section(after.frame, tumours[1], "coronal", at), ORANGE)
    for side, one in after.scene.sides.items():
        draw_dots(panes[0], section(after.frame, early[side], "coronal", at), WHITE)
        draw_lines(panes[0], section(after.frame, one.inner, "coronal", at), SKY, 1.8)
    panes[0].plot(
        *flat(after.frame, "coronal", ends).T, "o-", color=YELLOW, linewidth=2.2, markersize=3.5, zorder=5
    )
    title(panes[0], f"second visit, coronal, {at:.0f} mm behind P along the PCL")
    legend(
        panes[0],
        (YELLOW, f"M10 largest {told(own.largest)}, left"),
        (SKY, "pelvic face after imatinib"),
        (WHITE, "dots: before, carried over by registration"),
        (ORANGE, "tumour; dots: before"),
    )
    late = after.scene.sides["L"].inner
    shift = surface_shift(early["L"], late, None)
    drawn = draw_map(panes[1], after, shift.face, -shift.shift_mm, cmap="PuOr_r", vmin=-10.0, vmax=10.0)
    title(panes[1], "where the left levator ani went")
    legend(
        panes[1],
        (WHITE, f"left: in contact {told(own.in_contact)}, overall {told(own.overall)}"),
        (WHITE, f"right (control): overall {told(moved.shifts['R'].overall)}"),
        (WHITE, f"registration error at most {carry.error_95_mm:.2f} mm in 95 of 100"),
    )
    colour_bar(panes[1], drawn, "shift, mm; above 0 laterally and caudally")
    saved(figure, "change", f"{PICTURE} {MAP}")


def carried(mesh: TriangleMesh, carry: Any) -> TriangleMesh:
    """Return a mesh of the first visit at the second."""
    return TriangleMesh(carry.apply(mesh.vertices_mm), mesh.triangles)


def lines() -> None:
    """M11."""
    held = displaced()
    outline = held.member.phantom.to_patient(sling_body())
    found = pelvic_lines(held.landmarks(), outline)
    figure, panes = figure_of(5.6, 3.9, rows=6, height=4.4)
    draw_plane(panes[0], held, "sagittal", 0.0, (-22, 122), (-58, 55))
    plate = np.array(found.levator_plate_to_pcl.points_mm)
    angle = np.array(found.anorectal_angle.points_mm)
    for points, colour, style in (
        (found.pubococcygeal_line.points_mm, YELLOW, "o-"),
        (found.h_line.points_mm, SKY, "o-"),
        (found.m_line.points_mm, GREEN, "o-"),
        (plate[:2], ORANGE, "s-"),
        (angle[:2], PINK, "D-"),
        (angle[2:], PINK, "D-"),
    ):
        panes[0].plot(
            *flat(held.frame, "sagittal", points).T,
            style,
            color=colour,
            linewidth=2.0,
            markersize=4,
            zorder=5,
        )
    title(panes[0], "midsagittal; the PCL lies level")
    legend(
        panes[0],
        (YELLOW, f"pubococcygeal line (PCL) {told(found.pubococcygeal_line)}"),
        (SKY, f"H line {told(found.h_line)}"),
        (GREEN, f"M line {told(found.m_line)} (above 0: below the PCL)"),
        (ORANGE, f"levator plate to the PCL {told(found.levator_plate_to_pcl)}"),
        (ORANGE, f"levator plate to the scanner's horizontal {told(found.levator_plate_to_horizontal)}"),
        (PINK, f"anorectal angle {told(found.anorectal_angle)}"),
    )
    tilted = hiatus_frame(held, outline)
    draw_plane(panes[1], held, "axial", 0.0, (-42, 42), (-18, 78), frame=tilted)
    ring = flat(tilted, "axial", np.array([*found.hiatus_area.points_mm, found.hiatus_area.points_mm[0]]))
    panes[1].fill(*ring.T, color=YELLOW, alpha=0.28, zorder=3)
    panes[1].plot(*ring.T, "o-", color=YELLOW, linewidth=1.8, markersize=3, zorder=5)
    title(panes[1], "plane of the puborectalis sling")
    legend(panes[1], (YELLOW, f"hiatus area {told(found.hiatus_area, 0)}"))
    saved(figure, "lines", f"{PICTURE} Sagittal: front left. Landmarks from the phantom's drawing.")


def sling_body() -> np.ndarray:
    """Return the inner edge of the puborectalis sling, body frame: around once, closed by the pubis."""
    axis = np.array(SLING)
    inwards = np.array([0.0, -8.0, -9.0]) - axis
    inwards /= np.linalg.norm(inwards, axis=1, keepdims=True)
    left = axis + np.array(SLING_RADII_MM)[:, None] * inwards
    right = (left * (-1.0, 1.0, 1.0))[::-1]
    return np.concatenate([left, right[1:]])


def hiatus_frame(held: Read, outline: np.ndarray) -> PelvicFrame:
    """Return axes of the outline's own plane: x' kept, y' along it to the back."""
    left = held.frame.axes[:, 0]
    ends = outline[[0, len(outline) // 2]]
    back = ends[1] - ends[0]
    back -= (back @ left) * left
    back /= np.linalg.norm(back)
    origin = outline.mean(axis=0)
    origin = origin + ((held.frame.origin_mm - origin) @ back) * back
    return PelvicFrame(origin, np.stack([left, back, np.cross(left, back)], axis=1), held.frame.coccyx)


def height() -> None:
    """Heights above anal verge, junction and PCL."""
    held = clear()
    marks = held.landmarks()
    phantom = held.member.phantom
    z = np.linspace(-8.0, 60.0, 35)
    wall = phantom.to_patient(np.column_stack([phantom.rectal_axis(z), z]))
    verge = marks.point_mm(LandmarkName.ANAL_VERGE)
    found: TumourHeight = tumour_height(held.tumour, marks, np.concatenate([verge[None], wall]))
    junction = marks.point_mm(LandmarkName.ANORECTAL_JUNCTION)
    frame = height_frame(held, verge, junction)
    figure, panes = figure_of(4.6, 4.6, rows=4, height=4.9)
    for pane in panes:
        draw_plane(pane, held, "coronal", 0.0, (-45, 55), (-12, 94), frame=frame, letters="RLHF")
        draw_lines(pane, section(frame, held.scene.tumour_surface.mesh, "coronal"), ORANGE, 1.6)
    for metric, colour, style in (
        (found.curved, GREEN, "-"),
        (found.two_segment, SKY, "o-"),
        (found.straight, YELLOW, "o-"),
    ):
        panes[0].plot(
            *flat(frame, "coronal", metric.points_mm).T,
            style,
            color=colour,
            linewidth=2.0,
            markersize=4,
            zorder=5,
        )
    title(panes[0], "from the anal verge")
    legend(
        panes[0],
        *(
            (colour, f"{words} {told(metric)} ({found.third(method)} third)")
            for words, metric, method, colour in (
                ("straight", found.straight, "straight", YELLOW),
                ("two segments", found.two_segment, "two_segment", SKY),
                ("curved, along the rectum's middle", found.curved, "curved", GREEN),
            )
        ),
        (ORANGE, "tumour"),
    )
    for metric, colour in (
        (found.lower_edge_above_junction, YELLOW),
        (found.nearest_to_junction, SKY),
        (found.lower_edge_above_pcl, GREEN),
    ):
        panes[1].plot(
            *flat(frame, "coronal", metric.points_mm).T,
            "o-",
            color=colour,
            linewidth=2.0,
            markersize=4,
            zorder=5,
        )
    title(panes[1], "from the anorectal junction and the PCL")
    legend(
        panes[1],
        (YELLOW, f"lower edge above the junction {told(found.lower_edge_above_junction)}"),
        (SKY, f"nearest to the junction {told(found.nearest_to_junction)}"),
        (GREEN, f"lower edge above the PCL {told(found.lower_edge_above_pcl)}"),
    )
    note = "Oblique plane through anal verge, junction and tumour."
    saved(figure, "height", f"{PICTURE} {note}")


def height_frame(held: Read, verge: np.ndarray, junction: np.ndarray) -> PelvicFrame:
    """Return axes of the plane through verge, junction and tumour: z' along the anal canal."""
    up = (junction - verge) / np.linalg.norm(junction - verge)
    across = held.scene.tumour_surface.centroid_mm - verge
    across = across - (across @ up) * up
    across /= np.linalg.norm(across)
    return PelvicFrame(verge, np.stack([across, np.cross(up, across), up], axis=1), held.frame.coccyx)
