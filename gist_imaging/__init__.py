"""Rectal GIST before and after imatinib: measured on imaging, judged, exported as a cohort.

The names below are the public ones. They load when first used, so that importing the package is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gist_imaging._version import __version__

if TYPE_CHECKING:
    from gist_imaging.io.dicom_index import scan_folder
    from gist_imaging.io.dicom_load import load_series
    from gist_imaging.io.read import read_mask, read_volume
    from gist_imaging.measure.lesion import LesionMeasurement, measure_lesion
    from gist_imaging.response.assess import assess_response
    from gist_imaging.response.change import Response
    from gist_imaging.segment.methods import segment
    from gist_imaging.segment.prompts import Prompt, PromptLog
    from gist_imaging.spatial import Geometry, Mask, Quantity, Volume
    from gist_imaging.study import ScanIndex, Series

_HOME = {
    "Geometry": "spatial",
    "LesionMeasurement": "measure.lesion",
    "Mask": "spatial",
    "Prompt": "segment.prompts",
    "PromptLog": "segment.prompts",
    "Quantity": "spatial",
    "Response": "response.change",
    "ScanIndex": "study",
    "Series": "study",
    "Volume": "spatial",
    "assess_response": "response.assess",
    "load_series": "io.dicom_load",
    "measure_lesion": "measure.lesion",
    "read_mask": "io.read",
    "read_volume": "io.read",
    "scan_folder": "io.dicom_index",
}

__all__ = [
    "Geometry",
    "LesionMeasurement",
    "Mask",
    "Prompt",
    "PromptLog",
    "Quantity",
    "Response",
    "ScanIndex",
    "Series",
    "Volume",
    "__version__",
    "assess_response",
    "load_series",
    "measure_lesion",
    "read_mask",
    "read_volume",
    "scan_folder",
    "segment",
]


def __getattr__(name: str) -> Any:
    if name == "segment":  # the package, which can be called; why: gist_imaging/segment/__init__.py
        return importlib.import_module("gist_imaging.segment")
    if name not in _HOME:
        raise AttributeError(f"module 'gist_imaging' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gist_imaging.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
