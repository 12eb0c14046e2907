"""The rounds of strokes: the first result, and what each later stroke changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.errors import PromptError
from gist_imaging.segment.prompts import Prompt
from gist_imaging.segment.seeded_correct import corrected, moved_to
from gist_imaging.segment.seeded_distance import FAR_MM, distance_to, signed_distance
from gist_imaging.segment.seeded_image import Features, gate, learn, limits, log_odds, smoothed
from gist_imaging.segment.seeded_section import Section, decided, drawn_section, find_sections
from gist_imaging.segment.seeded_shape import first_shape
from gist_imaging.segment.seeded_strokes import Box, Stroke, box_of, stroke_of
from gist_imaging.spatial import Volume

__all__ = ["State", "Step", "later_round", "round_zero"]

Step = Callable[[float], None]
IndexArray = npt.NDArray[np.int64]

# The box of work: around the first strokes, and around a correction, which reaches less far than this.
_FIRST_MARGIN_MM, CORRECTION_MARGIN_MM = 15.0, 39.0

# A box in a later round clears its surroundings up to here.
_BOX_CLEARS_MM = 39.0

# A tumour of 150 mm on voxels of 0.7 x 0.7 x 1 mm; keeps the memory of a run below 1 GB.
AT_MOST_VOXELS = 18_000_000

# One unit of log-odds moves the first surface by this where the image is fully believed.
_FIRST_IMAGE_MM = 1.3
_FIRST_SMOOTH_MM = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The surface after a round, on a box of the grid.

    Parameters
    ----------
    box : part of the image's grid
    signed_mm : distance to the surface, above 0 inside
    drawn : 1 where prompts say tumour, -1 where they say not, else 0; what was drawn later holds
    anchors : (n, 3) voxels of the image on lines drawn so far, a part of them
    limits : grey values that count as 0 and 1
    features : the smoothed image, where it is believed
    image_weight : 0 to 1
    """

    box: Box
    signed_mm: npt.NDArray[np.float32] = field(repr=False)
    drawn: npt.NDArray[np.int8] = field(repr=False)
    anchors: IndexArray = field(repr=False)
    limits: tuple[float, float]
    features: Features | None = field(repr=False)
    image_weight: float


def round_zero(volume: Volume, prompts: tuple[Prompt, ...], step: Step) -> State:
    """Return the surface that the first prompts give."""
    geometry, spacing = volume.geometry, volume.geometry.spacing_mm
    strokes = [stroke_of(prompt, geometry) for prompt in prompts]
    _check_tumour(volume, strokes)
    box = box_of(np.concatenate([stroke.voxels for stroke in strokes]), geometry, _FIRST_MARGIN_MM)
    _check_size(box)
    step(0.0)
    sections, loops = find_sections(strokes, box.start, box.shape, spacing)
    shape = first_shape(strokes, sections, loops, box.start, box.shape, spacing)
    step(0.1)
    values = volume.voxels[box.slices]
    drawn = np.zeros(box.shape, dtype=np.int8)
    _draw(drawn, strokes, sections, box)
    drawn[~np.isfinite(values)] = -1
    grey = limits(values)
    odds, weight, features = None, 0.0, None
    if sections and grey[1] > grey[0]:
        features = smoothed(values, grey, spacing)
        step(0.15)
        believed = [gate(features, section) for section in sections]
        weight = float(np.mean([value for value, _ in believed]))
        tables = [table for _, table in believed if table is not None]
        if weight > 0:
            sure = 1 - np.exp(-((shape / 4.0) ** 2))
            table = learn(features, sure * (shape > 0), sure * ((shape < 0) & (shape > -12.0)))
            odds = log_odds(features, (np.mean(tables, axis=0) + table) / 2)
    step(0.2)
    surface = shape / _FIRST_IMAGE_MM if odds is None else shape / _FIRST_IMAGE_MM + weight * odds
    smooth_mm = min(_FIRST_SMOOTH_MM, max(float(shape.max()), 0.1) / 4)
    surface = ndimage.gaussian_filter(surface, [smooth_mm / s for s in spacing], truncate=3)
    inside = ((surface > 0) & (drawn >= 0)) | (drawn > 0)
    if odds is not None:
        inside = _joined_to_strokes(inside, drawn)
    signed = signed_distance(inside, spacing)
    if weight == 0:
        features = None
    anchors = np.concatenate([_some(stroke, 40) for stroke in strokes])
    state = State(box, signed, drawn, anchors, grey, features, weight)
    # What the first shape does not explain: tumour strokes elsewhere, background strokes inside.
    for stroke in strokes:
        if stroke not in loops and stroke.kind in ("scribble", "point"):
            step(0.5)
            state = _with_stroke(state, stroke, spacing)
    return state


