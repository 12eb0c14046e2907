"""Where the landmarks of the phantom's pelvis lie, from the solids that are painted; body frame, mm."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import brentq

from gist_imaging.phantom.distances import Point, tube
from gist_imaging.phantom.organs import SLING, SLING_RADII_MM, organs
from gist_imaging.phantom.pelvis import ANAL_VERGE, ANORECTAL_JUNCTION, COCCYX, PUBIC_POINT, PelvisPhantom

__all__ = ["landmarks_body", "rectal_wall_body"]

# The last 2.5 mm of the ischial spine's tube are its round tip.
_SPINE_BASE, _SPINE_END, _SPINE_RADIUS_MM = (66.0, 34.0, 26.0), (52.0, 40.0, 22.0), 2.5
# The foremost point of the sacrum's uppermost part: its tube is 22 mm thick around (0, 56, 140).
_PROMONTORY: Point = (0.0, 34.0, 140.0)
_FEMORAL_HEAD: Point = (92.0, -10.0, 36.0)
# The back wall of the rectum is marked at the junction, and 25 mm above it for its direction.
_WALL_Z_MM = (ANORECTAL_JUNCTION[2], ANORECTAL_JUNCTION[2] + 25.0)
_RECTUM = "rectum, muscularis propria"


def landmarks_body() -> Mapping[str, Point]:
    """Return the landmarks by name; left is the patient's left, + x."""
    towards = np.subtract(_SPINE_END, _SPINE_BASE)
    spine = _point(_SPINE_END + _SPINE_RADIUS_MM * towards / np.linalg.norm(towards))
    inner = _puborectalis_inner()
    return {
        "anal_verge": ANAL_VERGE,
        "anorectal_junction": ANORECTAL_JUNCTION,
        "inferior_pubic_point": PUBIC_POINT,
        "last_coccygeal_joint": COCCYX,
        "sacral_promontory": _PROMONTORY,
        "ischial_spine_left": spine,
        "ischial_spine_right": _mirrored(spine),
        "puborectalis_posterior": _sling_behind(),
        "puborectalis_left": inner,
        "puborectalis_right": _mirrored(inner),
        "femoral_head_left": _FEMORAL_HEAD,
        "femoral_head_right": _mirrored(_FEMORAL_HEAD),
    }


def rectal_wall_body(phantom: PelvisPhantom) -> Mapping[str, Point]:
    """Return both landmarks on the back wall of the rectum, which the tumour pushes aside."""
    rectum = next(solid for solid in organs(phantom) if solid.name == _RECTUM)

    def behind(z: float) -> Point:
        x, axis = phantom.rectal_axis(z).tolist()
        return (x, float(brentq(lambda y: float(rectum.distance(np.array([x, y, z]))), axis, 80.0)), z)

    at, above = (behind(z) for z in _WALL_Z_MM)
    return {"rectal_wall_posterior": at, "rectal_wall_posterior_upper": above}


def _sling_behind() -> Point:
    """Return the inner edge of the sling behind the junction, in the midline."""
    x, y, z = SLING[-1]
    return (x, float(brentq(lambda at: _sling(x, at, z), ANORECTAL_JUNCTION[1], y)), z)


def _puborectalis_inner() -> Point:
    """Return the inner edge of the left limb at the inferior pubic point's height, where it is widest."""
    x, y, z = max(SLING, key=lambda point: point[0])
    return (float(brentq(lambda at: _sling(at, y, PUBIC_POINT[2]), 0.0, x)), y, z)


def _sling(x: float, y: float, z: float) -> float:
    """Return the distance of a place to the left half of the sling."""
    return float(tube(np.array([x, y, z]), SLING, SLING_RADII_MM))


def _mirrored(point: Point) -> Point:
    x, y, z = point
    return (-x, y, z)


def _point(values: np.typing.ArrayLike) -> Point:
    x, y, z = np.asarray(values, dtype=np.float64).tolist()
    return (x, y, z)
