"""How thick the levator ani is along its sheet: from the image, from what readers stated, or as published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gist_imaging.anatomy.levator_profile import is_bright, shows_muscle, signal_across
from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.anatomy.surface import FloatArray, LevatorSurface
from gist_imaging.spatial.volume import Volume

__all__ = [
    "PUBLISHED_THICKNESS_MM",
    "THICKNESS_WITHIN_MM",
    "SheetThickness",
    "image_widths",
    "sheet_thickness",
]

# Iliococcygeus 2.9 ± 0.8 mm on MR of twelve nulliparous women: "Magnetic resonance imaging of normal levator
# ani", Obstet Gynecol 2002;99(3). No number for men could be read; the puborectalis is thicker.
PUBLISHED_THICKNESS_MM = 2.9

# What is believed of an image (inclusive): about the published mean − 1 SD, to the thickest puborectalis that
# readers report (9 mm, textbook knowledge). A line outside of it is something else.
THICKNESS_WITHIN_MM = (2.0, 9.0)

_REACH_MM = 8.5
_STEP_MM = 0.25
_CENTRE_WITHIN_MM = 1.5
_SHOULDER_WITHIN_MM = 7.0
# Profiles are averaged over this distance along the sheet (standard deviation), thicknesses over the other.
_AVERAGED_OVER_MM = 2.0
_SMOOTHED_OVER_MM = 6.0
# A side without a bright neighbour (obturator internus, tumour, prostate on CT) gives no width: its depth
# must reach this share of what most of the sheet shows, and this share of the muscle's own signal.
_DEPTH_OF_USUAL = 0.4
_DEPTH_OF_SIGNAL = 0.5
_LEAST_DEPTH_HU = 60.0
# Below this much neighbouring evidence (1 = measured everywhere around) the stated thickness shows through.
_STATED_WEIGHT = 0.08
# Edges that lie more unevenly about the sheet than this belong to a neighbour fused with the muscle.
_UNEVEN_WITHIN_MM = 2.5
# A line is not seen narrower than the slice's thickness across it; nearer to it than this it is not measured.
_BLUR_MARGIN = 1.1


@dataclass(frozen=True, slots=True)
class SheetThickness:
    """How thick the muscle is at each point of the sheet, and how that is known.

    Parameters
    ----------
    thickness_mm : (rows, columns)
    source : "image", "strokes" or "published": what most of it rests on
    measured_share : part of the points where the image gave a width, 0 to 1; None without an image
    notes : what a reader should know beside the numbers
    """

    thickness_mm: FloatArray = field(repr=False)
    source: str
    measured_share: float | None
    notes: tuple[str, ...] = ()


def sheet_thickness(
    surface: LevatorSurface,
    strokes: Sequence[LevatorStroke],
    volume: Volume | None,
    default_thickness_mm: float,
) -> SheetThickness:
    """Return the thickness of the muscle on the points of `surface`, whose own is not looked at."""
    stated = _stated(surface, strokes)
    known = "strokes" if stated is not None else "published"
    base = stated if stated is not None else np.full(surface.thickness_mm.shape, default_thickness_mm)
    in_words = "stated with the strokes" if stated is not None else f"taken as {default_thickness_mm:g} mm"
    if volume is None:
        notes = () if stated is not None else (f"thickness is not measured but {in_words}",)
        return SheetThickness(base, known, None, notes)
    if not shows_muscle(volume):
        why = f"the image is {volume.modality or 'of unknown modality'}, not MR or CT"
        return SheetThickness(base, known, None, (f"thickness is {in_words}: {why}",))
    widths = image_widths(surface, volume)
    share = float(np.isfinite(widths).mean())
    if share == 0.0:
        why = "the image shows no line with fat on both sides"
        return SheetThickness(base, known, 0.0, (f"thickness is {in_words}: {why}",))
    thickness, evidence = _smoothed(surface, widths, base)
    lone = float((evidence < _STATED_WEIGHT).mean())
    notes = ()
    if lone > 0.0:
        part = f"{max(100.0 * lone, 1.0):.0f} % of the sheet"
        notes = (f"the image gave no thickness over {part}; it is {in_words} there",)
    return SheetThickness(thickness, "image" if lone < 0.5 else known, share, notes)


def image_widths(surface: LevatorSurface, volume: Volume) -> FloatArray:
    """Return the full width at half depth (rows, columns) of the muscle's line; NaN where there is none.

    Each side has its own half level, between the muscle and the brightest (on CT: most fat-like) place within
    7 mm on that side.
    """
    from scipy.ndimage import gaussian_filter1d

    offsets = np.arange(-_REACH_MM, _REACH_MM + _STEP_MM / 2, _STEP_MM)
    inward = surface.inward
    signal = signal_across(volume, surface.points_mm, inward, offsets)
    seen = np.asarray(np.isfinite(signal).all(axis=2))
    signal = np.where(seen[..., None], signal, 0.0)
    weight = seen.astype(np.float64)
    for axis, step in enumerate(_steps_mm(surface)):
        signal = gaussian_filter1d(signal, _AVERAGED_OVER_MM / step, axis=axis, mode="constant")
        weight = gaussian_filter1d(weight, _AVERAGED_OVER_MM / step, axis=axis, mode="constant")
    signal = signal / np.maximum(weight, 1e-9)[..., None]
    near = np.abs(offsets) <= _CENTRE_WITHIN_MM
    centre = np.flatnonzero(near)[0] + np.argmin(signal[..., near], axis=2)
    valley = np.take_along_axis(signal, centre[..., None], axis=2)[..., 0]
    inner, inner_depth = _half_width(signal, centre, valley)
    outer, outer_depth = _half_width(signal[..., ::-1], len(offsets) - 1 - centre, valley)
    widths = inner + outer
    shifted = np.abs(inner - outer + 2.0 * offsets[centre])
    depth = np.minimum(inner_depth, outer_depth)
    if not seen.any():
        return np.full(seen.shape, np.nan)
    usual = float(np.percentile(np.maximum(inner_depth, outer_depth)[seen], 75))
    muscle = abs(float(np.median(valley[seen])))
    needed = _LEAST_DEPTH_HU if is_bright(volume) else _DEPTH_OF_SIGNAL * muscle
    across = np.abs(inward @ volume.geometry.axes[:, 0])
    blur = across * (volume.slice_thickness_mm or volume.geometry.spacing_mm[0])
    low, high = THICKNESS_WITHIN_MM
    good = seen & (depth >= max(_DEPTH_OF_USUAL * usual, needed)) & (widths >= low) & (widths <= high)
    good &= (shifted <= _UNEVEN_WITHIN_MM) & (widths >= _BLUR_MARGIN * blur)
    return np.where(good, widths, np.nan)


def _half_width(signal: FloatArray, centre: np.ndarray, valley: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far after the centre the signal has risen half-way to the shoulder, and the rise itself."""
    number = np.arange(signal.shape[2])
    beyond = number >= centre[..., None]
    reach = beyond & (number <= centre[..., None] + round(_SHOULDER_WITHIN_MM / _STEP_MM))
    shoulder = np.where(reach, signal, -np.inf).max(axis=2)
    level = (valley + shoulder) / 2.0
    above = beyond & (signal >= level[..., None])
    after = np.maximum(np.argmax(above, axis=2), 1)
    low = np.take_along_axis(signal, after[..., None] - 1, axis=2)[..., 0]
    high = np.take_along_axis(signal, after[..., None], axis=2)[..., 0]
    rise = np.where(high > low, high - low, 1.0)
    crossing = after - 1 + np.clip((level - low) / rise, 0.0, 1.0)
    return np.asarray((crossing - centre) * _STEP_MM), np.asarray(shoulder - valley)


