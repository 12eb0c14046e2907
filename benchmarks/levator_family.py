"""How near the truth strokes, sheet and relation come on pelves whose answers are known.

    python benchmarks/levator_family.py [--members 48] [--strokes 6] [--noise 0.5] [--image] [--json FILE]

Half of the members are CT (axial, 256 x 256 of 1.5 mm), half T2 MR (256 x 256 of 0.78 mm; half of these
across the anal canal, half coronal along it), all with slices of 3.3 mm, patients turned by up to 10 degrees,
tumours of 15 to 112 mm. Of every 8 members one is clear, one abutted, one invaded, five displaced by 2 to
15 mm. On each side a reader draws the given number of strokes: the true middle of the muscle on acquired
slices, a click every 5 mm, each click off by the given standard deviation along both axes of the slice; the
thickness is stated to half a millimetre. From that come the sheet (`levator_surface`), and with the tumour's
mask and the true landmarks the relation (M1, M2 and M3 of `anatomy/relation.py`). `--image` renders the scan
too and takes the thickness from it.

"from the truth" in the table is the same relation from the true sheets and a mesh of the true tumour: what is
left when reading is perfect.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, cKDTree

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.levator import levator_surface
from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import contact_of, overlap_volume
from gist_imaging.anatomy.relation_mirror import mirrored, surface_shift
from gist_imaging.anatomy.relation_scene import RelationScene
from gist_imaging.anatomy.surface import LevatorSurface, TriangleMesh
from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.family import FamilyMember, pelvis_family
from gist_imaging.phantom.family_strokes import reader_strokes
from gist_imaging.phantom.family_truth import FamilyTruth, known, true_surface
from gist_imaging.phantom.family_tumour import surface_of

SIDES = ("L", "R")
METRICS = ("m1", "area", "p95", "mean", "max", "volume", "overlap")
DISPLACED_FROM_MM = 5.0
SURE_FROM_MM, SURE_NOT_BELOW_MM = 6.0, 4.0
DISPLACEMENTS_MM = (2.0, 6.0, 7.0, 8.0, 9.0, 3.0, 10.0, 6.5, 12.0, 7.5, 4.0, 15.0, 8.5, 6.2, 11.0)
RELATIONS = ("displaced", "clear", "displaced", "abutted", "displaced", "invaded", "displaced", "displaced")


@dataclass(frozen=True)
class Reading:
    """What came out for one member."""

    row: dict[str, Any]
    surface_mm: np.ndarray


def member_of(number: int) -> tuple[FamilyMember, str]:
    modality = "CT" if number % 2 == 0 else "MR"
    relation = RELATIONS[(number // 2) % len(RELATIONS)]
    chosen = DISPLACEMENTS_MM[(number // 2 * 7 + number) % len(DISPLACEMENTS_MM)]
    displacement = chosen if relation == "displaced" else None
    plane = "axial" if modality == "CT" else ("oblique", "coronal")[number // 4 % 2]
    member = pelvis_family(1000 + number, modality=modality, relation=relation, displacement_mm=displacement)
    return member, plane


def drawn_surface(member, geometry, side, arguments, rng, volume) -> LevatorSurface:
    truth = true_surface(member, side, (81, 41))
    tree, thickness = cKDTree(truth.points_mm.reshape(-1, 3)), truth.thickness_mm.ravel()
    drawn = reader_strokes(
        member,
        geometry,
        side,
        n=arguments.strokes,
        noise_mm=arguments.noise,
        rng=rng if arguments.noise else None,
    )
    strokes = []
    for _, clicks in drawn:
        stated = float(np.round(2.0 * np.median(thickness[tree.query(clicks)[1]])) / 2.0)
        strokes.append(LevatorStroke(clicks, side, None if arguments.image else stated))
    return levator_surface(strokes, side=side, volume=volume)[0]


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
    contact = contact_of(affected, tumour_surface, scene.tau)
    shift = surface_shift(affected.inner, mirrored(other.inner, mirror), tumour_surface)
    moved = shift.displacement(scene.tau, None)
    found = {
        "m1": contact.min_distance,
        "area": contact.area,
        "p95": moved.p95,
        "mean": moved.mean,
        "max": moved.largest,
        "volume": moved.volume,
    }
    if overlap and truth.invasion_word == "yes":
        found["overlap"] = overlap_volume(affected, tumour_surface, contact)
    return found


def read(number: int, arguments: argparse.Namespace) -> Reading:
    member, plane = member_of(number)
    truth = known(member)
    geometry = member.grid(plane, matrix=256, slices=40)
    rng = np.random.default_rng((number, 77))
    volume = member.volume(geometry) if arguments.image else None
    tumour = member.masks(geometry)["tumour"]
    begin = time.perf_counter()
    surfaces = {side: drawn_surface(member, geometry, side, arguments, rng, volume) for side in SIDES}
    drawn = time.perf_counter()
    found = relation_of(member, truth, tumour, surfaces, arguments.overlap)
    measured = time.perf_counter()
    perfect: dict[str, Metric] = {}
    if number % arguments.perfect_every == 1:
        sheets = {side: true_surface(member, side, (61, 41)) for side in SIDES}
        perfect = relation_of(member, truth, tumour_mesh(member), sheets, arguments.overlap, 1.0)
    offsets, beyond, ends = [], [], []
    for side in SIDES:
        off = member.sheet(side).offset_mm(member.phantom.to_body(surfaces[side].points_mm.reshape(-1, 3)))
        offsets.append(np.abs(off[np.isfinite(off)]))
        beyond.append(np.mean(~np.isfinite(off)))
        whole = true_surface(member, side, (61, 41)).points_mm.reshape(-1, 3)
        ends.append(np.mean(cKDTree(surfaces[side].points_mm.reshape(-1, 3)).query(whole)[0] > 3.0))
    region = truth.contact
    row = {
        "number": number,
        "modality": member.modality,
        "plane": plane,
        "relation": member.plan.relation,
        "size_mm": truth.longest_3d_diameter_mm,
        "true_p95": region.p95_mm if region else 0.0,
        "true_mean": region.mean_mm if region else 0.0,
        "true_inner_p95": truth.inner_contact.p95_mm if truth.inner_contact else 0.0,
        "p95_reason": found["p95"].reason,
        "true_max": truth.whole.max_mm,
        "true_volume": truth.displaced_volume_mm3,
        "true_m1": truth.min_distance_mm,
        "true_area": truth.contact_area_mm2,
        "true_overlap": truth.overlap_volume_mm3,
        **{name: found[name].value if name in found else None for name in METRICS},
        **{f"perfect_{name}": perfect[name].value if name in perfect else None for name in METRICS},
        "surface_mean": [float(off.mean()) for off in offsets],
        "surface_p95": [float(np.percentile(off, 95)) for off in offsets],
        "beyond_truth": beyond,
        "not_covered": ends,
        "seconds": [drawn - begin, measured - drawn],
    }
    return Reading(row, np.concatenate(offsets))


def line(name: str, errors: list[float], unit: str) -> str:
    values = np.array(errors, dtype=float)
    if not len(values):
        return f"{name:36s} none"
    return (
        f"{name:36s} n {len(values):3d}  bias {values.mean():+8.2f}"
        f"  mean |error| {np.abs(values).mean():8.2f}"
        f"  p95 {np.percentile(np.abs(values), 95):8.2f}  worst {np.abs(values).max():8.2f} {unit}"
    )


def differences(rows: list[dict[str, Any]], found: str, truth: str) -> list[float]:
    return [row[found] - row[truth] for row in rows if row[found] is not None]


def table(rows: list[dict[str, Any]]) -> None:
    touching = [row for row in rows if row["true_area"] > 0.0]
    for word, chosen in (
        ("all", touching),
        ("CT", [row for row in touching if row["modality"] == "CT"]),
        ("MR", [row for row in touching if row["modality"] == "MR"]),
        ("truly displaced by 6 mm or more", [row for row in touching if row["true_p95"] >= SURE_FROM_MM]),
    ):
        print(line(f"M3 p95, {word}", differences(chosen, "p95", "true_p95"), "mm"))
    print(line("M3 p95 from the truth", differences(touching, "perfect_p95", "true_inner_p95"), "mm"))
    print(line("M3 mean", differences(touching, "mean", "true_mean"), "mm"))
    print(line("M3 max over the sheet", differences(rows, "max", "true_max"), "mm"))
    print(line("M3 max from the truth", differences(rows, "perfect_max", "true_max"), "mm"))
    print(line("displaced volume", differences(rows, "volume", "true_volume"), "mm3"))
    print(line("displaced volume from the truth", differences(rows, "perfect_volume", "true_volume"), "mm3"))
    print(line("M1", differences(rows, "m1", "true_m1"), "mm"))
    print(line("M1 from the truth", differences(rows, "perfect_m1", "true_m1"), "mm"))
    print(line("M2 area", differences(rows, "area", "true_area"), "mm2"))
    print(line("M2 area from the truth", differences(rows, "perfect_area", "true_area"), "mm2"))
    invaded = [row for row in rows if row["relation"] == "invaded"]
    print(line("overlap, invaded", differences(invaded, "overlap", "true_overlap"), "mm3"))
    print(
        line(
            "overlap, invaded, from the truth", differences(invaded, "perfect_overlap", "true_overlap"), "mm3"
        )
    )
    yes = [row for row in rows if row["true_p95"] >= SURE_FROM_MM]
    no = [row for row in rows if row["true_p95"] <= SURE_NOT_BELOW_MM]
    right_yes = sum(row["p95"] is not None and row["p95"] >= DISPLACED_FROM_MM for row in yes)
    right_no = sum(row["p95"] is None or row["p95"] < DISPLACED_FROM_MM for row in no)
    print(f"displaced, truly by >= {SURE_FROM_MM} mm: called so {right_yes} of {len(yes)}")
    print(f"displaced, truly by <= {SURE_NOT_BELOW_MM} mm: called not so {right_no} of {len(no)}")
    means = np.array([mean for row in rows for mean in row["surface_mean"]])
    tails = np.array([p95 for row in rows for p95 in row["surface_p95"]])
    print(
        f"sheet from strokes: mean error {means.mean():.2f} mm over {len(means)} sides, worst side "
        f"{means.max():.2f}, at most 1 mm in {int((means <= 1.0).sum())}; "
        f"p95 within a side {tails.mean():.2f} mm"
    )
    covered = np.array([share for row in rows for share in row["not_covered"]])
    print(f"part of the true sheet farther than 3 mm from the drawn one: {100 * covered.mean():.0f} %")
    seconds = np.array([row["seconds"] for row in rows])
    print(f"seconds a member: both sheets {seconds[:, 0].mean():.1f}, relation {seconds[:, 1].mean():.1f}")


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
    parser.add_argument("--json", type=Path, help="a line of JSON for each member")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for number in range(arguments.first, arguments.first + arguments.members):
        try:
            row = read(number, arguments).row
        except GistImagingError as error:
            print(f"{number}: {error}", flush=True)
            continue
        rows.append(row)
        if arguments.json:
            with arguments.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, default=float) + "\n")
        print(
            f"{number:3d} {row['modality']} {row['plane']:7s} {row['relation']:9s} {row['size_mm']:5.0f} mm  "
            f"M3 p95 {row['true_p95']:5.2f} -> {row['p95'] if row['p95'] is not None else np.nan:5.2f} "
            f"M1 {row['true_m1']:5.2f} -> {row['m1']:5.2f}  sheet {max(row['surface_mean']):.2f} mm",
            flush=True,
        )
    table(rows)


if __name__ == "__main__":
    main()
