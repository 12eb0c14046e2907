"""Draw the levator ani of a real pelvis from its strokes: `python docs/make_levator_real.py REAL_SCANS`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from levator_canvas import saved_small
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke

from gist_imaging import Geometry, load_series, scan_folder
from gist_imaging.anatomy.levator import LevatorReport, levator_surface
from gist_imaging.anatomy.levator_stroke import LevatorStroke, strokes_from_json
from gist_imaging.anatomy.surface import LevatorSurface, TriangleMesh

DOCS = Path(__file__).resolve().parent
STROKES = DOCS.parent / "tests" / "anatomy" / "levator_prostatex0000.json"
SERIES = Path("ingest") / "pelvis_mr_prostatex0000" / "4_t2_tse_tra"
SLICES = (6, 7, 8, 10)
MIDDLE, FACE, STROKE = "#ffd23f", "#57b6ff", "#ff5a4f"
# Rows and columns around the muscle.
ROWS, COLUMNS = (150, 326), (88, 296)
EDGED = [withStroke(linewidth=3.5, foreground="black")]


def main(real_scans: Path) -> None:
    """Draw the sheet of both sides on four axial slices."""
    volume = load_series(scan_folder(real_scans / SERIES).volumes[0])
    strokes = strokes_from_json(
        {"levator_strokes": json.loads(STROKES.read_text(encoding="utf-8"))["levator_strokes"]}
    )
    made = {side: levator_surface(strokes, side=side, volume=volume) for side in ("R", "L")}
    figure, panes = plt.subplots(2, 2, figsize=(9.0, 8.4), facecolor="black", dpi=100)
    low, high = np.percentile(volume.voxels[:, slice(*ROWS), slice(*COLUMNS)], (1.0, 97.5))
    for pane, k in zip(panes.flat, SLICES, strict=True):
        pane.imshow(volume.voxels[k], cmap="gray", vmin=low, vmax=high, interpolation="bicubic")
        for surface, _ in made.values():
            for mesh, colour, width in (
                (surface.inner_mesh(), FACE, 0.9),
                (surface.outer_mesh(), FACE, 0.9),
                (surface.middle_mesh(), MIDDLE, 1.3),
            ):
                pane.add_collection(
                    LineCollection(section(mesh, volume.geometry, k), colors=colour, linewidths=width)
                )
        drawn = sum(dots(pane, stroke, volume.geometry, k) for stroke in strokes)
        pane.set_title(
            f"slice {k + 1}" + ("   ·   strokes drawn here" if drawn else "   ·   between strokes"),
            color="white",
            fontsize=10,
            pad=5,
        )
        decorate(pane, volume.geometry)
    words = "\n".join(in_words(side, *made[side]) for side in ("R", "L"))
    figure.text(0.012, 0.050, words, color="white", fontsize=9.5)
    note = (
        "Yellow: middle of the levator ani; blue: its pelvic and outer face; red: strokes, placed by eye, "
        "not by a radiologist.\n"
        "T2 MR across the anal canal, TCIA PROSTATEx, case 0000 (Litjens et al. 2017, CC BY)."
    )
    figure.text(0.012, 0.008, note, color="#b8b8b8", fontsize=8.5)
    figure.subplots_adjust(left=0.008, right=0.992, top=0.96, bottom=0.10, wspace=0.02, hspace=0.09)
    saved_small(figure, "levator_real", (MIDDLE, FACE, STROKE), greys=56)


def section(mesh: TriangleMesh, geometry: Geometry, k: int) -> np.ndarray:
    """Return the lines (n, 2, 2) in which a mesh cuts slice `k`, as (column, row)."""
    corners = geometry.to_index(mesh.vertices_mm)[mesh.triangles]
    ends = []
    for first, second in ((0, 1), (1, 2), (2, 0)):
        a, b = corners[:, first], corners[:, second]
        above, below = a[:, 0] - k, b[:, 0] - k
        cuts = above * below < 0
        share = np.where(cuts, above / np.where(cuts, above - below, 1.0), np.nan)
        ends.append((a + share[:, None] * (b - a))[:, [2, 1]])
    every = np.stack(ends, axis=1)
    found = np.isfinite(every[..., 0])
    twice = found.sum(axis=1) == 2
    return every[twice][found[twice]].reshape(-1, 2, 2)


def dots(pane: Any, stroke: LevatorStroke, geometry: Geometry, k: int) -> bool:
    """Draw the points of a stroke that lies on slice `k`; return whether it does."""
    index = geometry.to_index(stroke.points_mm)
    if np.abs(index[:, 0] - k).max() > 0.5:
        return False
    pane.plot(index[:, 2], index[:, 1], ".", color=STROKE, markersize=4.5)
    return True


def in_words(side: str, surface: LevatorSurface, report: LevatorReport) -> str:
    """Return the numbers as a person reads them."""
    low, high = surface.thickness_mm.min(), surface.thickness_mm.max()
    error = report.error_rms.value
    away = f"left-out strokes lie {error:.1f} mm away (RMS)" if error is not None else report.error_rms.reason
    return (
        f"{side}: {len(report.strokes)} strokes, {surface.area_mm2 / 100:.1f} cm², "
        f"{low:.1f} to {high:.1f} mm thick, {away}"
    )


def decorate(pane: Any, geometry: Geometry) -> None:
    """Set the field of view, the sides and a scale bar."""
    pane.set_xlim(COLUMNS[0] - 0.5, COLUMNS[1] - 0.5)
    pane.set_ylim(ROWS[1] - 0.5, ROWS[0] - 0.5)
    pane.axis("off")
    middle = np.mean(ROWS)
    for letter, x in (("R", COLUMNS[0] + 6), ("L", COLUMNS[1] - 8)):
        text = pane.text(x, middle, letter, color="white", fontsize=13, ha="center", va="center")
        text.set_path_effects(EDGED)
    length = 20.0 / geometry.spacing_mm[2]
    x, y = COLUMNS[1] - 8 - length, ROWS[1] - 8
    pane.plot([x, x + length], [y, y], color="white", linewidth=2.2, path_effects=EDGED)
    pane.text(
        x + length / 2, y - 3, "2 cm", color="white", fontsize=9, ha="center", va="bottom", path_effects=EDGED
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
