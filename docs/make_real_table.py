"""Print a cohort folder as a Markdown table: `python docs/make_real_table.py COHORT`."""

from __future__ import annotations

import sys
from pathlib import Path

from gist_imaging.io.cohort_read import read_cohort

COLUMNS = {
    "volume": "volume mL",
    "longest_axial_diameter": "longest in a slice mm",
    "short_axis": "short axis mm",
    "longest_3d_diameter": "longest 3D mm",
    "mean_hu": "mean HU",
}


def main(folder: Path) -> None:
    """Print one row for each lesion on each series, then the pairs and the failures."""
    frames = read_cohort(folder)
    measured = frames["measurements"].dropna(subset=["value"])
    wide = measured.pivot_table(index=["series_id", "reader_id"], columns="name", values="value")
    series = frames["series"].set_index("series_id")
    headings = ["scan", "image", "mask by", *COLUMNS.values(), "voxels"]
    print(f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}")
    for (of_series, reader), row in wide.iterrows():
        numbers = ["–" if row.isna()[name] else f"{row[name]:.1f}" for name in COLUMNS]
        scan = " | ".join(series.loc[of_series, ["timepoint_id", "image_kind"]])
        print(f"| {scan} | {reader} | {' | '.join(numbers)} | {row['n_voxels']:.0f} |")
    for _, row in frames["analysis_patient"].dropna(subset=["vol_change_pct"]).iterrows():
        print(
            f"\n{row['patient_id']}: volume {row['vol_change_pct']:+.1f} % in {row['days_pre_to_post']} days"
        )
    for _, row in frames["failures"].iterrows():
        print(f"\n{row['timepoint_id']}: {row['code']}, {row['message']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
