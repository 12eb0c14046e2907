"""Case sheets of lopsided lesions on oblique and flipped grids, for tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from strategies import oblique_geometry

from gist_imaging.io.case_sheet import CaseSheet, SheetLesion, SheetVisit
from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.response.compare import compare
from gist_imaging.spatial import Geometry, Mask, Quantity, Volume

PRE_GRID = oblique_geometry((14, 60, 52))
POST_GRID = oblique_geometry(
    (11, 40, 64), (4.1, 1.2, 0.8), (-50.0, 20.5, -290.0), (-12.0, 21.0, 8.0), (1, -1, -1)
)


def lopsided(geometry: Geometry, radius_mm: float) -> Mask:
    """A ball with a smaller ball at its side, so that no mirror image is equal."""
    middle = (np.array(geometry.shape) - 1) / 2
    points = geometry.to_patient(np.moveaxis(np.indices(geometry.shape), 0, -1)) - geometry.to_patient(middle)
    ball = np.linalg.norm(points, axis=-1) <= radius_mm
    knob = np.linalg.norm(points - np.array([0.9, 0.35, 0.2]) * radius_mm, axis=-1) <= 0.45 * radius_mm
    return Mask(ball | knob, geometry)


def image(geometry: Geometry, quantity: Quantity = Quantity.HU, level: int = -1000) -> Volume:
    voxels = np.full(geometry.shape, level, dtype=np.int16)
    return Volume(voxels, geometry, quantity, modality="CT" if quantity is Quantity.HU else "MR")


def visit(geometry: Geometry, radius_mm: float, label: str, day: int, **changes) -> SheetVisit:
    volume, mask = image(geometry), lopsided(geometry, radius_mm)
    held = SheetVisit(
        label=label,
        day=day,
        series="CT axial 3.3 mm",
        volume=volume,
        mask=mask,
        measured=measure_lesion(volume, mask),
        facts=("portal venous phase",),
    )
    return replace(held, **changes)


def emptied(held: SheetVisit) -> SheetVisit:
    mask = replace(held.mask, voxels=np.zeros_like(held.mask.voxels))
    return replace(held, mask=mask, measured=measure_lesion(held.volume, mask))


def one_slice(held: SheetVisit) -> SheetVisit:
    voxels = held.mask.voxels.copy()
    voxels[: held.measured.ld_slice] = False
    voxels[held.measured.ld_slice + 1 :] = False
    mask = replace(held.mask, voxels=voxels)
    return replace(held, mask=mask, measured=measure_lesion(held.volume, mask))


def lesion(pre: SheetVisit, post: SheetVisit, name: str = "L1", **held) -> SheetLesion:
    if post.measured is None or pre.measured is None:
        return SheetLesion(name, pre, post, "rectum", "target", **held)
    change = compare(pre.measured, post.measured, days=(pre.day, post.day), phase="portal_venous")
    return SheetLesion(name, pre, post, "rectum", "target", change.change_pct, change.responses, **held)


def sheet(*lesions: SheetLesion, **held) -> CaseSheet:
    told = {
        "revision": 2,
        "status": "committed",
        "reading_sha256": "ab" * 32,
        "versions": {"gist_imaging": "1"},
    }
    return CaseSheet("SYN-009", "R1", lesions=lesions, **(told | held))


def usual() -> CaseSheet:
    return sheet(lesion(visit(PRE_GRID, 11.0, "baseline", -7), visit(POST_GRID, 7.0, "presurgery", 180)))
