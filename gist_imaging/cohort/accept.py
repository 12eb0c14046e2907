"""Which of several reads of one lesion at one visit counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["accepted_for_density", "accepted_for_size"]

Row = dict[str, Any]

DENSITY_PHASE = "portal_venous"
"""Density is judged in the portal venous phase (Choi et al., J Clin Oncol 2007;25:1753)."""


def accepted_for_size(segmentations: Sequence[Row], series: Sequence[Row]) -> set[str]:
    """Return the ids of the reads that sizes are taken from: the first read, on the thinnest slices.

    One for each lesion, visit, reader and kind of image.
    """
    images = {row["series_id"]: row for row in series}

    def rank(row: Row) -> tuple[Any, ...]:
        return (row["read_no"], images[row["series_id"]]["spacing_z_mm"], row["series_id"])

    return _lowest(segmentations, images, rank)


def accepted_for_density(segmentations: Sequence[Row], series: Sequence[Row]) -> set[str]:
    """Return the ids of the reads that voxel values are taken from: portal venous before other phases.

    Among those of one phase, the one that sizes would be taken from.
    """
    images = {row["series_id"]: row for row in series}

    def rank(row: Row) -> tuple[Any, ...]:
        image = images[row["series_id"]]
        other_phase = image["contrast_phase"] != DENSITY_PHASE
        return (other_phase, row["read_no"], image["spacing_z_mm"], row["series_id"])

    return _lowest(segmentations, images, rank)


def _lowest(segmentations: Sequence[Row], images: Mapping[str, Row], rank: Any) -> set[str]:
    grouped: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in segmentations:
        kind = images[row["series_id"]]["image_kind"]
        grouped[(row["lesion_id"], row["timepoint_id"], row["reader_id"], kind)].append(row)
    return {min(held, key=rank)["segmentation_id"] for held in grouped.values()}
