"""How slices are counted for people, whatever the order in the file."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from gist_imaging.spatial.geometry import Geometry

__all__ = ["slice_number"]

# LPS axis and direction in which axial, coronal and sagittal slices are counted.
_COUNTED = ((2, -1), (1, 1), (0, 1))


def slice_number(geometry: Geometry, axis: int, index: int) -> int:
    """Return the number of a slice as a reader counts it, from 1.

    Axial slices are counted from the head to the feet, coronal ones from the front to the back, sagittal ones
    from the patient's right to the left.

    Parameters
    ----------
    axis : the array axis that runs from slice to slice
    index : along it
    """
    axes = geometry.axes
    order = max(
        permutations(range(3)),
        key=lambda held: sum(abs(axes[patient, held[n]]) for n, (patient, _) in enumerate(_COUNTED)),
    )
    patient, sign = _COUNTED[order.index(axis)]
    is_along = float(np.sign(axes[patient, axis])) * sign > 0
    return index + 1 if is_along else geometry.shape[axis] - index
