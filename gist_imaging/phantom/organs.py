"""The organs between the bones: bladder, prostate, levator ani, rectum and anal canal.

Sizes: prostate 46 × 34 × 38 mm, rectum 34 mm with a wall of 3 mm, anal canal 41 mm long and 28 mm thick with
an internal sphincter of 2.5 mm, puborectalis sling 7 mm.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from gist_imaging.phantom.distances import (
    Distance,
    Point,
    Solid,
    both_sides,
    ellipsoid_solid,
    tube,
    tube_solid,
)
from gist_imaging.phantom.levator import levator_distance, resting_cavity_distance
from gist_imaging.phantom.pelvis import ANAL_VERGE, ANORECTAL_JUNCTION, RECTUM_RADIUS_MM, PelvisPhantom
from gist_imaging.phantom.tissues import Tissue
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["SLING", "SLING_RADII_MM", "organs"]

_WALL_MM = 3.0
_SUBMUCOSA_MM = 1.4
_RECTUM_TOP_Z_MM = 150.0
_FLOOR_GAP_MM = 1.0
_RECTUM_BOX: tuple[Point, Point] = ((0.0, 20.0, 70.0), (55.0, 55.0, 82.0))
_EXTERNAL_SPHINCTER_MM = 14.0
_INTERSPHINCTERIC_MM = 9.0
_INTERNAL_SPHINCTER_MM = 7.5
_MUCOSA_MM = 5.0
_LUMEN_MM = 0.7
_SPHINCTER_STARTS = 0.12
_LEVATOR_BOX: tuple[Point, Point] = ((0.0, 12.0, 10.0), (75.0, 62.0, 24.0))
SLING: tuple[Point, ...] = (
    (11.0, -44.0, -4.0),
    (16.5, -22.0, -8.0),
    (16.0, -4.0, -10.0),
    (10.0, 8.0, -11.0),
    (0.0, 11.5, -11.5),
)
"""Axis of the puborectalis sling, left half, from the pubis to the midline; body frame."""
SLING_RADII_MM = (2.5, 3.0, 3.5, 4.0, 4.0)


def organs(phantom: PelvisPhantom) -> tuple[Solid, ...]:
    """Return the organs in painting order; the tumour itself is not among them."""
    return (*_front(), *_pelvic_floor(phantom), *_rectum(phantom), *_anal_canal())


def _front() -> tuple[Solid, ...]:
    """Return the organs in front of the rectum."""
    bladder: Point = (0.0, -26.0, 74.0)
    return (
        ellipsoid_solid("bladder wall", Tissue.BLADDER_WALL, bladder, (41.0, 34.0, 36.0)),
        ellipsoid_solid("urine", Tissue.URINE, bladder, (38.0, 31.0, 33.0)),
        *both_sides(
            ellipsoid_solid("seminal vesicle", Tissue.SEMINAL_VESICLE, (17.0, -7.0, 41.0), (14.0, 5.0, 6.0))
        ),
        ellipsoid_solid(
            "prostate, peripheral zone", Tissue.PROSTATE_PERIPHERAL, (0.0, -25.0, 18.0), (23.0, 17.0, 19.0)
        ),
        ellipsoid_solid(
            "prostate, central gland", Tissue.PROSTATE_CENTRAL, (0.0, -28.0, 20.0), (18.0, 12.5, 16.0)
        ),
        tube_solid(
            "membranous urethra", Tissue.MUSCULARIS, ((0.0, -26.0, 2.0), (0.0, -28.0, -24.0)), (5.0, 5.0)
        ),
        ellipsoid_solid("bulb of the penis", Tissue.ERECTILE, (0.0, -30.0, -34.0), (12.0, 15.0, 11.0)),
        *both_sides(
            tube_solid(
                "crus of the penis", Tissue.ERECTILE, ((12.0, -44.0, -28.0), (40.0, -6.0, -38.0)), (6.5, 4.0)
            )
        ),
    )


def _pelvic_floor(phantom: PelvisPhantom) -> tuple[Solid, ...]:
    reach = _LEVATOR_BOX if phantom.levator is None else phantom.levator.box
    return (
        Solid("levator ani", Tissue.LEVATOR, partial(levator_distance, phantom), *reach),
        *both_sides(tube_solid("puborectalis", Tissue.LEVATOR, SLING, SLING_RADII_MM)),
    )


def _rectum(phantom: PelvisPhantom) -> tuple[Solid, ...]:
    """Return the vessels, wall and contents of the rectum; the tumour dents the lumen, not the wall."""

    def outer(points: FloatArray) -> FloatArray:
        z = points[..., 2]
        aside = points[..., :2] - phantom.rectal_axis(z)
        # The rectum leans back by up to 45 degrees, so horizontal sections are longer than the tube is wide.
        lean = np.interp(z, (-10.0, 15.0, 40.0, 60.0), (0.72, 0.76, 0.9, 1.0))
        radius = np.interp(z, (-10.0, 12.0, 30.0), (9.0, 14.0, RECTUM_RADIUS_MM))
        beyond = np.maximum(z - _RECTUM_TOP_Z_MM, ANORECTAL_JUNCTION[2] - 2.0 - z)
        wall = np.maximum(np.hypot(aside[..., 0], aside[..., 1] * lean) - radius, beyond)
        return np.asarray(np.maximum(wall, resting_cavity_distance(phantom, points) + _FLOOR_GAP_MM))

    def within_wall(points: FloatArray, wall_mm: float) -> FloatArray:
        lumen = outer(points) + wall_mm
        if phantom.tumour is not None:
            lumen = np.maximum(lumen, wall_mm - phantom.tumour.distance(points))
        return np.asarray(lumen)

    def gas(points: FloatArray) -> FloatArray:
        fluid_level = phantom.rectal_axis(points[..., 2])[..., 1] + 4.0
        return np.asarray(np.maximum(within_wall(points, _WALL_MM), points[..., 1] - fluid_level))

    layers: tuple[tuple[str, Tissue, Distance], ...] = (
        ("rectum, muscularis propria", Tissue.MUSCULARIS, outer),
        ("rectum, submucosa", Tissue.SUBMUCOSA, partial(within_wall, wall_mm=_WALL_MM - _SUBMUCOSA_MM)),
        ("rectum, stool", Tissue.STOOL, partial(within_wall, wall_mm=_WALL_MM)),
        ("rectum, gas", Tissue.AIR, gas),
    )
    return (
        *_rectal_vessels(phantom),
        *(Solid(name, tissue, distance, *_RECTUM_BOX) for name, tissue, distance in layers),
    )


def _rectal_vessels(phantom: PelvisPhantom) -> tuple[Solid, ...]:
    """Return the vessels that run beside the rectum in its fat."""
    heights = (30.0, 60.0, 90.0, 130.0)
    axis = phantom.rectal_axis(heights).tolist()
    return tuple(
        tube_solid(
            "superior rectal vessel",
            Tissue.VESSEL,
            [(x + dx, y + dy, z) for (x, y), z in zip(axis, heights, strict=True)],
            (1.2, 1.6, 1.9, 2.2),
        )
        for dx, dy in ((-9.0, 22.0), (8.0, 23.0), (-23.0, 6.0), (22.5, 8.0))
    )


def _anal_canal() -> tuple[Solid, ...]:
    """Return the sphincters around the anal canal, from the outside inwards."""
    x, y, z = (
        top + _SPHINCTER_STARTS * (verge - top)
        for top, verge in zip(ANORECTAL_JUNCTION, ANAL_VERGE, strict=True)
    )
    layers = (
        ("external sphincter", Tissue.MUSCLE, (x, y, z), _EXTERNAL_SPHINCTER_MM),
        ("intersphincteric fat", Tissue.INTERSPHINCTERIC, ANORECTAL_JUNCTION, _INTERSPHINCTERIC_MM),
        ("internal sphincter", Tissue.INTERNAL_SPHINCTER, ANORECTAL_JUNCTION, _INTERNAL_SPHINCTER_MM),
        ("anal mucosa", Tissue.SUBMUCOSA, ANORECTAL_JUNCTION, _MUCOSA_MM),
        ("anal lumen", Tissue.STOOL, ANORECTAL_JUNCTION, _LUMEN_MM),
    )
    return tuple(
        Solid(
            name,
            tissue,
            partial(_canal_layer, top=top, radius_mm=radius_mm),
            (0.0, 4.5, -26.0),
            (15.0, 24.0, 34.0),
        )
        for name, tissue, top, radius_mm in layers
    )


def _canal_layer(points: FloatArray, top: Point, radius_mm: float) -> FloatArray:
    """Return the distance to a cylinder along the canal, cut flat at the anal verge."""
    axis = np.subtract(ANAL_VERGE, ANORECTAL_JUNCTION)
    beyond = (points - np.asarray(ANAL_VERGE)) @ (axis / np.linalg.norm(axis))
    return np.asarray(np.maximum(tube(points, (top, ANAL_VERGE), (radius_mm, radius_mm)), beyond))
