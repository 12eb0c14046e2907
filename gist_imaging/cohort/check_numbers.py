"""Numbers of one mask that cannot be true together.

Diameters and areas are bound to one another by their definitions: the iso-0.5 contour of a slice runs through
vertices of the iso-0.5 mesh, so that what is measured between its points is never longer than the 3D
diameter, whatever the spacing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from gist_imaging.cohort.pelvic_names import PELVIC_MEASUREMENTS
from gist_imaging.cohort.problem import CohortProblem, clinical_problem, rows_by

__all__ = ["number_problems"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]
Found = list[tuple[str, str, str]]
"""Code of the rule, measured name, and what was expected."""

MESH_TOLERANCE = 1.02
"""A mesh of flat faces may exceed the ball around it by rounding (2 %)."""
RELATIVE_TOLERANCE = 1e-9
LENGTH_TOLERANCE_MM = 1e-5
"""Lengths this near are one: diameters are compared within 1e-6 mm, and end points are rounded in between."""

_NOT_LONGER_THAN = (
    ("short_above_long", "short_axis", "longest_axial_diameter"),
    ("axial_above_3d", "longest_axial_diameter", "longest_3d_diameter"),
    ("height_above_3d", "craniocaudal_length", "longest_3d_diameter"),
)
_IN_HU = (("mean", "mean_hu"), ("sd", "sd_hu"), ("median", "median_hu"))
_RISING = ("minimum", "p10", "median", "p90", "maximum")
_COUNTS = ("n_voxels", "n_components", "n_voxels_roi")


def number_problems(rows: Rows) -> list[CohortProblem]:
    """Return numbers that contradict others of the same mask."""
    found = []
    series = {row["series_id"]: row for row in rows["series"]}
    masks = {row["segmentation_id"]: row for row in rows["segmentations"]}
    of_mask = [row for row in rows["measurements"] if row["name"] not in PELVIC_MEASUREMENTS]
    for (segmentation,), held in rows_by(of_mask, "segmentation_id").items():
        value = {row["name"]: row["value"] for row in held if row["value"] is not None}
        by_name = {row["name"]: row for row in held}
        told = [
            *_lengths(value),
            *_statistics(value),
            *_counts(value, masks.get(segmentation)),
            *_end_points(held),
            *_volume_by_count(held, value),
        ]
        image = series.get(held[0]["series_id"])
        if image is not None:
            told += _bodies(value, image)
        found += [
            clinical_problem("measurements", code, str(by_name[name]["measurement_id"]), "value", message)
            for code, name, message in told
        ]
    return found


def _lengths(value: Mapping[str, float]) -> Found:
    return [
        (code, shorter, f"expected {shorter} ≤ {longer}")
        for code, shorter, longer in _NOT_LONGER_THAN
        if shorter in value
        and longer in value
        and value[shorter] > value[longer] * (1 + RELATIVE_TOLERANCE) + LENGTH_TOLERANCE_MM
    ]


def _statistics(value: Mapping[str, float]) -> Found:
    found = [
        ("hu_differs", in_hu, f"expected {in_hu} to be {name}")
        for name, in_hu in _IN_HU
        if name in value and in_hu in value and not math.isclose(value[name], value[in_hu], rel_tol=1e-9)
    ]
    slack = RELATIVE_TOLERANCE * max((abs(value[name]) for name in _RISING if name in value), default=0.0)
    orders = [[name for name in _RISING if name in value]]
    orders.append([name for name in ("minimum", "mean", "maximum") if name in value])
    found += [
        ("order_of_values", higher, f"expected {lower} ≤ {higher}")
        for names in orders
        for lower, higher in pairwise(names)
        if value[lower] > value[higher] + slack
    ]
    return found


def _counts(value: Mapping[str, float], mask: Row | None) -> Found:
    found = [
        ("whole_number", name, "expected a whole number")
        for name in _COUNTS
        if name in value and value[name] != int(value[name])
    ]
    if "n_voxels" not in value:
        return found
    found += [
        ("more_than_voxels", name, f"expected {name} ≤ n_voxels")
        for name in _COUNTS
        if value.get(name, 0) > value["n_voxels"]
    ]
    if mask is not None and mask["n_voxels"] != value["n_voxels"]:
        found.append(("voxels_of_mask", "n_voxels", "expected n_voxels of the segmentation"))
    return found


def _end_points(held: Sequence[Row]) -> Found:
    """A diameter joins its end points; the craniocaudal length is how much higher one of them lies."""
    found = []
    for row in held:
        one, other = ([row[f"end{end}_{axis}_mm"] for axis in "xyz"] for end in (1, 2))
        if row["value"] is None or None in (*one, *other):
            continue
        apart = abs(one[2] - other[2]) if row["name"] == "craniocaudal_length" else math.dist(one, other)
        if not math.isclose(apart, row["value"], rel_tol=RELATIVE_TOLERANCE, abs_tol=LENGTH_TOLERANCE_MM):
            found.append(("end_points", row["name"], "expected the distance of its end points"))
    return found


def _bodies(value: Mapping[str, float], image: Row) -> Found:
    found: Found = []
    in_plane = math.hypot(image["spacing_x_mm"], image["spacing_y_mm"])
    diagonal = math.hypot(in_plane, image["spacing_z_mm"])
    across = value.get("longest_3d_diameter")
    if across is not None:
        # No body of a given diameter holds more than the ball (isodiametric inequality).
        for name, reach in (("volume", across + diagonal), ("mesh_volume", across)):
            ball_ml = math.pi / 6.0 * reach**3 / 1000.0
            if value.get(name, 0.0) > ball_ml * MESH_TOLERANCE:
                message = f"expected {name} within a ball of the 3D diameter ({ball_ml:.3g} mL)"
                found.append(("volume_above_ball", name, message))
    longest = value.get("longest_axial_diameter")
    if longest is not None and "largest_slice_area" in value:
        disc_mm2 = math.pi / 4.0 * (longest + in_plane) ** 2
        if value["largest_slice_area"] > disc_mm2 * (1 + RELATIVE_TOLERANCE):
            message = f"expected it within a disc of the longest diameter ({disc_mm2:.3g} mm2)"
            found.append(("area_above_disc", "largest_slice_area", message))
    return found


def _volume_by_count(held: Sequence[Row], value: Mapping[str, float]) -> Found:
    return [
        ("volume_by_count", "volume", "expected n_voxels × voxel_volume_ml")
        for row in held
        if row["name"] == "volume"
        and row["value"]
        and not math.isclose(
            row["value"], (row["voxel_volume_ml"] or 0.0) * value.get("n_voxels", 0.0), rel_tol=1e-6
        )
    ]
