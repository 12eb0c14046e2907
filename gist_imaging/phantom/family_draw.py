"""The family's members as they are drawn: pelvic floor, tumour, and how they lie to each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.spatial.transform import Rotation

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.distances import Point, box
from gist_imaging.phantom.family_drape import draped, pushed_to, resting_sheet, slid_to_gap
from gist_imaging.phantom.family_funnel import Funnel
from gist_imaging.phantom.family_sheet import LevatorPair, LevatorSheet
from gist_imaging.phantom.family_tumour import LobedTumour, surface_of
from gist_imaging.phantom.frame import bones
from gist_imaging.phantom.tissues import Appearance
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["SIZES_MM", "FamilyPlan", "Relation", "Scene", "drawn_scene", "treated_scene"]

Relation = Literal["clear", "abutted", "displaced", "invaded"]

SIZES_MM = (15.0, 112.0)
"""Longest diameters of the published rectal GISTs (Jiang 2013: 15 to 112 mm, mean 57)."""
SHRINKAGE = (0.54, 0.77)
"""Diameter after imatinib as a part of that before: three cohorts, 0.54, 0.69 and 0.77."""
_TRIES = 40
_LOBED_FROM_MM = 50.0
_MISFIT_MM = 0.4


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What is asked of a member; None is drawn.

    Parameters
    ----------
    relation : of the tumour to the levator ani of its side
    displacement_mm : 95th percentile, over the contact region, of the muscle's displacement
    gap_mm : of a clear tumour to the inner face of the muscle
    invasion_mm : how deep an invading tumour lies in the muscle
    longest_mm : longest diameter, about
    asymmetry_mm : how far the affected side's resting sheet swings about the healthy side's mirror image
    """

    relation: Relation
    displacement_mm: float | None = None
    gap_mm: float | None = None
    invasion_mm: float | None = None
    longest_mm: float | None = None
    asymmetry_mm: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A pelvic floor with its tumour on the patient's left, body frame.

    Parameters
    ----------
    resting : the affected side before the tumour; with asymmetry it is not the mirror image of `healthy`
    affected : as it is
    healthy : the other side, as its mirror image on the left
    tumour : the tumour
    way : (3,) unit vector along which it was pushed: the resting normal at the middle of the contact
    invasion_mm : how deep it lies in the muscle, 0 where it does not
    """

    resting: LevatorSheet
    affected: LevatorSheet
    healthy: LevatorSheet
    tumour: LobedTumour
    way: FloatArray
    invasion_mm: float

    def pair(self, side: Literal["L", "R"]) -> LevatorPair:
        """Return both sheets with the tumour on that side."""
        if side == "L":
            return LevatorPair(self.affected, replace(self.healthy, sign=-1.0))
        return LevatorPair(self.healthy, replace(self.affected, sign=-1.0))

    def tumour_on(self, side: Literal["L", "R"]) -> LobedTumour:
        """Return the tumour on that side."""
        return self.tumour if side == "L" else self.tumour.mirrored()


def drawn_scene(rng: np.random.Generator, plan: FamilyPlan) -> Scene:
    """Return a scene that keeps to the plan and to the space that bones and the other side leave."""
    for _ in range(_TRIES):
        try:
            scene = _try(rng, plan)
        except GistImagingError:
            continue
        if scene is not None:
            return scene
    raise GistImagingError(
        "a pelvis has room for the tumour that was asked for",
        f"none of {_TRIES} tries found it for {plan}",
        "ask for a smaller tumour or less displacement",
    )


def treated_scene(rng: np.random.Generator, before: Scene) -> Scene:
    """Return the scene after imatinib: a smaller, less dense tumour, and the muscle where that lets it be."""
    factor = rng.uniform(*SHRINKAGE)
    shrunk = before.tumour.scaled(factor)
    tumour = replace(
        before.tumour,
        semi_axes_mm=shrunk.semi_axes_mm,
        viable=Appearance(float(rng.uniform(40.0, 55.0)), float(rng.uniform(3.2, 4.6))),
    )
    depth = factor * before.invasion_mm
    affected = draped(before.resting, tumour.moved(-depth * before.way))
    return replace(before, affected=affected, tumour=tumour, invasion_mm=depth)


def _try(rng: np.random.Generator, plan: FamilyPlan) -> Scene | None:
    thickness, thinning = float(rng.uniform(3.0, 4.6)), float(rng.uniform(0.05, 0.3))
    funnel = _funnel(rng)
    u, v = float(rng.uniform(0.4, 0.68)), float(rng.uniform(0.38, 0.6))
    healthy = resting_sheet(funnel, thickness)
    resting = _swung(
        resting_sheet(funnel, thickness, _thinning(plan, thinning), (u, v)), plan.asymmetry_mm, rng
    )
    displacement = _displacement(rng, plan)
    invasion = _invasion(rng, plan)
    gap = _gap(rng, plan)
    tumour = _tumour(rng, plan, displacement, funnel.normals(u, v))
    way, at = resting.normals(u, v), resting.points(u, v)
    reach = float((surface_of(tumour)[0] @ way).max())
    tumour = tumour.moved(at - (reach + thickness / 2.0 + 1.0) * way)
    affected = resting
    if displacement > 0.0:
        affected, tumour = pushed_to(resting, tumour, way, displacement)
    placed = slid_to_gap(affected, tumour, way, -invasion if invasion else gap)
    slid = float((np.subtract(placed.centre_mm, tumour.centre_mm)) @ way)
    if displacement > 0.0 and abs(slid - invasion) > _MISFIT_MM + 0.5 * invasion:
        # The muscle could not follow the tumour everywhere: it is held at its edges.
        return None
    scene = Scene(resting, affected, healthy, placed, way, invasion)
    return scene if _has_room(scene) else None


def _funnel(rng: np.random.Generator) -> Funnel:
    return Funnel(
        heights_mm=(-10.0, float(rng.uniform(27.0, 31.0))),
        half_widths_mm=(float(rng.uniform(17.0, 19.0)), float(rng.uniform(47.0, 50.0))),
        backs_mm=(float(rng.uniform(14.0, 17.0)), float(rng.uniform(58.0, 62.0))),
        bow_mm=float(rng.uniform(4.0, 7.0)),
    )


def _thinning(plan: FamilyPlan, drawn: float) -> float:
    return drawn if plan.relation in ("displaced", "invaded") else 0.0


def _displacement(rng: np.random.Generator, plan: FamilyPlan) -> float:
    drawn = float(rng.uniform(6.0, 15.0))
    if plan.displacement_mm is not None:
        return plan.displacement_mm
    return drawn if plan.relation == "displaced" else 0.0


def _invasion(rng: np.random.Generator, plan: FamilyPlan) -> float:
    drawn = float(rng.uniform(2.0, 5.0))
    if plan.relation != "invaded":
        return 0.0
    return drawn if plan.invasion_mm is None else plan.invasion_mm


def _gap(rng: np.random.Generator, plan: FamilyPlan) -> float:
    drawn = float(rng.uniform(2.0, 8.0))
    if plan.relation != "clear":
        return 0.0
    return drawn if plan.gap_mm is None else plan.gap_mm


def _swung(sheet: LevatorSheet, asymmetry_mm: float, rng: np.random.Generator) -> LevatorSheet:
    """Return the sheet swung slowly in and out, by up to `asymmetry_mm`, as two sides of a person differ."""
    phase, tilt = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.6, 1.0)
    u, v = np.meshgrid(sheet.nodes_u, sheet.nodes_v, indexing="ij")
    swing = np.sin(np.pi * v) * np.cos(np.pi * tilt * u + phase) * np.sin(np.pi * np.minimum(u + 0.25, 1.0))
    return replace(sheet, field_mm=asymmetry_mm * swing)


def _tumour(
    rng: np.random.Generator, plan: FamilyPlan, displacement: float, outward: FloatArray
) -> LobedTumour:
    """Return a tumour at 0 whose long axis leads from the muscle upwards into the pelvis, more or less."""
    smallest = max(SIZES_MM[0], 3.2 * displacement, 4.0 * (plan.invasion_mm or 0.0))
    drawn = float(np.clip(rng.gamma(4.6, 12.3), smallest, SIZES_MM[1]))
    longest = drawn if plan.longest_mm is None else plan.longest_mm
    widest = min(0.95, 64.0 / longest)
    middle = float(rng.uniform(0.68, 1.0)) * widest * longest / 2.0
    shortest = float(rng.uniform(0.78, 1.0)) * middle
    upright = min(longest / 80.0, 1.0)
    along = -outward + upright * np.array([-0.1, -0.05, 0.9]) + 0.25 * rng.standard_normal(3)
    across = np.cross(along, rng.standard_normal(3))
    frame = np.stack([along, across, np.cross(along, across)], axis=1)
    turn = Rotation.from_matrix(frame / np.linalg.norm(frame, axis=0))
    lobe = float(rng.uniform(0.06, 0.18)) if longest > _LOBED_FROM_MM and rng.random() < 0.75 else 0.0
    necrotic = rng.random() < (0.75 if longest > _LOBED_FROM_MM else 0.12)
    core = float(rng.uniform(0.3, 0.65)) if necrotic else 0.0
    return LobedTumour(
        (0.0, 0.0, 0.0),
        (longest / 2.0, middle, shortest),
        _angles(turn),
        Appearance(float(rng.uniform(70.0, 82.0)), float(rng.uniform(2.1, 2.9))),
        core,
        Appearance(float(rng.uniform(12.0, 24.0)), float(rng.uniform(8.0, 11.0))),
        lobe,
        _angles(Rotation.from_quat(rng.standard_normal(4))),
    )


def _angles(turn: Rotation) -> Point:
    x, y, z = turn.as_euler("xyz", degrees=True).tolist()
    return (x, y, z)


def _has_room(scene: Scene) -> bool:
    """Whether the tumour keeps clear of bone, of the side wall, of the other side, and within the sheet."""
    points = surface_of(scene.tumour, 2000)[0]
    inner = float(scene.healthy.thickness_mm[0, 0]) / 2.0 + 1.5
    low, high = scene.healthy.funnel.heights_mm
    other = points[(points[:, 0] < 3.0) & (points[:, 2] < high)]
    if len(other) and scene.healthy.funnel.distance(other).max() > -inner:
        return False
    if points[:, 2].min() < low - 8.0 or points[points[:, 2] < high, 1].min(initial=0.0) < -31.0:
        return False
    side_wall = box(points, (57.5, -4.0, 16.0), (7.5, 34.0, 38.0), 7.0)
    bare = min(float(solid.distance(points).min()) for solid in bones() if "marrow" not in solid.name)
    edge = scene.affected.field_mm - scene.resting.field_mm
    wall = scene.affected.points(*np.meshgrid(np.linspace(0, 1, 30), np.linspace(0, 0.3, 10)))
    muscle_in_bone = box(wall.reshape(-1, 3), (60.0, -4.0, 16.0), (7.5, 34.0, 38.0), 7.0).min()
    return bool(side_wall.min() > 0.5 and bare > 0.5 and muscle_in_bone > 0.0 and edge[:, 1].max() < 2.5)
