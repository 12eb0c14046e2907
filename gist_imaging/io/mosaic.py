"""Mosaics: one image that holds all slices of a stack as tiles, unfolded where the header says how."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from gist_imaging.io.csa import csa_numbers
from gist_imaging.io.element_values import first_number, value_at
from gist_imaging.io.plane_facts import place_facts, real_world_facts, rescale_facts, thickness_facts
from gist_imaging.io.vendor import private_value
from gist_imaging.study.flags import MOSAIC, MOSAIC_NO_GEOMETRY, with_reason
from gist_imaging.study.series import FrameFacts

__all__ = ["mosaic_tiles", "tile_of"]

Vector = npt.NDArray[np.float64]


def mosaic_tiles(dataset: Dataset, common: FrameFacts) -> tuple[FrameFacts, ...] | None:
    """Return the facts of every slice in a mosaic, or None when the image is none.

    Siemens: the CSA header gives the number of slices and the direction in which they follow one another;
    Image Position (Patient) is that of the first slice as if it filled the whole mosaic around its own
    centre, so half the difference between mosaic and tile is added along the rows and columns (the rule
    of dcm2niix and nibabel). United Imaging: each slice states its own position. A mosaic without that
    gives one record with the flag `mosaic_no_geometry`.
    """
    united = private_value(dataset, 0x0065, "Image Private Header", 0x51)
    count = _slice_count(dataset, common, united)
    if count is None:
        return None
    if count > common.rows * common.columns:
        return (replace(common, flags=(MOSAIC_NO_GEOMETRY,)),)
    if united is None:
        # Siemens mosaics are square, also where the last tiles are empty.
        across = down = math.ceil(math.sqrt(count))
        positions = _siemens_positions(dataset, common, count, across)
    else:
        across, down = _united_tiles(dataset, common, count)
        positions = _united_positions(united, count)
    if positions is None or common.rows % down or common.columns % across:
        return (replace(common, flags=(MOSAIC_NO_GEOMETRY,)),)
    place, flags = place_facts(dataset, dataset, dataset)
    rescale, rescale_flags = rescale_facts(dataset)
    fields: dict[str, Any] = {
        **place,
        **thickness_facts(dataset, dataset),
        **rescale,
        **real_world_facts(value_at(dataset, "RealWorldValueMappingSequence")),
        "rows": common.rows // down,
        "columns": common.columns // across,
        "n_frames": count,
        "flags": (with_reason(MOSAIC, str(across)), *flags, *rescale_flags),
    }
    return tuple(
        replace(common, **{**fields, "frame": tile, "position_mm": position})
        for tile, position in enumerate(positions)
    )


def _slice_count(dataset: Dataset, common: FrameFacts, united: Any) -> int | None:
    if united is not None:
        stated = private_value(dataset, 0x0065, "Image Private Header", 0x50)
        return int(stated) if stated is not None else len(united)
    if "MOSAIC" not in common.image_type:
        return None
    in_csa = csa_numbers(dataset, "NumberOfImagesInMosaic")
    stated = private_value(dataset, 0x0019, "SIEMENS MR HEADER", 0x0A)
    count = in_csa[0] if in_csa else stated
    return int(count) if isinstance(count, int | float) and count >= 1 else 1


def _siemens_positions(
    dataset: Dataset, common: FrameFacts, count: int, per_row: int
) -> list[tuple[float, float, float]] | None:
    place, _ = place_facts(dataset, dataset, dataset)
    normal = csa_numbers(dataset, "SliceNormalVector")
    gap = first_number(dataset, "SpacingBetweenSlices")
    if len(place) < 3 or len(normal) != 3 or not gap or count < 2:
        return None
    row, column = (np.asarray(place["orientation"][part]) for part in (slice(0, 3), slice(3, 6)))
    between_rows, between_columns = place["pixel_spacing_mm"]
    first = (
        np.asarray(place["position_mm"])
        + row * between_columns * (common.columns - common.columns // per_row) / 2
        + column * between_rows * (common.rows - common.rows // per_row) / 2
    )
    step = np.asarray(normal) / np.linalg.norm(normal) * abs(gap)
    return [_three(first + tile * step) for tile in range(count)]


def _three(vector: Vector) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return (x, y, z)


def _united_tiles(dataset: Dataset, common: FrameFacts, count: int) -> tuple[int, int]:
    """Return the tiles across and down, from the size of one slice, "64*64" in (0065,1004)."""
    size = str(private_value(dataset, 0x0065, "Image Private Header", 0x04) or "")
    rows, _, columns = size.partition("*")
    if columns.isdigit() and rows.isdigit() and int(columns) and int(rows):
        return max(common.columns // int(columns), 1), max(common.rows // int(rows), 1)
    return math.ceil(math.sqrt(count)), math.ceil(math.sqrt(count))


def _united_positions(slices: Any, count: int) -> list[tuple[float, float, float]] | None:
    if isinstance(slices, bytes | str):
        return None
    places = [place_facts(item, item, item)[0].get("position_mm") for item in slices]
    stated = [place for place in places if place is not None]
    return stated if len(stated) == len(places) == count else None


def tile_of(mosaic: npt.NDArray[Any], tile: int, per_row: int, shape: tuple[int, int]) -> npt.NDArray[Any]:
    """Return one tile; tiles follow one another along the rows of the mosaic.

    Parameters
    ----------
    mosaic : (rows, columns) of the whole image
    tile : 0-based
    per_row : tiles in a row
    shape : (rows, columns) of a tile
    """
    top, left = (tile // per_row) * shape[0], (tile % per_row) * shape[1]
    return mosaic[top : top + shape[0], left : left + shape[1]]