def later_round(volume: Volume, state: State, prompts: tuple[Prompt, ...], step: Step) -> State:
    """Return the surface after the prompts of one more round, one after the other as drawn."""
    spacing = volume.geometry.spacing_mm
    for prompt in prompts:
        step(0.0)
        stroke = stroke_of(prompt, volume.geometry)
        box = state.box.joined(box_of(stroke.voxels, volume.geometry, CORRECTION_MARGIN_MM))
        _check_size(box)
        if box != state.box:
            state = _grown(volume, state, box)
        drawn = state.drawn.copy()
        section = drawn_section(stroke, box.start, box.shape, spacing)
        says = None if section is None else decided(section, stroke.include)
        if section is None or says is None:
            _draw(drawn, [stroke], [], box)
        else:
            plane = np.moveaxis(drawn, section.axis, 0)[section.level]
            plane[...] = np.where(says != 0, says, plane)
        drawn[~np.isfinite(volume.voxels[box.slices])] = -1
        anchors = np.concatenate([state.anchors, _some(stroke, 20)])
        state = State(box, state.signed_mm, drawn, anchors, state.limits, state.features, state.image_weight)
        if stroke.kind == "box":
            state = _boxed(state, stroke, spacing)
        elif section is not None and says is not None:
            signed = moved_to(state.signed_mm, section, says, drawn, spacing)
            state = _with_surface(state, signed)
        else:
            state = _with_stroke(state, stroke, spacing)
    return state


def _with_surface(state: State, signed_mm: npt.NDArray[np.float32]) -> State:
    return State(
        state.box, signed_mm, state.drawn, state.anchors, state.limits, state.features, state.image_weight
    )


def _with_stroke(state: State, stroke: Stroke, spacing: tuple[float, float, float]) -> State:
    first = np.asarray(state.box.start)
    own = {tuple(voxel) for voxel in stroke.voxels.tolist()}
    others = np.array([v for v in state.anchors.tolist() if tuple(v) not in own], dtype=np.int64)
    signed = corrected(
        state.signed_mm,
        stroke.voxels - first,
        stroke.is_line_of_tumour,
        stroke.flat_axes[0] if stroke.flat_axes else None,
        others.reshape(-1, 3) - first,
        state.drawn,
        spacing,
        state.features,
        state.image_weight,
    )
    # The drawn line itself always holds, but where there is no number.
    k, j, i = (stroke.voxels - first).T
    if stroke.is_line_of_tumour:
        valued = state.drawn[k, j, i] >= 0
        k, j, i = k[valued], j[valued], i[valued]
    if ((signed[k, j, i] > 0) != stroke.is_line_of_tumour).any():
        signed = signed.copy()
        hair = np.float32(min(spacing) / 2)
        on = signed[k, j, i]
        signed[k, j, i] = np.maximum(on, hair) if stroke.is_line_of_tumour else np.minimum(on, -hair)
    return _with_surface(state, signed)


