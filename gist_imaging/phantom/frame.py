"""Skin, fat, muscles, vessels and bones of the phantom, the same on both sides.

Sizes: bony outlet about 110 mm from front to back, interspinous distance 100 mm, obturator internus 15 mm
thick, trunk 356 × 212 mm.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from gist_imaging.phantom.distances import (
    Solid,
    both_sides,
    box,
    ellipsoid,
    ellipsoid_solid,
    shrunk,
    tube,
    tube_solid,
)
from gist_imaging.phantom.tissues import Tissue
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["bones", "soft_frame"]

_EVERYWHERE = (2000.0, 2000.0, 2000.0)
_CORTEX_MM = 2.2
_SKIN_MM = 2.0
_TRUNK_HALF_MM = (178.0, 106.0)
_FEMORAL_HEAD = (92.0, -10.0, 36.0)


def _trunk(points: FloatArray) -> FloatArray:
    """Return the distance to the trunk: an oval tube along the body."""
    half_width, half_depth = _TRUNK_HALF_MM
    u = np.abs(points[..., 0]) / half_width
    v = np.abs(points[..., 1] + 4.0) / half_depth
    # Between an ellipse (power 2) and a box: power 3.
    level = np.maximum(np.cbrt(u * u * u + v * v * v), 1e-6)
    steepness = np.hypot((u / level) ** 2 / half_width, (v / level) ** 2 / half_depth)
    return np.asarray((level - 1.0) / np.maximum(steepness, 1e-6))


def _body(points: FloatArray, inward_mm: float = 0.0) -> FloatArray:
    """Return the distance to the trunk less the natal cleft, which opens below the coccyx."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    floor_y = np.interp(z, (-60.0, -45.0, -20.0, 20.0, 60.0), (6.0, 18.0, 52.0, 84.0, 99.0))
    half_gap = 0.6 + 0.004 * np.square(np.maximum(y - floor_y, 0.0))
    cleft = np.maximum(np.abs(x) - half_gap, floor_y - y)
    return np.asarray(np.maximum(_trunk(points), -cleft) + inward_mm)


def _gluteus_maximus(points: FloatArray) -> FloatArray:
    """Return the distance to the left gluteus maximus: a plate under the fat of the buttock."""
    z = points[..., 2]
    # The plate runs outward as it descends, and is thickest in the middle of the buttock.
    medial = np.interp(z, (-70.0, -20.0, 20.0, 70.0), (26.0, 12.0, 0.0, 2.0))
    flat = np.stack([points[..., 0] - medial, points[..., 1], np.zeros_like(z)], axis=-1)
    path = ((28.0, 74.0, 0.0), (72.0, 62.0, 0.0), (122.0, 30.0, 0.0))
    return tube(flat, path, (13.0, 18.0, 10.0))


def soft_frame() -> tuple[Solid, ...]:
    """Return skin, fat, the muscles around the bones and the large vessels, in painting order."""
    muscle, vessel = Tissue.MUSCLE, Tissue.VESSEL
    gluteus = Solid("gluteus maximus", muscle, _gluteus_maximus, (85.0, 60.0, 0.0), (75.0, 42.0, 2000.0))
    obturator = partial(box, centre=(57.5, -4.0, 16.0), half=(7.5, 34.0, 38.0), rounding_mm=7.0)
    return (
        Solid("skin", Tissue.SKIN, _body, (0.0, 0.0, 0.0), _EVERYWHERE),
        Solid("fat", Tissue.FAT, partial(_body, inward_mm=_SKIN_MM), (0.0, 0.0, 0.0), _EVERYWHERE),
        *both_sides(
            gluteus,
            ellipsoid_solid("rectus abdominis", muscle, (26.0, -88.0, 70.0), (22.0, 6.5, 90.0)),
            tube_solid(
                "iliopsoas",
                muscle,
                ((70.0, -42.0, 130.0), (80.0, -54.0, 40.0), (96.0, -36.0, -50.0)),
                (20.0, 18.0, 14.0),
            ),
            ellipsoid_solid("pectineus", muscle, (50.0, -54.0, -48.0), (24.0, 20.0, 44.0)),
            ellipsoid_solid("adductors", muscle, (84.0, 6.0, -66.0), (30.0, 24.0, 42.0)),
            ellipsoid_solid("obturator externus", muscle, (56.0, -24.0, -22.0), (24.0, 20.0, 13.0)),
            ellipsoid_solid("gluteus medius", muscle, (124.0, 4.0, 66.0), (20.0, 46.0, 48.0)),
            ellipsoid_solid("quadriceps", muscle, (126.0, -40.0, -50.0), (30.0, 34.0, 72.0)),
            ellipsoid_solid("sartorius", muscle, (106.0, -78.0, 0.0), (13.0, 7.0, 60.0)),
            ellipsoid_solid("quadratus femoris", muscle, (92.0, 24.0, -14.0), (26.0, 8.0, 20.0)),
            tube_solid(
                "piriformis",
                muscle,
                ((24.0, 70.0, 72.0), (80.0, 46.0, 58.0), (128.0, 14.0, 40.0)),
                (10.0, 11.0, 4.0),
            ),
            tube_solid(
                "iliac artery",
                vessel,
                ((74.0, -76.0, -60.0), (64.0, -68.0, 25.0), (54.0, -42.0, 110.0)),
                (4.0, 4.5, 5.0),
            ),
            tube_solid(
                "iliac vein",
                vessel,
                ((64.0, -74.0, -60.0), (53.0, -62.0, 25.0), (48.0, -32.0, 110.0)),
                (5.5, 6.0, 6.0),
            ),
            Solid("obturator internus", muscle, obturator, (57.5, -4.0, 16.0), (7.5, 34.0, 38.0)),
            tube_solid(
                "pudendal vessels",
                vessel,
                ((48.0, 34.0, 20.0), (47.0, 12.0, -12.0), (36.0, -12.0, -28.0)),
                (1.8, 1.6, 1.2),
            ),
        ),
    )


