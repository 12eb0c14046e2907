"""Opens scans in plain napari: DICOM folders and files, NIfTI and NRRD, each as one image layer.

Layers stand in the display world (`layers.DisplayGrid`), never with an affine; the true grid goes along in
`metadata["gist_grid"]`. The reading screen does not come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_imaging.spatial.volume import Volume
from gist_napari.layers import AXIS_LABELS, UNITS, DisplayGrid

__all__ = ["get_reader", "layer_of"]

LayerTuple = tuple[Any, dict[str, Any], str]

_SUFFIXES = (".dcm", ".nii", ".nii.gz", ".nrrd", ".zip")
_DICM_AT = 128


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[LayerTuple]] | None:
    """Return a function that opens `path`, or None where it holds nothing for us; answers at once."""
    first = Path(path if isinstance(path, str) else path[0])
    if first.is_dir():
        return _open if _holds_dicom(first) else None
    named = first.name.lower().endswith(_SUFFIXES)
    return _open if named or _is_dicom(first) else None


def layer_of(volume: Volume, name: str) -> LayerTuple:
    """Return a volume as napari's layer tuple; values as measured, axes (S, P, L)."""
    grid = DisplayGrid(volume.geometry)
    described = {
        "name": name,
        "scale": tuple(grid.scale_mm),
        "translate": tuple(grid.translate_mm),
        "units": UNITS,
        "axis_labels": AXIS_LABELS,
        "colormap": "gray",
        "metadata": {
            "gist_grid": volume.geometry.to_json(),
            "series_uid": volume.series_uid,
            "quantity": str(volume.quantity),
        },
    }
    return grid.displayed(volume.voxels), described, "image"


def _open(path: str | Sequence[str]) -> list[LayerTuple]:
    paths = [path] if isinstance(path, str) else list(path)
    layers: list[LayerTuple] = []
    refused: list[str] = []
    for one in map(Path, paths):
        for name, volume in workflow.open_volumes(one, refused):
            layers.append(layer_of(volume, name))
    if not layers:
        raise GistImagingError(
            "a scan that can be shown",
            "; ".join(refused) or "found none",
            "run gist-imaging index on the folder to see what it holds",
        )
    return layers


def _holds_dicom(folder: Path) -> bool:
    """Look at a few files only: dropping a folder on napari must not wait for us."""
    seen = 0
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            seen += 1
            if _is_dicom(file):
                return True
            if seen >= 20:
                break
    return False


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(_DICM_AT + 4)[_DICM_AT:] == b"DICM"
    except OSError:
        return False