def _boxed(state: State, stroke: Stroke, spacing: tuple[float, float, float]) -> State:
    low, high = stroke.voxels.min(axis=0), stroke.voxels.max(axis=0)
    within = np.zeros(state.box.shape, dtype=np.bool_)
    k, j, i = (
        slice(int(a), int(b) + 1) for a, b in zip(low - state.box.start, high - state.box.start, strict=True)
    )
    within[k, j, i] = True
    inside = state.signed_mm > 0
    if stroke.include:
        inside &= within | (distance_to(within, spacing) > _BOX_CLEARS_MM)
    else:
        inside &= ~within
    return _with_surface(state, signed_distance(inside, spacing))


def _grown(volume: Volume, state: State, box: Box) -> State:
    before = np.subtract(state.box.start, box.start)
    after = np.subtract(np.add(box.start, box.shape), np.add(state.box.start, state.box.shape))
    pads = list(zip(before.tolist(), after.tolist(), strict=True))
    features = state.features
    if features is not None:
        features = smoothed(volume.voxels[box.slices], state.limits, volume.geometry.spacing_mm)
    return State(
        box,
        np.pad(state.signed_mm, pads, constant_values=-FAR_MM),
        np.pad(state.drawn, pads),
        state.anchors,
        state.limits,
        features,
        state.image_weight,
    )


def _draw(drawn: npt.NDArray[np.int8], strokes: list[Stroke], sections: list[Section], box: Box) -> None:
    """Mark what the prompts say, in the order drawn: the later one holds."""
    for stroke in strokes:
        k, j, i = (stroke.voxels - box.start).T
        if stroke.is_line_of_background:
            drawn[k, j, i] = -1
        elif stroke.is_line_of_tumour:
            drawn[k, j, i] = 1
        elif stroke.kind == "box" and not stroke.include:
            drawn[k.min() : k.max() + 1, j.min() : j.max() + 1, i.min() : i.max() + 1] = -1
        elif stroke.kind == "box":
            outside = np.ones(drawn.shape, dtype=np.bool_)
            outside[k.min() : k.max() + 1, j.min() : j.max() + 1, i.min() : i.max() + 1] = False
            drawn[outside & (drawn == 0)] = -1
    for section in sections:
        if section.exact:
            plane = np.moveaxis(drawn, section.axis, 0)[section.level]
            plane[...] = np.where(section.signed_mm > 0, 1, -1)


def _joined_to_strokes(inside: npt.NDArray[np.bool_], drawn: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Return the parts that hold a tumour stroke (the largest, where none does), with their holes filled."""
    labels, n = ndimage.label(inside)
    if n > 1:
        held = np.unique(labels[drawn > 0])
        held = held[held > 0]
        if not len(held):
            held = np.array([1 + int(np.argmax(np.bincount(labels.ravel())[1:]))])
        inside = np.isin(labels, held)
    return np.asarray(ndimage.binary_fill_holes(inside) & (drawn >= 0))


def _some(stroke: Stroke, at_most: int) -> IndexArray:
    if stroke.kind == "box":
        return np.empty((0, 3), dtype=np.int64)
    return stroke.voxels[:: max(1, len(stroke.voxels) // at_most)]


def _check_tumour(volume: Volume, strokes: list[Stroke]) -> None:
    tells = [s for s in strokes if s.include or s.kind == "loop"]
    if not tells:
        raise PromptError(
            "at least one prompt of round 0 that says where tumour is",
            f"all {len(strokes)} say where it is not",
            "draw a stroke on the tumour, or give the line around it as a loop",
        )
    lines = [s.voxels for s in strokes if s.is_line_of_tumour]
    if lines:
        k, j, i = np.concatenate(lines).T
        if not np.isfinite(volume.voxels[k, j, i]).any():
            raise PromptError(
                "strokes on voxels that have a value",
                "the voxels under them are not numbers",
                "draw on the scanned part of the image",
            )


def _check_size(box: Box) -> None:
    size = int(np.prod(box.shape))
    if size > AT_MOST_VOXELS:
        raise PromptError(
            f"prompts of one lesion span at most {AT_MOST_VOXELS // 1_000_000} million voxels",
            f"these span {size / 1e6:.0f} million",
            "draw one lesion at a time, or resample the image to larger voxels",
        )