def _socket(points: FloatArray) -> FloatArray:
    """Return the distance to the left acetabulum: half a bowl around the femoral head."""
    bowl = np.maximum(ellipsoid(points, _FEMORAL_HEAD, (33.0, 33.0, 33.0)), points[..., 0] - 88.0)
    return np.asarray(np.maximum(bowl, -ellipsoid(points, _FEMORAL_HEAD, (26.5, 26.5, 26.5))))


def _sacrum(points: FloatArray) -> FloatArray:
    """Return the distance to the sacrum, broader than deep."""
    path = ((0.0, 68.0, 38.0), (0.0, 79.0, 62.0), (0.0, 76.0, 95.0), (0.0, 56.0, 140.0))
    return tube(points * (0.45, 1.0, 1.0), path, (7.0, 11.0, 16.0, 22.0))


def bones() -> tuple[Solid, ...]:
    """Return the bones as cortex and then cancellous filling, with the cartilage of the symphysis."""
    cortex = Tissue.CORTICAL_BONE
    pubic_body = partial(box, centre=(11.0, -56.0, 6.0), half=(9.0, 9.5, 17.0), rounding_mm=6.0)
    left = (
        Solid("acetabulum", cortex, _socket, _FEMORAL_HEAD, (33.0, 33.0, 33.0)),
        tube_solid(
            "ischium",
            cortex,
            ((74.0, 24.0, 40.0), (68.0, 30.0, 0.0), (60.0, 22.0, -38.0)),
            (13.0, 12.0, 15.0),
        ),
        tube_solid("ischial spine", cortex, ((66.0, 34.0, 26.0), (52.0, 40.0, 22.0)), (6.0, 2.5)),
        tube_solid(
            "superior pubic ramus",
            cortex,
            ((72.0, -30.0, 34.0), (40.0, -52.0, 20.0), (12.0, -58.0, 12.0)),
            (11.0, 7.5, 9.0),
        ),
        Solid("pubic body", cortex, pubic_body, (11.0, -56.0, 6.0), (9.0, 9.5, 17.0)),
        tube_solid(
            "inferior pubic ramus",
            cortex,
            ((14.0, -52.0, -8.0), (34.0, -22.0, -24.0), (56.0, 16.0, -38.0)),
            (6.5, 6.0, 9.0),
        ),
        tube_solid(
            "ilium", cortex, ((84.0, 6.0, 62.0), (92.0, 18.0, 90.0), (100.0, 20.0, 140.0)), (13.0, 9.0, 7.0)
        ),
        tube_solid("greater sciatic notch", cortex, ((84.0, 6.0, 66.0), (66.0, 46.0, 100.0)), (10.0, 10.0)),
        ellipsoid_solid("femoral head", cortex, _FEMORAL_HEAD, (24.0, 24.0, 24.0)),
        tube_solid("femoral neck", cortex, (_FEMORAL_HEAD, (128.0, 4.0, 14.0)), (15.0, 15.0)),
        tube_solid(
            "femur",
            cortex,
            ((134.0, 10.0, 26.0), (130.0, 6.0, -10.0), (122.0, 0.0, -120.0)),
            (13.0, 16.0, 14.0),
        ),
    )
    parts = (
        *both_sides(*left),
        tube_solid("coccyx", cortex, ((0.0, 57.0, 21.0), (0.0, 68.0, 36.0)), (4.5, 7.0)),
        Solid("sacrum", cortex, _sacrum, (0.0, 70.0, 95.0), (55.0, 40.0, 80.0)),
    )
    symphysis = partial(box, centre=(0.0, -56.0, 6.0), half=(2.6, 8.5, 16.0), rounding_mm=2.0)
    return (
        *parts,
        *(shrunk(part, _CORTEX_MM, f"marrow of {part.name}", Tissue.CANCELLOUS_BONE) for part in parts),
        Solid("symphysis", Tissue.CARTILAGE, symphysis, (0.0, -56.0, 6.0), (2.6, 8.5, 16.0)),
    )
