"""Draw one real tumour with what was measured on it: `python docs/make_real_case.py REAL_SCANS`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke

from gist_imaging import LesionMeasurement, Mask, Volume, measure_lesion, read_mask, read_volume

TUMOUR, LONG_AXIS, SHORT_AXIS = "#ff9d2e", "#ffffff", "#57b6ff"
CASE, PLACE = "STS_015", "groin and upper thigh"
SCANS = (("CT", "CT without contrast", "HU", (40.0, 350.0)), ("MR_T1", "T1-weighted MR", None, None))
MARGIN_MM = 12.0
EDGED = [withStroke(linewidth=3.5, foreground="black")]


def main(real_scans: Path) -> None:
    """Draw the slice of the longest diameter on both scans of one patient."""
    figure, panes = plt.subplots(1, 2, figsize=(10.4, 5.5), facecolor="black", dpi=110)
    for pane, (name, title, quantity, window) in zip(panes, SCANS, strict=True):
        folder = real_scans / "tumour_labels" / CASE
        volume = read_volume(folder / f"{name}_image.nii.gz", quantity=quantity)
        mask = read_mask(folder / f"{name}_mask.nii.gz", like=volume)
        measured = measure_lesion(volume, mask)
        draw(pane, volume, mask, measured, window)
        pane.set_title(f"{title}\n{in_words(measured)}", color="white", fontsize=10, pad=6)
    note = (
        f"{CASE}, soft-tissue sarcoma of the {PLACE}. TCIA Soft-tissue-Sarcoma "
        "(Vallières et al. 2015, CC BY), as prepared by IBSI."
    )
    figure.text(0.012, 0.022, note, color="#b8b8b8", fontsize=8.5)
    figure.subplots_adjust(left=0.008, right=0.992, top=0.88, bottom=0.065, wspace=0.015)
    figure.savefig(Path(__file__).parent / "images" / "real_case.png", metadata={"Software": None})
    plt.close(figure)


def in_words(measured: LesionMeasurement) -> str:
    """Return the numbers as a person reads them."""
    numbers = measured.to_json()
    words = [
        f"{numbers['volume_mm3'] / 1000:.1f} mL",
        f"{numbers['longest_axial_diameter_mm']:.1f} × {numbers['short_axis_mm']:.1f} mm",
        f"3D {numbers['longest_3d_diameter_mm']:.1f} mm",
    ]
    if numbers["mean_hu"] is not None:
        words.append(f"{numbers['mean_hu']:.0f} HU")
    return "   ·   ".join(words)


def draw(pane: Any, volume: Volume, mask: Mask, measured: LesionMeasurement, window: Any) -> None:
    """Draw one axial slice from the feet, the patient's right on the left, with outline and diameters."""
    k = measured.to_json()["ld_slice"]
    slice_of = volume.voxels[k]
    _, rows, columns = volume.geometry.shape
    first, last = volume.geometry.to_patient([(k, 0, 0), (k, rows - 1, columns - 1)])
    step = (last - first)[:2] / (columns - 1, rows - 1) / 2
    extent = (first[0] - step[0], last[0] + step[0], last[1] + step[1], first[1] - step[1])
    if window is None:
        low, high = np.percentile(volume.voxels, (0.5, 99.7))
    else:
        low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    pane.imshow(slice_of, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="bicubic")
    x = np.linspace(first[0], last[0], columns)
    y = np.linspace(first[1], last[1], rows)
    pane.contour(x, y, mask.voxels[k], levels=[0.5], colors=TUMOUR, linewidths=1.4)
    for name, colour in (("longest_axial_diameter_mm", LONG_AXIS), ("short_axis_mm", SHORT_AXIS)):
        ends = np.array(measured.end_points_mm[name])
        pane.plot(ends[:, 0], ends[:, 1], color=colour, linewidth=1.6, marker="|", markersize=7)
    inside = volume.geometry.to_patient(np.argwhere(mask.voxels))[:, :2]
    centre = (inside.min(0) + inside.max(0)) / 2
    half = max(np.ptp(inside, axis=0)) / 2 + MARGIN_MM
    pane.set_xlim(centre[0] - half, centre[0] + half)
    pane.set_ylim(centre[1] + half, centre[1] - half)
    pane.set_aspect("equal")
    pane.axis("off")
    pane.text(centre[0] - half + 3, centre[1], "R", color="white", fontsize=13, va="center")
    pane.text(centre[0] + half - 3, centre[1], "L", color="white", fontsize=13, va="center", ha="right")
    bar_x, bar_y = centre[0] + half - 5, centre[1] + half - 5
    pane.plot([bar_x - 20, bar_x], [bar_y, bar_y], color="white", linewidth=2.2, path_effects=EDGED)
    pane.text(
        bar_x - 10, bar_y - 2, "2 cm", color="white", fontsize=9, ha="center", va="bottom", path_effects=EDGED
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
