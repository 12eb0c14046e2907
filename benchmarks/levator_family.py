"""How near the truth strokes, sheet and relation come on pelves whose answers are known.

    python benchmarks/levator_family.py [--members 48] [--strokes 6] [--noise 0.5] [--image] [--json FILE]
                                        [--cache FOLDER]

Half of the members are CT (axial, 256 x 256 of 1.5 mm), half T2 MR (256 x 256 of 0.78 mm; half of these
across the anal canal, half coronal along it), all with slices of 3.3 mm, patients turned by up to 10 degrees,
tumours of 15 to 112 mm. Of every 8 members one is clear, one abutted, one invaded, five displaced by 2 to
15 mm. On each side a reader draws the given number of strokes: the true middle of the muscle on acquired
slices, a click every 5 mm, each click off by the given standard deviation along both axes of the slice; the
thickness is stated to half a millimetre. From that come the sheet (`levator_surface`), and with the tumour's
mask and the true landmarks the relation (M1, M2 and M3 of `anatomy/relation.py`). `--image` renders the scan
too and takes the thickness from it.

Rows of the table:

- masks: tumour and both muscles as masks on the same 3.3 mm slices
- strokes: the sheets from strokes beside the tumour's mask
- strokes + 1: one more stroke on the affected side, on the slice that the note of M1 names
- from the truth: true sheets and a mesh of the true tumour; what is left when reading is perfect

M2 area and M3 are compared with the truth of the same definition: M3 between the inner faces, where the
true inner face lies within the contact distance that was used. Whether a member is displaced is decided by
the true displacement of the middle of the muscle within 1 mm of the tumour.
"""

from __future__ import annotations

import argparse
import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, cKDTree

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.levator import levator_surface
from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import SURFACE_ERROR_MM, contact_of, overlap_volume
from gist_imaging.anatomy.relation_error import distance_with_error, sheet_error_mm, shift_with_error
from gist_imaging.anatomy.relation_mirror import mirrored, surface_shift
from gist_imaging.anatomy.relation_scene import RelationScene
from gist_imaging.anatomy.surface import LevatorSurface, TriangleMesh
from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.family import FamilyMember, pelvis_family
from gist_imaging.phantom.family_drape import tumour_distance, weighted_percentile
from gist_imaging.phantom.family_strokes import reader_strokes, true_line
from gist_imaging.phantom.family_truth import FamilyTruth, known, true_surface
from gist_imaging.phantom.family_tumour import surface_of
from gist_imaging.spatial import Mask

SIDES = ("L", "R")
EXACT = "from the truth"
DISPLACED_FROM_MM = 5.0
SURE_FROM_MM, SURE_NOT_BELOW_MM = 6.0, 4.0
DISPLACEMENTS_MM = (2.0, 6.0, 7.0, 8.0, 9.0, 3.0, 10.0, 6.5, 12.0, 7.5, 4.0, 15.0, 8.5, 6.2, 11.0)
RELATIONS = ("displaced", "clear", "displaced", "abutted", "displaced", "invaded", "displaced", "displaced")


