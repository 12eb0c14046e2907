"""Writes a Labels layer that lies on a scan of ours as a NIfTI mask on the scan's own grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gist_imaging import workflow
from gist_imaging.errors import MaskError
from gist_imaging.session.event import geometry_of
from gist_imaging.spatial.mask import Mask
from gist_napari.layers import DisplayGrid

__all__ = ["write_labels"]


def write_labels(path: str, voxels: Any, attributes: dict[str, Any]) -> list[str]:
    """Write every voxel above 0 as one mask, and return the path.

    Raises
    ------
    MaskError
        If the layer does not say on which scan it lies, or holds fractions.
    GistImagingError
        If the file is there already, or its name does not end with .nii.gz.
    """
    held = attributes.get("metadata", {}).get("gist_grid")
    if held is None:
        raise MaskError(
            "a Labels layer that lies on a scan of this plugin",
            "this one does not say where it lies in the patient",
            "make it with Plugins > GIST imaging > Mask for this scan",
        )
    labels = np.asarray(voxels)
    if not np.issubdtype(labels.dtype, np.integer):
        raise MaskError(
            "a mask holds whole numbers", f"this layer holds {labels.dtype}", "use a Labels layer"
        )
    geometry = geometry_of(held)
    grid = DisplayGrid(geometry)
    if labels.shape != grid.shape:
        raise MaskError(f"a mask of shape {grid.shape}", f"got {labels.shape}", "make it anew for this scan")
    native = np.zeros(geometry.shape, dtype=np.bool_)
    grid.displayed(native)[...] = labels > 0
    return [str(workflow.write_mask(Path(path), Mask(native, geometry)))]
