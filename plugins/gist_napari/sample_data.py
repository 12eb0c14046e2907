"""The three synthetic patients, for File > Open Sample and for a newcomer's first reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QStandardPaths

import gist_imaging
from gist_imaging import __version__, workflow
from gist_napari.reader import LayerTuple, layer_of

__all__ = ["sample_scans", "sample_study_folder", "syn_001", "syn_002", "syn_003"]


def sample_scans() -> Path:
    """Return the folder of the sample scans; where they were not installed they are made, once."""
    beside = Path(gist_imaging.__file__).parents[1] / "sample_scans"
    if (beside / "truth.json").is_file():
        return beside
    folder = _place(QStandardPaths.StandardLocation.CacheLocation) / f"sample_scans_{__version__}"
    return workflow.make_sample_scans(folder)


def sample_study_folder() -> Path:
    """Return where the study of the sample scans lies for this user."""
    return _place(QStandardPaths.StandardLocation.AppLocalDataLocation) / "sample_study"


def syn_001() -> list[LayerTuple]:
    """Return both scans of the first patient, as image layers: CT, smaller and less dense."""
    return _layers("SYN-001")


def syn_002() -> list[LayerTuple]:
    """Return both scans of the second patient, as image layers: oblique MR."""
    return _layers("SYN-002")


def syn_003() -> list[LayerTuple]:
    """Return both scans of the third patient, as image layers: CT, larger but less dense."""
    return _layers("SYN-003")


def _layers(patient: str) -> list[LayerTuple]:
    refused: list[str] = []
    layers: list[Any] = []
    for visit in ("baseline", "presurgery"):
        folder = sample_scans() / patient / visit
        scan = next(child for child in sorted(folder.iterdir()) if child.name in ("CT", "MR"))
        for _, volume in workflow.open_volumes(scan, refused):
            layers.append(layer_of(volume, f"{patient} {visit}"))
    return layers


def _place(kind: QStandardPaths.StandardLocation) -> Path:
    return Path(QStandardPaths.writableLocation(kind)) / "gist-imaging"
