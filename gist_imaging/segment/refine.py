"""Every way to change a mask by hand or by rule, and the record that undoes it.

Each is a function of a mask to a new mask; `Edit.between(before, after, name)` is what it changed.
"""

from gist_imaging.segment.refine_brush import add_brush, brush_voxels, erase_brush, paint_in_range
from gist_imaging.segment.refine_edit import Edit
from gist_imaging.segment.refine_logic import (
    difference,
    exclude_gas,
    exclude_structure,
    exclusive_or,
    intersection,
    union,
)
from gist_imaging.segment.refine_parts import (
    fill_holes,
    fill_holes_in_slices,
    keep_largest,
    remove_islands,
)
from gist_imaging.segment.refine_shape import smoothed, with_margin

__all__ = [
    "Edit",
    "add_brush",
    "brush_voxels",
    "difference",
    "erase_brush",
    "exclude_gas",
    "exclude_structure",
    "exclusive_or",
    "fill_holes",
    "fill_holes_in_slices",
    "intersection",
    "keep_largest",
    "paint_in_range",
    "remove_islands",
    "smoothed",
    "union",
    "with_margin",
]
