"""Statistics of the voxel values of a lesion, in any series that lies on the same grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial.volume import Quantity

__all__ = ["EMPTY_MASK", "EMPTY_ROI", "NOT_FINITE", "Intensity", "intensity_of"]

# Reasons why there is no number.
EMPTY_MASK = "empty_mask"
EMPTY_ROI = "empty_roi"
NOT_FINITE = "values_not_finite"

# Integers that span at most this many values are counted instead of sorted.
_COUNTED_AT_MOST = 1 << 17


@dataclass(frozen=True, slots=True)
class Intensity:
    """Statistics of the values in a region of interest; all None with a reason, or none.

    Parameters
    ----------
    quantity : what a value means, and with it the unit
    series_uid : the series that the values are of, "" where the format has none
    n_voxels : voxels in the region of interest
    mean, median, minimum, maximum : in the unit of the quantity
    sd : population standard deviation (divided by n, as IBSI and pyradiomics do)
    p10, p90 : percentiles by linear interpolation between ranks (numpy's default)
    reason : why there are no numbers
    """

    quantity: Quantity
    series_uid: str
    n_voxels: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    p10: float | None = None
    p90: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the statistics as plain values for `json.dumps`."""
        return {name: getattr(self, name) for name in self.__slots__} | {"quantity": str(self.quantity)}


def intensity_of(
    values: npt.NDArray[Any], quantity: Quantity, series_uid: str = "", why_empty: str = EMPTY_ROI
) -> Intensity:
    """Return the statistics of `values`.

    Integers are counted in a histogram with one bin for each value, so every number is exact; other values
    are computed in double precision.

    Parameters
    ----------
    values : (n,) the voxels of the region of interest; n may be 0
    why_empty : the reason to give when there is no voxel
    """
    if values.size == 0:
        return Intensity(quantity, series_uid, 0, reason=why_empty)
    if values.dtype.kind != "f":
        low, high = int(values.min()), int(values.max())
        if high - low < _COUNTED_AT_MOST:
            return _counted(values, low, quantity, series_uid)
    exact = np.asarray(values, dtype=np.float64)
    if not np.isfinite(exact).all():
        return Intensity(quantity, series_uid, values.size, reason=NOT_FINITE)
    p10, median, p90 = np.percentile(exact, (10.0, 50.0, 90.0)).tolist()
    return Intensity(
        quantity,
        series_uid,
        values.size,
        mean=float(exact.mean()),
        sd=float(exact.std()),
        median=median,
        p10=p10,
        p90=p90,
        minimum=float(exact.min()),
        maximum=float(exact.max()),
    )


def _counted(values: npt.NDArray[Any], low: int, quantity: Quantity, series_uid: str) -> Intensity:
    counts = np.bincount(values.astype(np.int64) - low)
    steps = np.arange(len(counts))
    n = int(values.size)
    # Whole numbers up to here: at most 2^17 squared times 10^8 voxels, well inside 64 bits.
    total, total_squared = int(counts @ steps), int(counts @ (steps * steps))
    ranks = np.cumsum(counts)
    p10, median, p90 = (low + _percentile(ranks, n, tenths) for tenths in (1, 5, 9))
    return Intensity(
        quantity,
        series_uid,
        n,
        mean=low + total / n,
        sd=float(np.sqrt((n * total_squared - total * total) / (n * n))),
        median=median,
        p10=p10,
        p90=p90,
        minimum=float(low),
        maximum=float(low + len(counts) - 1),
    )


def _percentile(ranks: npt.NDArray[np.int64], n: int, tenths: int) -> float:
    """Linear interpolation between the two ranks around tenths / 10 of the way from first to last."""
    whole, rest = divmod((n - 1) * tenths, 10)
    below = int(np.searchsorted(ranks, whole, side="right"))
    if rest == 0:
        return float(below)
    above = int(np.searchsorted(ranks, whole + 1, side="right"))
    return below + (above - below) * rest / 10.0
