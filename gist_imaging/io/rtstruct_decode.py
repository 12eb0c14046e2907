"""DICOM RT Structure Set datasets into RtStructDocuments; runs in the decoding process."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from gist_imaging.errors import GistImagingError, IntakeError
from gist_imaging.io.element_values import element_text, first_number, value_at
from gist_imaging.io.rtstruct_document import Contour, RtStructDocument, Structure
from gist_imaging.problems import Code, Problem

__all__ = ["rtstruct_of"]

_CONTOUR_DATA = 0x30060050


def rtstruct_of(dataset: Dataset, name: str) -> RtStructDocument:
    """Return what an RT Structure Set holds."""
    contours: dict[int, list[Contour]] = {}
    for item in value_at(dataset, "ROIContourSequence") or ():
        outlined = contours.setdefault(_number(item, "ReferencedROINumber", name), [])
        outlined += [_contour(contour, name) for contour in value_at(item, "ContourSequence") or ()]
    structures = []
    for item in value_at(dataset, "StructureSetROISequence") or ():
        number = _number(item, "ROINumber", name)
        structures.append(
            Structure(
                number,
                element_text(item, "ROIName"),
                element_text(item, "ReferencedFrameOfReferenceUID") or None,
                tuple(contours.get(number, ())),
            )
        )
    return RtStructDocument(
        name,
        element_text(dataset, "SOPInstanceUID"),
        element_text(dataset, "SeriesInstanceUID"),
        tuple(structures),
    )


def _contour(item: Dataset, name: str) -> Contour:
    points = _points_mm(item)
    stated = first_number(item, "NumberOfContourPoints")
    if points is None or (stated is not None and stated != len(points)):
        raise IntakeError(
            Problem(Code.BAD_VALUE, "a contour should be as many points (x, y, z) as it says", name)
        )
    return Contour(element_text(item, "ContourGeometricType"), points)


def _points_mm(item: Dataset) -> npt.NDArray[np.float64] | None:
    """Return (n, 3) finite points; None where the element does not hold them.

    The text of the element is converted at once: a structure set holds a million numbers.
    """
    element = item.get_item(_CONTOUR_DATA) if _CONTOUR_DATA in item else None
    raw = element.value if isinstance(element, RawDataElement) else value_at(item, _CONTOUR_DATA)
    if raw is None:
        return None
    parts = raw.strip(b" \0").split(b"\\") if isinstance(raw, bytes) else raw
    try:
        numbers = np.array(parts, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if numbers.size == 0 or numbers.size % 3 or not np.isfinite(numbers).all():
        return None
    return numbers.reshape(-1, 3)


def _number(item: Dataset, keyword: str, name: str) -> int:
    number = first_number(item, keyword)
    if number is None or number != int(number):
        raise _missing(keyword, name)
    return int(number)


def _missing(keyword: str, name: str) -> GistImagingError:
    return IntakeError(Problem(Code.MISSING_REQUIRED_TAGS, f"it should have {keyword}, but has not", name))
