"""Case sheets as PNG and PDF: one page for each lesion, the same bytes for the same values."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from gist_imaging.errors import GistImagingError
from gist_imaging.io.case_sheet_page import page_of
from gist_imaging.io.case_sheet_pen import DPI
from gist_imaging.io.case_sheet_values import CaseSheet, SheetCaliper, SheetLesion, SheetLine, SheetVisit
from gist_imaging.io.mask_write import check_writable, write_bytes_once

__all__ = [
    "CaseSheet",
    "SheetCaliper",
    "SheetLesion",
    "SheetLine",
    "SheetVisit",
    "pdf_bytes",
    "png_bytes",
    "write_case_sheet",
]


def png_bytes(sheet: CaseSheet, lesion: SheetLesion) -> bytes:
    """Return the page of one lesion as PNG, A4 at 150 dpi; the same values give the same bytes."""
    stream = io.BytesIO()
    page_of(sheet, lesion).savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()


def pdf_bytes(sheet: CaseSheet) -> bytes:
    """Return all pages as PDF; it holds no time and no program, so the same values give the same bytes."""
    from matplotlib.backends import backend_pdf

    stream = io.BytesIO()
    told = {
        "Title": f"{sheet.case} {sheet.reader} revision {sheet.revision} ({sheet.status})",
        "Creator": None,
        "Producer": None,
        "CreationDate": None,
    }
    writer: Any = backend_pdf.PdfPages
    with writer(stream, metadata=told) as pages:
        for lesion in sheet.lesions:
            pages.savefig(page_of(sheet, lesion), dpi=DPI)
    return stream.getvalue()


def write_case_sheet(folder: str | Path, sheet: CaseSheet, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Write CASE_READER.pdf and CASE_READER_LESION.png into a folder, each whole or not at all.

    Raises
    ------
    GistImagingError
        If there is no lesion, no such folder, or a file is there already; nothing is written then.
    """
    folder = Path(folder)
    if not sheet.lesions:
        raise GistImagingError(
            "a case sheet shows a lesion", f"{sheet.case} has none", "outline or mark one first"
        )
    stem = f"{sheet.case}_{sheet.reader}"
    pages = {folder / f"{stem}_{lesion.name}.png": lesion for lesion in sheet.lesions}
    whole = folder / f"{stem}.pdf"
    for path in (whole, *pages):
        check_writable(path, path.suffix, overwrite=overwrite)
    write_bytes_once(whole, pdf_bytes(sheet), overwrite=overwrite)
    for path, lesion in pages.items():
        write_bytes_once(path, png_bytes(sheet, lesion), overwrite=overwrite)
    return (whole, *pages)
