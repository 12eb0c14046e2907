"""Grids for spatial tests: turned, flipped, uneven and off centre, never the identity."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gist_imaging.spatial import Geometry

REAL_SCANS = Path(
    os.environ.get(
        "GIST_IMAGING_REAL_SCANS", str(Path(__file__).resolve().parents[2] / "shared" / "real_scans")
    )
)

needs_real_scans = pytest.mark.skipif(
    not REAL_SCANS.is_dir(),
    reason=f"REAL SCANS ARE MISSING: nothing was tested on real input (looked in {REAL_SCANS})",
)


def oblique_geometry(
    shape: tuple[int, int, int] = (9, 31, 27),
    spacing_mm: tuple[float, float, float] = (3.3, 0.7, 0.9),
    origin_mm: tuple[float, float, float] = (-63.0, 41.5, -318.2),
    angles_deg: tuple[float, float, float] = (17.0, -9.0, 28.0),
    flips: tuple[int, int, int] = (1, 1, 1),
    frame_uid: str | None = "1.2.826.0.1.3680043.8.498.1",
) -> Geometry:
    """The house grid: oblique, uneven, off centre."""
    turned = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix()
    # Columns of k, j, i for an axial grid: k to the head, j to the back, i to the left.
    axes = turned @ np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]) * np.asarray(flips)
    return Geometry.from_spacing(shape, spacing_mm, origin_mm, axes, frame_uid)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    """Any grid a scanner or a converter may give."""
    length = st.floats(0.3, 8.0)
    return oblique_geometry(
        shape=draw(st.tuples(*[st.integers(1, 12)] * 3)),
        spacing_mm=draw(st.tuples(length, length, length)),
        origin_mm=draw(st.tuples(*[st.floats(-500.0, 500.0)] * 3)),
        angles_deg=draw(st.tuples(*[st.floats(-180.0, 180.0)] * 3)),
        flips=draw(st.tuples(*[st.sampled_from((-1, 1))] * 3)),
    )