def _smoothed(surface: LevatorSurface, widths: FloatArray, base: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return widths smoothed along the sheet, filled from their surroundings, and the evidence for each."""
    from scipy.ndimage import gaussian_filter1d

    measured = np.isfinite(widths)
    total = np.where(measured, widths, 0.0)
    evidence = measured.astype(np.float64)
    for axis, step in enumerate(_steps_mm(surface)):
        total = gaussian_filter1d(total, _SMOOTHED_OVER_MM / step, axis=axis, mode="nearest")
        evidence = gaussian_filter1d(evidence, _SMOOTHED_OVER_MM / step, axis=axis, mode="nearest")
    thickness = (total + _STATED_WEIGHT**2 * base) / (evidence + _STATED_WEIGHT**2)
    return np.clip(thickness, *THICKNESS_WITHIN_MM), evidence


def _steps_mm(surface: LevatorSurface) -> tuple[float, float]:
    """Return the usual distance between neighbouring rows and between neighbouring columns."""
    rows, columns = (
        float(np.median(np.linalg.norm(np.diff(surface.points_mm, axis=axis), axis=2))) for axis in (0, 1)
    )
    return max(rows, 0.1), max(columns, 0.1)


def _stated(surface: LevatorSurface, strokes: Sequence[LevatorStroke]) -> FloatArray | None:
    """Return the stated thicknesses between the strokes that have one, or None where none has."""
    from scipy.spatial import cKDTree

    with_one = [stroke for stroke in strokes if stroke.thickness_mm is not None]
    if not with_one:
        return None
    flat = surface.points_mm.reshape(-1, 3)
    distance = np.stack([cKDTree(stroke.points_mm).query(flat)[0] for stroke in with_one])
    weight = 1.0 / (distance + 1.0) ** 2
    values = np.array([stroke.thickness_mm for stroke in with_one], dtype=np.float64)
    return np.asarray((weight * values[:, None]).sum(axis=0) / weight.sum(axis=0)).reshape(
        surface.thickness_mm.shape
    )
