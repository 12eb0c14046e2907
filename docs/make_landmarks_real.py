"""Draw pelvic lines on a real sagittal T2: `python docs/make_landmarks_real.py REAL_SCANS`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from levator_canvas import saved_small
from matplotlib.patheffects import withStroke

from gist_imaging import Volume, read_volume
from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.pelvic_lines import pelvic_lines

ROOT = Path(__file__).resolve().parent.parent
LANDMARKS = ROOT / "tests" / "real_landmarks" / "prostatex0000.json"
STUDY = Path("ingest") / "pelvis_mr_prostatex0000"
PCL, H_LINE, M_LINE, PLATE, CANAL, POINTS = "#ffd24a", "#57b6ff", "#7dff8a", "#ff9d2e", "#e08cff", "#ffffff"
BEHIND_MM, ABOVE_MM = (-40.0, 113.0), (-102.0, 24.0)
EDGED = [withStroke(linewidth=2.6, foreground="black")]
LABELS = {
    LandmarkName.INFERIOR_PUBIC_POINT: ("P", (-4.0, 2.5), "right"),
    LandmarkName.LAST_COCCYGEAL_JOINT: ("last coccygeal\njoint", (0.0, -9.5), "center"),
    LandmarkName.COCCYX_TIP: ("coccyx tip", (-1.5, -5.5), "right"),
    LandmarkName.ANORECTAL_JUNCTION: ("anorectal\njunction", (-3.0, -1.0), "right"),
    LandmarkName.ANAL_VERGE: ("anal verge", (3.0, -2.5), "left"),
    LandmarkName.SACROCOCCYGEAL_JOINT: ("sacrococcygeal joint\n(never used)", (-3.0, 1.0), "right"),
    LandmarkName.S3_MIDPOINT: ("S3", (-3.0, -1.0), "right"),
    LandmarkName.PUBORECTALIS_POSTERIOR: ("puborectalis,\ninner edge", (-2.5, -2.0), "right"),
}


def main(real_scans: Path) -> None:
    """Draw the midsagittal slice with PCL, H and M line, levator plate, anal canal and the points."""
    study = real_scans / STUDY
    volume = read_volume(study / "3_t2_tse_sag")
    axial = read_volume(study / "4_t2_tse_tra").geometry
    marks = Landmarks.from_json(LANDMARKS.read_text()).within(volume.geometry, axial)
    lines = pelvic_lines(marks)
    figure = plt.figure(figsize=(10.2, 9.0), facecolor="black", dpi=100)
    pane = figure.add_axes((0.01, 0.055, 0.98, 0.9))
    draw_slice(pane, volume, marks.point_mm(LandmarkName.INFERIOR_PUBIC_POINT))
    draw_line(pane, marks, LandmarkName.ANAL_VERGE, LandmarkName.ANORECTAL_JUNCTION, CANAL)
    wall = (LandmarkName.RECTAL_WALL_POSTERIOR, LandmarkName.RECTAL_WALL_POSTERIOR_UPPER)
    draw_line(pane, marks, *wall, CANAL)
    for metric, colour in (
        (lines.pubococcygeal_line, PCL),
        (lines.h_line, H_LINE),
        (lines.m_line, M_LINE),
    ):
        ends = np.array(metric.points_mm)
        pane.plot(ends[:, 1], ends[:, 2], color=colour, linewidth=2.0, path_effects=EDGED)
    plate = (LandmarkName.LEVATOR_PLATE_ANTERIOR, LandmarkName.LEVATOR_PLATE_POSTERIOR)
    draw_line(pane, marks, *plate, PLATE)
    for name, (words, (right, up), align) in LABELS.items():
        _, y, z = marks.point_mm(name)
        pane.text(y + right, z + up, words, color=POINTS, fontsize=8.5, ha=align, path_effects=EDGED)
    for mark in marks.placed:
        if not mark.name.startswith("femoral_head"):
            _, y, z = mark.point_mm
            pane.plot(y, z, "o", markersize=4.2, color=POINTS, markeredgecolor="black")
    legend(
        pane,
        (
            ("PCL", lines.pubococcygeal_line, PCL),
            ("H line", lines.h_line, H_LINE),
            ("M line (below 0: above the PCL)", lines.m_line, M_LINE),
            ("levator plate to PCL", lines.levator_plate_to_pcl, PLATE),
            ("anorectal angle", lines.anorectal_angle, CANAL),
        ),
    )
    scale_bar(pane)
    note = (
        "ProstateX-0000, T2 sagittal, head up, front left. TCIA PROSTATEx (Litjens et al. 2017, CC BY). "
        "Landmarks placed by eye, not by a radiologist."
    )
    figure.text(0.012, 0.02, note, color="#b8b8b8", fontsize=8.5)
    saved_small(figure, "landmarks_real", (PCL, H_LINE, M_LINE, PLATE, CANAL), greys=64)


def draw_slice(pane: Any, volume: Volume, point_mm: Any) -> None:
    """Draw the sagittal slice nearest to a point, back to the right, head up."""
    geometry = volume.geometry
    k = round(float(geometry.to_index(point_mm)[0]))
    _, rows, columns = geometry.shape
    first, last = geometry.to_patient([(k, -0.5, -0.5), (k, rows - 0.5, columns - 0.5)])
    low, high = np.percentile(volume.voxels[k], (1.0, 98.5))
    extent = (first[1], last[1], last[2], first[2])
    pane.imshow(volume.voxels[k], cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="bicubic")
    pane.set_xlim(*BEHIND_MM)
    pane.set_ylim(*ABOVE_MM)
    pane.set_axis_off()


def draw_line(pane: Any, marks: Landmarks, one: LandmarkName, other: LandmarkName, colour: str) -> None:
    """Draw the line between two landmarks."""
    ends = np.array([marks.point_mm(one), marks.point_mm(other)])
    pane.plot(ends[:, 1], ends[:, 2], color=colour, linewidth=1.6, path_effects=EDGED)


def legend(pane: Any, entries: tuple[tuple[str, Metric, str], ...]) -> None:
    """Write each number in the colour of its line."""
    for row, (title, metric, colour) in enumerate(entries):
        unit = "°" if metric.unit == "deg" else f" {metric.unit}"
        text = "not measured" if metric.value is None else f"{metric.value:.1f}{unit}"
        pane.text(
            BEHIND_MM[0] + 2.0,
            ABOVE_MM[1] - 5.0 - 5.2 * row,
            f"{title}  {text}",
            color=colour,
            fontsize=10,
            path_effects=EDGED,
        )


def scale_bar(pane: Any) -> None:
    """Draw 2 cm."""
    x, y = BEHIND_MM[1] - 26.0, ABOVE_MM[0] + 4.0
    pane.plot([x, x + 20.0], [y, y], color=POINTS, linewidth=2.0, path_effects=EDGED)
    pane.text(x + 10.0, y + 1.5, "2 cm", color=POINTS, fontsize=8.5, ha="center", path_effects=EDGED)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