def member_of(number: int) -> tuple[FamilyMember, str]:
    modality = "CT" if number % 2 == 0 else "MR"
    relation = RELATIONS[(number // 2) % len(RELATIONS)]
    chosen = DISPLACEMENTS_MM[(number // 2 * 7 + number) % len(DISPLACEMENTS_MM)]
    displacement = chosen if relation == "displaced" else None
    plane = "axial" if modality == "CT" else ("oblique", "coronal")[number // 4 % 2]
    member = pelvis_family(1000 + number, modality=modality, relation=relation, displacement_mm=displacement)
    return member, plane


@dataclass(frozen=True)
class Case:
    """One member as a reader finds it."""

    member: FamilyMember
    plane: str
    truth: FamilyTruth
    masks: dict[str, Mask]
    strokes: dict[str, list[tuple[int, np.ndarray]]]


def case_of(number: int, arguments: argparse.Namespace) -> Case:
    """Return a member with its masks and strokes; `--cache` keeps them, for they take longest."""
    name = f"{number}-{arguments.strokes}-{arguments.noise:g}.pickle"
    kept = None if arguments.cache is None else arguments.cache / name
    if kept is not None and kept.exists():
        return Case(*pickle.loads(kept.read_bytes()))
    member, plane = member_of(number)
    geometry = member.grid(plane, matrix=256, slices=40)
    rng = np.random.default_rng((number, 77))
    strokes = {
        side: list(
            reader_strokes(
                member,
                geometry,
                side,
                n=arguments.strokes,
                noise_mm=arguments.noise,
                rng=rng if arguments.noise else None,
            )
        )
        for side in SIDES
    }
    masks = member.masks(geometry)
    held = {name: masks[name] for name in ("tumour", "levator_ani_left", "levator_ani_right")}
    case = Case(member, plane, known(member), held, strokes)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        parts = (case.member, case.plane, case.truth, case.masks, case.strokes)
        kept.write_bytes(pickle.dumps(parts))
    return case


def drawn_surface(case: Case, side: str, strokes, volume) -> LevatorSurface:
    truth = true_surface(case.member, side, (81, 41))
    tree, thickness = cKDTree(truth.points_mm.reshape(-1, 3)), truth.thickness_mm.ravel()
    drawn = []
    for _, clicks in strokes:
        stated = float(np.round(2.0 * np.median(thickness[tree.query(clicks)[1]])) / 2.0)
        drawn.append(LevatorStroke(clicks, side, stated if volume is None else None))
    return levator_surface(drawn, side=side, volume=volume)[0]


def with_one_more(case: Case, strokes, point_mm, noise_mm: float, rng) -> list[tuple[int, np.ndarray]]:
    """Return the strokes of the affected side and one on the free slice nearest to a point."""
    geometry = case.masks["tumour"].geometry
    wanted = float(geometry.to_index(np.asarray([point_mm]))[0, 0])
    used = {k for k, _ in strokes}
    for k in sorted(set(range(geometry.shape[0])) - used, key=lambda k: abs(k - wanted)):
        line_mm = true_line(case.member, geometry, case.member.side, k)
        lengths = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(line_mm, axis=0), axis=1)))
        if lengths[-1] >= 12.0:
            at = np.linspace(0.0, lengths[-1], max(round(lengths[-1] / 5.0), 1) + 1)
            clicks = np.stack([np.interp(at, lengths, line_mm[:, axis]) for axis in range(3)], axis=1)
            shake = noise_mm * rng.standard_normal((len(clicks), 2)) @ geometry.axes[:, 1:].T
            return [*strokes, (k, clicks + shake)]
    return strokes


def true_region(member: FamilyMember, tau_mm: float) -> tuple[float, float]:
    """Return the true M3 p95 between inner faces, and M2's area, at a contact distance."""
    sheet, healthy = member.scene.affected, member.scene.healthy
    inner = sheet.parts((240, 140), share=-1.0)
    touched = tumour_distance(member.scene.tumour, inner.points) <= tau_mm
    field = healthy.offset_mm(inner.points[touched]) + float(healthy.thickness_mm[0, 0]) / 2.0
    opposite = np.isfinite(field)
    area = float(inner.weights[touched].sum())
    if not opposite.any():
        return 0.0, area
    return weighted_percentile(field[opposite], inner.weights[touched][opposite], 95.0), area


def tumour_mesh(member: FamilyMember) -> TriangleMesh:
    points, normals = surface_of(member.phantom.tumour, 4000)
    number = np.arange(4000) + 0.5
    height, turn = 1.0 - 2.0 * number / 4000, np.pi * (1.0 + np.sqrt(5.0)) * number
    across = np.sqrt(1.0 - height**2)
    triangles = ConvexHull(np.stack([across * np.cos(turn), across * np.sin(turn), height], 1)).simplices
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    wrong = np.einsum("nc,nc->n", np.cross(b - a, c - a), normals[triangles[:, 0]]) < 0.0
    triangles[wrong] = triangles[wrong][:, ::-1]
    return TriangleMesh(member.phantom.to_patient(points), triangles)


def relation_of(member, truth: FamilyTruth, tumour, levator, overlap: bool, tau_mm=None) -> dict[str, Metric]:
    """M1, M2, M3, and on request the overlap of a truly invading tumour, as `measure_relation` finds them."""
    landmarks = Landmarks.of(truth.landmarks_mm)
    scene = RelationScene(tumour, levator, side=member.side, landmarks=landmarks, tau_mm=tau_mm)
    mirror, tumour_surface = scene.mirror, scene.tumour_surface
    if isinstance(mirror, str) or isinstance(tumour_surface, str):
        raise SystemExit(f"{mirror}; {tumour_surface}")
    affected, other = (scene.sides[side] for side in (mirror.side, mirror.other))
    of_sheet = sheet_error_mm(scene, mirror.side)
    contact = contact_of(affected, tumour_surface, scene.tau, of_sheet or SURFACE_ERROR_MM)
    smooth = affected.smooth and other.smooth
    shift = surface_shift(affected.inner, mirrored(other.inner, mirror), tumour_surface, smooth)
    moved = shift.displacement(scene.tau, None)
    m1 = distance_with_error(scene, contact, affected, tumour_surface)
    error = sheet_error_mm(scene, mirror.side, mirror.other)
    found = {
        "m1": m1,
        "area": contact.area,
        "p95": shift_with_error(moved.p95, error, max(0.0, -m1.value)),
        "mean": moved.mean,
        "max": moved.largest,
        "volume": moved.volume,
    }
    if overlap and truth.invasion_word == "yes":
        found["overlap"] = overlap_volume(affected, tumour_surface, contact)
    return found


def read(number: int, arguments: argparse.Namespace) -> dict[str, Any]:
    case = case_of(number, arguments)
    member, truth, tumour = case.member, case.truth, case.masks["tumour"]
    rng = np.random.default_rng((number, 78))
    volume = member.volume(tumour.geometry) if arguments.image else None
    muscles = {"L": case.masks["levator_ani_left"], "R": case.masks["levator_ani_right"]}
    readings = {"masks": relation_of(member, truth, tumour, muscles, arguments.overlap)}
    surfaces = {side: drawn_surface(case, side, case.strokes[side], volume) for side in SIDES}
    readings["strokes"] = relation_of(member, truth, tumour, surfaces, arguments.overlap)
    nearest = readings["strokes"]["m1"].points_mm[0]
    more = with_one_more(case, case.strokes[member.side], nearest, arguments.noise, rng)
    again = {**surfaces, member.side: drawn_surface(case, member.side, more, volume)}
    readings["strokes + 1"] = relation_of(member, truth, tumour, again, False)
    if number % arguments.perfect_every == 1:
        sheets = {side: true_surface(member, side, (61, 41)) for side in SIDES}
        readings[EXACT] = relation_of(member, truth, tumour_mesh(member), sheets, arguments.overlap, 1.0)
    tau = max(1.0, float(np.linalg.norm(tumour.geometry.spacing_mm)) / 2.0)
    region, (at_tau, area) = truth.contact, true_region(member, tau)
    inner = truth.inner_contact.p95_mm if truth.inner_contact else 0.0
    return {
        "number": number,
        "modality": member.modality,
        "plane": case.plane,
        "relation": member.plan.relation,
        "size_mm": truth.longest_3d_diameter_mm,
        "true_class_mm": region.p95_mm if region else 0.0,
        "true_p95": {name: inner if name == EXACT else at_tau for name in readings},
        "true_max": truth.whole.max_mm,
        "true_volume": truth.displaced_volume_mm3,
        "true_m1": truth.min_distance_mm,
        "in_contact": truth.contact is not None,
        "true_area": {name: truth.contact_area_mm2 if name == EXACT else area for name in readings},
        "true_overlap": truth.overlap_volume_mm3,
        "found": {
            name: {key: (one.value, one.low, one.high) for key, one in reading.items()}
            for name, reading in readings.items()
        },
        "surface_mean": {
            "strokes": [off_truth(member, side, surfaces[side]) for side in SIDES],
            "strokes + 1": [off_truth(member, side, again[side]) for side in SIDES],
        },
        "not_covered": [not_covered(member, side, surfaces[side]) for side in SIDES],
    }


def off_truth(member: FamilyMember, side: str, surface: LevatorSurface) -> float:
    """Return the mean distance of a sheet from the true middle of the muscle, where that is."""
    off = member.sheet(side).offset_mm(member.phantom.to_body(surface.points_mm.reshape(-1, 3)))
    return float(np.abs(off[np.isfinite(off)]).mean())


def not_covered(member: FamilyMember, side: str, surface: LevatorSurface) -> float:
    """Return the part of the true sheet that lies farther than 3 mm from a drawn one."""
    whole = true_surface(member, side, (61, 41)).points_mm.reshape(-1, 3)
    return float(np.mean(cKDTree(surface.points_mm.reshape(-1, 3)).query(whole)[0] > 3.0))


def line(name: str, errors: list[float], unit: str) -> str:
    values = np.array(errors, dtype=float)
    if not len(values):
        return f"{name:44s} none"
    size = np.abs(values)
    within = f"  within 1 mm {int((size <= 1.0).sum()):2d}" if unit == "mm" else ""
    return (
        f"{name:44s} n {len(values):3d}  bias {values.mean():+8.2f}  mean |error| {size.mean():7.2f}"
        f"  p95 {np.percentile(size, 95):7.2f}  worst {size.max():7.2f} {unit}{within}"
    )


def differences(rows: list[dict[str, Any]], reading: str, metric: str, truth: str) -> list[float]:
    """Return found - true of one metric for the rows that have it."""
    found = []
    for row in rows:
        value = row["found"].get(reading, {}).get(metric, (None,))[0]
        if value is not None:
            found.append(value - true_of(row, truth, reading))
    return found


def true_of(row: dict[str, Any], truth: str, reading: str) -> float:
    """Return the true number, at the contact distance of the reading where that matters."""
    held = row[truth]
    return held[reading] if isinstance(held, dict) else held


def covered(rows: list[dict[str, Any]], reading: str, metric: str, truth: str) -> str:
    """Return in how many rows the printed interval holds the truth."""
    hits = []
    for row in rows:
        _, low, high = row["found"][reading][metric]
        if low is not None and high is not None:
            hits.append(low <= true_of(row, truth, reading) <= high)
    return f"{sum(hits)} of {len(hits)}"


def table(rows: list[dict[str, Any]]) -> None:
    touching = [row for row in rows if row["in_contact"]]
    groups = {
        "all in contact": touching,
        "CT": [row for row in touching if row["modality"] == "CT"],
        "MR": [row for row in touching if row["modality"] == "MR"],
        "displaced by 6 mm or more": [row for row in touching if row["true_class_mm"] >= SURE_FROM_MM],
    }
    drawn = ("masks", "strokes", "strokes + 1")
    for reading in drawn:
        for word, chosen in groups.items():
            print(line(f"M3 p95, {reading}, {word}", differences(chosen, reading, "p95", "true_p95"), "mm"))
    print(line(f"M3 p95, {EXACT}", differences(touching, EXACT, "p95", "true_p95"), "mm"))
    for metric, truth, unit in (
        ("max", "true_max", "mm"),
        ("volume", "true_volume", "mm3"),
        ("m1", "true_m1", "mm"),
        ("area", "true_area", "mm2"),
    ):
        for reading in (*drawn, EXACT):
            print(line(f"{metric}, {reading}", differences(rows, reading, metric, truth), unit))
    invaded = [row for row in rows if row["relation"] == "invaded"]
    for reading in ("masks", "strokes", EXACT):
        errors = differences(invaded, reading, "overlap", "true_overlap")
        if errors:
            print(line(f"overlap, invaded, {reading}", errors, "mm3"))
    yes = [row for row in rows if row["true_class_mm"] >= SURE_FROM_MM]
    no = [row for row in rows if row["true_class_mm"] <= SURE_NOT_BELOW_MM]
    for reading in drawn:
        right = [sum(called(row, reading) for row in yes), sum(not called(row, reading) for row in no)]
        print(
            f"{reading}: displaced by >= {SURE_FROM_MM} mm called so {right[0]} of {len(yes)}; "
            f"by <= {SURE_NOT_BELOW_MM} mm called not so {right[1]} of {len(no)}; "
            f"M1 in its interval {covered(rows, reading, 'm1', 'true_m1')}; "
            f"M3 p95 in its interval {covered(touching, reading, 'p95', 'true_p95')}; "
            f"area in its interval {covered(touching, reading, 'area', 'true_area')}"
        )
    for reading in ("strokes", "strokes + 1"):
        means = np.array([mean for row in rows for mean in row["surface_mean"][reading]])
        print(
            f"sheet from {reading}: mean error {means.mean():.2f} mm over {len(means)} sides, worst side "
            f"{means.max():.2f}, at most 1 mm in {int((means <= 1.0).sum())}"
        )
    missed = np.array([share for row in rows for share in row["not_covered"]])
    print(f"part of the true sheet farther than 3 mm from the drawn one: {100 * missed.mean():.0f} %")


def called(row: dict[str, Any], reading: str) -> bool:
    value = row["found"][reading]["p95"][0]
    return value is not None and value >= DISPLACED_FROM_MM


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=48)
    parser.add_argument("--first", type=int, default=0, help="number of the first member")
    parser.add_argument("--strokes", type=int, default=6)
    parser.add_argument("--noise", type=float, default=0.5, help="mm")
    parser.add_argument("--perfect-every", type=int, default=5, help="relation from the truth for so many")
    parser.add_argument("--image", action="store_true", help="thickness from the rendered scan")
    parser.add_argument("--overlap", action="store_true", help="slow: the volume of overlap too")
    parser.add_argument("--cache", type=Path, help="folder that keeps masks and strokes of the members")
    parser.add_argument("--json", type=Path, help="a line of JSON for each member")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for number in range(arguments.first, arguments.first + arguments.members):
        try:
            row = read(number, arguments)
        except GistImagingError as error:
            print(f"{number}: {error}", flush=True)
            continue
        rows.append(row)
        if arguments.json:
            with arguments.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, default=float) + "\n")
        told = "  ".join(
            f"{name} {row['true_p95'][name]:5.2f} -> {found['p95'][0] or np.nan:5.2f}, "
            f"M1 {found['m1'][0]:5.2f}"
            for name, found in row["found"].items()
        )
        print(
            f"{number:3d} {row['modality']} {row['plane']:7s} {row['relation']:9s} {row['size_mm']:4.0f} mm  "
            f"M3 p95 {told}  sheet {max(row['surface_mean']['strokes']):.2f} mm",
            flush=True,
        )
    table(rows)


if __name__ == "__main__":
    main()
