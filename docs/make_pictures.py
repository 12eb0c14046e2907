"""Draw the pictures of the documentation from the sample scans: `python docs/make_pictures.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke

from gist_imaging import load_series, read_mask, scan_folder
from gist_imaging.spatial import Volume

DOCS = Path(__file__).resolve().parent
SAMPLES = DOCS.parent / "sample_scans"
TUMOUR, LEVATOR = "#ff9d2e", "#57b6ff"
HALF_FIELD_MM = 98.0
SCALE_BAR_MM = 20.0


def main() -> None:
    """Draw all pictures."""
    sample_case("SYN-001", "CT", level=(40.0, 400.0), title="portal venous CT")


def sample_case(patient: str, modality: str, level: tuple[float, float], title: str) -> None:
    """Draw one slice before and one after treatment, at equal scale, through the middle of the tumour."""
    known = json.loads((SAMPLES / patient / "truth.json").read_text(encoding="utf-8"))
    figure, panes = plt.subplots(1, 2, figsize=(10.4, 5.65), facecolor="black", dpi=110)
    for pane, visit in zip(panes, known["visits"], strict=True):
        folder = SAMPLES / patient / visit["timepoint_label"]
        volume = load_series(scan_folder(folder / modality).volumes[0])
        _draw(pane, volume, folder / "labels.nii.gz", visit, level)
        size = f"{visit['longest_axial_diameter_mm']:.0f} mm, {visit['volume_mm3'] / 1000:.0f} mL"
        density = f", {visit['mean_hu']:.0f} HU" if visit["mean_hu"] is not None else ""
        when = f"{-visit['day']} days before" if visit["day"] < 0 else f"day {visit['day']} of"
        pane.set_title(f"{when} imatinib   ·   {size}{density}", color="white", fontsize=11, pad=7)
    figure.text(
        0.012,
        0.022,
        f"{patient}, {title}, synthetic phantom   —   orange: tumour, blue: levator ani",
        color="#b8b8b8",
        fontsize=9,
    )
    figure.subplots_adjust(left=0.008, right=0.992, top=0.93, bottom=0.065, wspace=0.015)
    figure.savefig(DOCS / "images" / "sample_case.png", metadata={"Software": None})
    plt.close(figure)


def _draw(pane: Any, volume: Volume, labels: Path, visit: dict[str, Any], level: tuple[float, float]) -> None:
    """Draw one axial slice as radiologists look at it: from the feet, the patient's right on the left."""
    geometry = volume.geometry
    k = round(float(geometry.to_index(visit["centre_mm"])[0]))
    _, between_rows, between_columns = geometry.spacing_mm
    x0, y0, _ = geometry.to_patient((k, 0, 0))
    _, rows, columns = geometry.shape
    extent = (
        x0 - between_columns / 2,
        x0 + (columns - 0.5) * between_columns,
        y0 + (rows - 0.5) * between_rows,
        y0 - between_rows / 2,
    )
    centre, width = level
    pane.imshow(
        volume.voxels[k],
        cmap="gray",
        vmin=centre - width / 2,
        vmax=centre + width / 2,
        extent=extent,
        interpolation="bicubic",
    )
    x = x0 + np.arange(columns) * between_columns
    y = y0 + np.arange(rows) * between_rows
    for label, colour in (("2", LEVATOR), ("3", LEVATOR), ("1", TUMOUR)):
        mask = read_mask(labels, like=volume, label=label).voxels[k]
        if mask.any():
            pane.contour(x, y, mask, levels=[0.5], colors=colour, linewidths=1.2)
    # Both panes show the same number of millimetres around the middle of the pelvis.
    middle_x, middle_y = np.mean(extent[:2]), np.mean(extent[2:])
    left, right = middle_x - HALF_FIELD_MM, middle_x + HALF_FIELD_MM
    top, bottom = middle_y - HALF_FIELD_MM, middle_y + HALF_FIELD_MM
    pane.set_xlim(left, right)
    pane.set_ylim(bottom, top)
    pane.set_aspect("equal")
    pane.axis("off")
    for letter, where in (("R", left + 5.0), ("L", right - 5.0)):
        text = pane.text(where, middle_y, letter, color="white", fontsize=14, ha="center", va="center")
        text.set_path_effects([withStroke(linewidth=3.5, foreground="black")])
    bar_y, bar_x = bottom - 8.0, right - 8.0 - SCALE_BAR_MM
    pane.plot([bar_x, bar_x + SCALE_BAR_MM], [bar_y, bar_y], color="white", linewidth=2.2)
    pane.text(bar_x + SCALE_BAR_MM / 2, bar_y - 3.0, "2 cm", color="white", fontsize=9, ha="center")


if __name__ == "__main__":
    main()
