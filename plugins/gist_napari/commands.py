"""What the menus of napari offer."""

from __future__ import annotations

import napari
import numpy as np
from napari.layers import Image, Labels
from napari.settings import get_plugin_settings

from gist_imaging.errors import GistImagingError
from gist_napari.window import ReadingDock

__all__ = ["new_mask", "open_reading", "open_sample"]

READING = "Reading screen"


def open_reading(viewer: napari.Viewer) -> ReadingDock:
    """Open the reading screen in this window; a second call shows the one that is there."""
    dock = ReadingDock.in_viewer(viewer)
    if not dock.session.reader:
        dock.session.reader = str(get_plugin_settings("gist-imaging").reading.reader)
    return dock


def open_sample(viewer: napari.Viewer) -> ReadingDock:
    """Open the reading screen with the study of the sample scans."""
    dock = open_reading(viewer)
    dock.session.open_sample()
    return dock


def new_mask(viewer: napari.Viewer) -> Labels:
    """Add an empty mask on the selected scan, so that it can be saved on the scan's own grid.

    Raises
    ------
    GistImagingError
        If the selected layer is no scan that this plugin opened.
    """
    image = viewer.layers.selection.active
    if not isinstance(image, Image) or "gist_grid" not in image.metadata:
        raise GistImagingError(
            "a scan that this plugin opened, selected in the layer list",
            "another layer or none is selected",
            "open a DICOM folder, NIfTI or NRRD file with GIST imaging and select it",
        )
    return viewer.add_labels(
        np.zeros(image.data.shape, dtype=np.uint8),
        name=f"mask of {image.name}",
        scale=image.scale,
        translate=image.translate,
        units=image.units,
        axis_labels=image.axis_labels,
        metadata=dict(image.metadata),
    )
