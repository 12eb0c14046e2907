"""Which values are black and which are white; for the eye only, no number is ever measured from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GistImagingError
from gist_imaging.spatial import Quantity, Volume

__all__ = [
    "CT_PRESETS",
    "MR_PRESETS",
    "Preset",
    "Window",
    "default_window",
    "dragged",
    "matched",
    "presets_of",
    "quantiles",
]

# A window narrower than this share of the volume's range shows nothing but noise.
_NARROWEST = 1e-3

# A drag across this many pixels doubles the width, or moves the level by one width.
_DRAG_PX = 300.0

# Slicer's opening window: the darkest and brightest 0.1 % are cut (PEERS.md D3).
_TAIL_PCT = 0.1

# Percentiles of this many values agree with those of all within a grey level; a 512 x 512 x 200 volume
# takes 1 s otherwise.
_SAMPLED_VALUES = 500_000

_HALF_PERCENTS = 201


@dataclass(frozen=True, slots=True)
class Window:
    """The values that are shown: `level` is mid-grey, and `width` reaches from black to white.

    Raises
    ------
    GistImagingError
        If the width is not above 0, or a value is not finite.
    """

    level: float
    width: float

    def __post_init__(self) -> None:
        if not (self.width > 0 and math.isfinite(self.level) and math.isfinite(self.width)):
            raise GistImagingError(
                "a window with a finite level and a width above 0",
                f"got level {self.level} and width {self.width}",
                "type other numbers, or choose a preset",
            )

    @property
    def limits(self) -> tuple[float, float]:
        """Value that is black and value that is white."""
        return self.level - self.width / 2, self.level + self.width / 2

    @classmethod
    def between(cls, black: float, white: float) -> Window:
        """Return the window from `black` to `white`."""
        return cls((black + white) / 2, white - black)

    def __str__(self) -> str:
        digits = 0 if self.width >= 20 else 2
        return f"WW {self.width:.{digits}f}  WL {self.level:.{digits}f}"


@dataclass(frozen=True, slots=True)
class Preset:
    """A named window.

    Parameters
    ----------
    name : on the button
    window : of values with a unit; or None where it depends on the volume
    percentiles : of the volume, where the values have no unit
    """

    name: str
    window: Window | None = None
    percentiles: tuple[float, float] | None = None

    def of(self, volume: Volume) -> Window:
        """Return the window that this preset means on `volume`."""
        if self.window is not None:
            return self.window
        return _between_percentiles(volume, *(self.percentiles or (_TAIL_PCT, 100 - _TAIL_PCT)))


# Width and level as the OHIF viewer ships them; pelvis after common abdominal protocols (PEERS.md D3).
CT_PRESETS: Mapping[int, Preset] = {
    1: Preset("soft tissue", Window(40, 400)),
    2: Preset("lung", Window(-600, 1500)),
    3: Preset("liver", Window(90, 150)),
    4: Preset("bone", Window(480, 2500)),
    5: Preset("pelvis", Window(40, 350)),
}

# MR signal has no unit: the same preset is another window on every scan.
MR_PRESETS: Mapping[int, Preset] = {
    1: Preset("whole range, not calibrated", percentiles=(_TAIL_PCT, 100 - _TAIL_PCT)),
    2: Preset("soft tissue, not calibrated", percentiles=(5, 99)),
    3: Preset("dark tissue, not calibrated", percentiles=(1, 90)),
    4: Preset("bright tissue, not calibrated", percentiles=(50, 99.9)),
    5: Preset("high contrast, not calibrated", percentiles=(20, 95)),
}


def presets_of(volume: Volume) -> Mapping[int, Preset]:
    """Return the presets on keys 1 to 5: written numbers for HU, percentiles where values have no unit."""
    return CT_PRESETS if volume.quantity is Quantity.HU else MR_PRESETS


def default_window(volume: Volume) -> Window:
    """Return the window that a volume opens with.

    That is the one that the DICOM files suggest; where they suggest none, HU open with soft tissue, which is
    what the lesions of this study are, and everything else with the darkest and brightest 0.1 % cut.
    """
    if volume.window is not None:
        return Window(*volume.window)
    if volume.quantity is Quantity.HU:
        return CT_PRESETS[1].of(volume)
    return MR_PRESETS[1].of(volume)


def dragged(start: Window, dx_px: float, dy_px: float) -> Window:
    """Return the window after a drag from `start`: right is wider, down is a higher level (darker).

    >>> dragged(Window(40, 400), 300, 0)
    Window(level=40.0, width=800.0)
    """
    width = start.width * 2.0 ** (dx_px / _DRAG_PX)
    return Window(start.level + start.width * dy_px / _DRAG_PX, max(width, start.width * _NARROWEST))


def matched(
    window: Window,
    own: Volume,
    other: Volume,
    quantiles_of: Callable[[Volume], npt.NDArray[np.float64]] | None = None,
) -> Window:
    """Return the window that shows `other` as `window` shows `own`.

    Values with a unit are shown alike; where a volume has none (MR), black and white are the same percentiles
    of each. Beyond the darkest or brightest value the scale goes on as the ranges of both volumes are to each
    other. For the eye only.

    Parameters
    ----------
    quantiles_of : gives `quantiles` of a volume, where they are known already
    """
    if own.quantity is other.quantity and own.quantity is not Quantity.ARBITRARY:
        return window
    given = quantiles if quantiles_of is None else quantiles_of
    one, two = given(own), given(other)
    if not (one[-1] > one[0] and two[-1] > two[0]):
        return window
    ratio = (two[-1] - two[0]) / (one[-1] - one[0])

    def carried(value: float) -> float:
        inside = min(max(value, float(one[0])), float(one[-1]))
        return float(np.interp(inside, one, two) + (value - inside) * ratio)

    black, white = (carried(limit) for limit in window.limits)
    return Window.between(black, max(white, black + float(two[-1] - two[0]) * _NARROWEST))


def quantiles(volume: Volume) -> npt.NDArray[np.float64]:
    """Return the rising values of a volume at every half percent, 0 to 100; zeros where it has no number."""
    sample = _sample(volume)
    if sample.size == 0:
        return np.zeros(_HALF_PERCENTS)
    return np.asarray(np.percentile(sample, np.linspace(0.0, 100.0, _HALF_PERCENTS)), dtype=np.float64)


def _sample(volume: Volume) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = volume.voxels.reshape(-1)
    step = max(1, values.size // _SAMPLED_VALUES)
    # An odd step meets every column of an image whose width is a power of two.
    sample = values[:: step | 1] if step > 1 else values
    return sample[np.isfinite(sample)] if sample.dtype.kind == "f" else sample


def _between_percentiles(volume: Volume, low: float, high: float) -> Window:
    sample = _sample(volume)
    if sample.size == 0:
        return Window(0.0, 1.0)
    black, white = (float(value) for value in np.percentile(sample, (low, high)))
    if not white > black:
        black, white = float(sample.min()), float(sample.max())
    return Window.between(black, white) if white > black else Window(black, 1.0)
