"""One more stroke: the surface near it moves, the rest stays as it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.segment.seeded_belief import belief_near, stretched
from gist_imaging.segment.seeded_distance import FAR_MM, distance_to, signed_distance
from gist_imaging.segment.seeded_image import Features, learn, log_odds
from gist_imaging.segment.seeded_section import Section

__all__ = ["corrected", "moved_to"]

Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.int64]
Spacing = tuple[float, float, float]

# A stroke marks the middle of what is wrong, so the surface moves as far beyond it as it was before it.
GAIN = 2.0

# The surface moves smoothly: over this length and 1.2 times the depth of the error.
BASE_MM = 5.0
_LENGTH_PER_DEPTH = 1.2

# A short stroke marks a small error: then over this, 0.4 times its own length and half the depth, if less.
_SHORT_BASE_MM = 2.0

# Deeper errors are approached in several strokes; this bounds how far one stroke reaches.
DEEPEST_MM = 6.0

# From this many lengths on nothing changes, nor beyond the second number: 40 mm is promised.
_FADES_AT, _REACH_AT_MOST_MM = 2.8, 38.0

# Islands and holes up to this, which a stroke made, are dropped.
_SPECK_MM3 = 200.0

# Strokes contradict each other by a voxel or two; this much of a stroke's own variance is taken as noise.
_NOISE = 0.1

# Points of one stroke, and of older strokes, that enter the interpolation.
_POINTS, _ANCHORS = 8, 40

# One unit of log-odds moves the surface by this where the image is fully believed.
IMAGE_MM = 1.7

_SMOOTH_MM = 1.0


def corrected(
    signed_mm: Array,
    stroke: IndexArray,
    include: bool,
    axis: int | None,
    anchors: IndexArray,
    hard: npt.NDArray[np.int8],
    spacing_mm: Spacing,
    features: Features | None,
    gate: float,
) -> Array:
    """Return the distance to the surface after one stroke; tumour strokes only add, others only remove.

    Parameters
    ----------
    signed_mm : (k, j, i) distance to the surface so far, above 0 inside
    stroke : (n, 3) voxels of the stroke
    axis : the index axis of the slice that it was drawn on, None where that is not known
    anchors : (m, 3) voxels of older strokes, which the surface does not pass
    hard : (k, j, i) 1 where strokes say tumour, -1 where they say not, else 0; with this stroke
    features, gate : the smoothed image and how far it is believed
    """
    size = np.asarray(spacing_mm)
    sign = 1.0 if include else -1.0
    points = _spread(stroke, _POINTS)
    depth = _depth(signed_mm, points, sign, axis, size)
    wrong = depth > 0
    if not wrong.any():
        return signed_mm
    depth = np.where(wrong, np.clip(depth, 1.0, DEEPEST_MM), 0.0)
    deep_mm = float(np.median(depth[wrong]))
    long_mm = float(np.linalg.norm(np.ptp(stroke, axis=0) * size))
    length = min(BASE_MM + _LENGTH_PER_DEPTH * deep_mm, _SHORT_BASE_MM + 0.4 * long_mm + 0.5 * deep_mm)
    reach = min(_FADES_AT * length, _REACH_AT_MOST_MM)
    part, low = _around(stroke, reach, size, signed_mm.shape)
    nodes, values = points * size, sign * GAIN * depth
    if len(anchors):
        away = np.linalg.norm((anchors * size)[:, None] - nodes[None], axis=2).min(axis=1)
        near = _spread(anchors[(away < reach) & (away > 0)], _ANCHORS) * size
        nodes, values = np.concatenate([nodes, near]), np.concatenate([values, np.zeros(len(near))])
    old = signed_mm[part]
    fade = _fade(stroke - low, reach, old.shape, spacing_mm)
    local = None if features is None or gate <= 0 else (features[0][part], features[1][part])
    belief = None if local is None else belief_near(old, stroke - low, deep_mm, local, spacing_mm)
    # Where the image is clear, it shows how far the error goes; elsewhere the shape of the tumour tells.
    unclear = 1.0 if belief is None else 1 - gate * belief.clear
    lengths = length * (1 + (stretched(signed_mm > 0, axis, deep_mm, spacing_mm) - 1) * unclear)
    new = old + fade * _smooth_field(nodes - low * size, values, lengths, old.shape, size)
    if local is not None and belief is not None:
        new = _with_image(new, fade, local, gate * belief.weight, spacing_mm)
    new = np.maximum(new, old) if include else np.minimum(new, old)
    own = hard[part]
    inside = ((new > 0) & (own >= 0)) | (own > 0)
    inside = _without_specks(inside, own, fade > 0, _SPECK_MM3 / float(size.prod()))
    out = signed_mm.copy()
    out[part] = np.where(fade > 0, signed_distance(inside, spacing_mm), old)
    return out


def moved_to(
    signed_mm: Array,
    section: Section,
    says: npt.NDArray[np.int8],
    hard: npt.NDArray[np.int8],
    spacing_mm: Spacing,
) -> Array:
    """Return the distance to the surface after the outline of one slice was drawn; neighbours follow.

    Parameters
    ----------
    signed_mm : (k, j, i) distance to the surface so far, above 0 inside
    section : the outline
    says : (rows, columns) what it says of its slice: 1 tumour, -1 not, 0 nothing
    hard : (k, j, i) 1 where prompts say tumour, -1 where they say not, else 0; with this outline
    """
    size = np.asarray(spacing_mm)
    axis, level = section.axis, section.level
    now = np.take(signed_mm, level, axis=axis)
    wanted = np.where(says == 0, now, says * np.abs(section.signed_mm)).astype(np.float32)
    touched = (says != 0) & ((wanted > 0) | (now > 0))
    if not touched.any():
        return signed_mm
    length = BASE_MM + DEEPEST_MM / 2
    reach = min(_FADES_AT * length, _REACH_AT_MOST_MM)
    difference = np.clip(wanted - now, -FAR_MM, FAR_MM)
    at = np.argwhere(touched)
    voxels = np.insert(at, axis, level, axis=1)
    part, low = _around(voxels, reach, size, signed_mm.shape)
    old = signed_mm[part]
    # The change of the drawn slice, weaker with the distance from it.
    away = np.abs(np.arange(old.shape[axis]) + low[axis] - level) * size[axis]
    weight = np.where(away < reach, np.exp(-(away**2) / (2 * length**2)), 0.0).astype(np.float32)
    shown = np.ix_(*[np.arange(p.start, p.stop) for n, p in enumerate(part) if n != axis])
    change = np.expand_dims(difference[shown], axis) * weight.reshape(
        [-1 if n == axis else 1 for n in range(3)]
    )
    fade = _fade(voxels - low, reach, old.shape, spacing_mm)
    own = hard[part]
    inside = ((old + fade * change > 0) & (own >= 0)) | (own > 0)
    drawn = [slice(None)] * 3
    drawn[axis] = slice(level - int(low[axis]), level - int(low[axis]) + 1)
    inside[tuple(drawn)] = np.expand_dims(wanted[shown] > 0, axis)
    out = signed_mm.copy()
    out[part] = np.where(fade > 0, signed_distance(inside, spacing_mm), old)
    return out


def _spread(voxels: IndexArray, at_most: int) -> IndexArray:
    """Return at most so many of `voxels`, evenly along their order."""
    if len(voxels) <= at_most:
        return voxels
    return voxels[np.linspace(0, len(voxels) - 1, at_most).round().astype(np.int64)]


def _around(
    voxels: IndexArray, reach_mm: float, size: npt.NDArray[np.float64], shape: Sequence[int]
) -> tuple[tuple[slice, slice, slice], IndexArray]:
    """Return the part of the grid within reach of `voxels`, and its first voxel."""
    margin = np.ceil(reach_mm / size).astype(np.int64)
    low = np.maximum(voxels.min(axis=0) - margin, 0)
    high = np.minimum(voxels.max(axis=0) + margin + 1, shape)
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return (k, j, i), low


def _fade(voxels: IndexArray, reach_mm: float, shape: tuple[int, ...], spacing_mm: Spacing) -> Array:
    """Return 1 on `voxels`, falling to exactly 0 at `reach_mm` from them."""
    on = np.zeros(shape, dtype=np.bool_)
    on[tuple(voxels.T)] = True
    fade: Array = np.sqrt(np.clip(1 - (distance_to(on, spacing_mm) / reach_mm) ** 2, 0, 1))
    return fade.astype(np.float32)


def _smooth_field(
    nodes_mm: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    lengths_mm: npt.NDArray[np.float64],
    shape: tuple[int, ...],
    size: npt.NDArray[np.float64],
) -> Array:
    """Return the mean of a Gaussian process that has seen `values` at `nodes_mm`, at each voxel.

    `lengths_mm` (3,) is how far it is smooth along k, j, i.
    """
    squared = (((nodes_mm[:, None] - nodes_mm[None]) / lengths_mm) ** 2).sum(axis=2)
    gram = np.exp(-squared / 2) + _NOISE * np.eye(len(nodes_mm))
    weights = np.linalg.solve(gram, values)
    along = [
        np.exp(-((np.arange(n)[:, None] * step - nodes_mm[:, axis][None]) ** 2) / (2 * lengths_mm[axis] ** 2))
        for axis, (n, step) in enumerate(zip(shape, size, strict=True))
    ]
    # The kernel is a product over the axes, so the sum over nodes is one matrix product.
    return np.asarray((along[0][:, None] * (along[1] * weights)[None]) @ along[2].T, dtype=np.float32)


def _with_image(new: Array, fade: Array, features: Features, gate: float, spacing_mm: Spacing) -> Array:
    """Return the surface pulled towards what the image says nearby; the model is learned nearby too."""
    believed = (1 - np.exp(-((new / 4.0) ** 2))) * (fade > 0)
    table = learn(features, believed * (new > 0), believed * ((new < 0) & (new > -12.0)))
    pulled = new + IMAGE_MM * gate * log_odds(features, table)
    pulled = ndimage.gaussian_filter(pulled, [_SMOOTH_MM / step for step in spacing_mm], truncate=3)
    return np.asarray((1 - fade) * new + fade * pulled, dtype=np.float32)


def _without_specks(
    inside: BoolArray, own: npt.NDArray[np.int8], free: BoolArray, at_most_voxels: float
) -> BoolArray:
    """Return the mask without small islands and holes that lie wholly where it may change."""
    frame = np.ones(inside.shape, dtype=np.bool_)
    frame[1:-1, 1:-1, 1:-1] = False
    for value, claimed in ((True, own > 0), (False, own < 0)):
        labels, n = ndimage.label(inside == value)
        if n < 2:
            continue
        counts = np.bincount(labels.ravel())
        drop = counts <= at_most_voxels
        drop[0] = False
        drop[1 + int(np.argmax(counts[1:]))] = False
        drop[np.unique(labels[frame | ~free | claimed])] = False
        inside = inside ^ drop[labels]
    return inside


def _depth(
    signed_mm: Array, points: IndexArray, sign: float, axis: int | None, size: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return how far each point lies on the wrong side of the surface, 0 on the right side.

    The distance within the slice, lowered to the distance in space where that is less, but not below half.
    """
    in_space = np.array([-sign * signed_mm[k, j, i] for k, j, i in points])
    if axis is None:
        return np.asarray(np.maximum(in_space, 0))
    plane = [other for other in (0, 1, 2) if other != axis]
    level = int(np.median(points[:, axis]))
    at = points[:, plane]
    margin = np.ceil(2 * DEEPEST_MM / size[plane]).astype(np.int64)
    low, high = np.maximum(at.min(axis=0) - margin, 0), at.max(axis=0) + margin + 1
    nearby = np.take(signed_mm, level, axis=axis)[low[0] : high[0], low[1] : high[1]]
    right = (nearby > 0) == (sign > 0)
    if right.any():
        within = ndimage.distance_transform_edt(~right, sampling=size[plane])[tuple((at - low).T)]
        in_slice = np.asarray(within) - size[plane].min() / 2
    else:
        in_slice = np.full(len(at), 2 * DEEPEST_MM)
    return np.where(in_space > 0, np.maximum(np.minimum(in_space, in_slice), in_slice / 2), 0.0)
