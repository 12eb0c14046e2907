"""How near the truth two visits are brought together, whether the stated error holds, and how long it takes.

    python benchmarks/registration.py [--pairs 20] [--peer 3] [--real FOLDER]

Phantom pairs: random patients, each visit in its own frame, pose (up to 7 degrees about each axis) and field
of view (shifted by up to 20 mm); the tumour changes between the visits. The true transform follows from the
poses. Targets are 14 points of the bony pelvis. `--peer` runs SimpleITK's Mattes registration on the first
pairs, beside ours. `--real` adds the folder of real scans: T2 planes of one session, one scan split into two
(even and odd slices) with a known turn, and two ADC maps four months apart.
"""

from __future__ import annotations

import argparse
import itertools
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import SimpleITK

from gist_imaging import load_series, scan_folder
from gist_imaging.errors import RegistrationError
from gist_imaging.measure.overlap import dice
from gist_imaging.phantom import PelvisPhantom, random_patient
from gist_imaging.phantom.grids import axial_grid, canal_grid
from gist_imaging.segment.propagate import propagate
from gist_imaging.spatial import Geometry, Mask, Volume
from gist_imaging.spatial.register import RigidTransform, register
from gist_imaging.spatial.register_fit import rotation_of
from gist_imaging.spatial.register_picture import fit_picture

# Body frame: ischial spines, symphysis, coccyx, sacrum, femoral heads, tuberosities, ilia, pubic rami.
BONY_TARGETS = np.array(
    [
        (52.0, 40.0, 22.0),
        (-52.0, 40.0, 22.0),
        (0.0, -56.0, 6.0),
        (0.0, 57.0, 21.0),
        (0.0, 76.0, 95.0),
        (0.0, 79.0, 62.0),
        (92.0, -10.0, 36.0),
        (-92.0, -10.0, 36.0),
        (60.0, 22.0, -38.0),
        (-60.0, 22.0, -38.0),
        (92.0, 18.0, 90.0),
        (-92.0, 18.0, 90.0),
        (40.0, -52.0, 20.0),
        (-40.0, -52.0, 20.0),
    ]
)
MATRIX_AND_SLICES = {"CT": (256, 40), "MR": (192, 30)}
Visit = tuple[PelvisPhantom, Volume, Mask]


def phantom_pair(seed: int, modality: Literal["CT", "MR"]) -> tuple[Visit, Visit]:
    rng = np.random.default_rng(9000 + seed)
    matrix, slices = MATRIX_AND_SLICES[modality]
    visits: list[Visit] = []
    for visit in random_patient(seed, modality, matrix, slices).visits:
        phantom = replace(
            visit.phantom,
            origin_mm=tuple(rng.uniform(-300.0, 300.0, 3).tolist()),
            turn_deg=tuple(rng.uniform(-7.0, 7.0, 3).tolist()),
        )
        lay, middle = (axial_grid, (0.0, 2.0, 6.0)) if modality == "CT" else (canal_grid, (0.0, 14.0, 12.0))
        grid = lay(
            phantom,
            matrix=visit.scanner.matrix,
            slices=slices,
            pixel_mm=visit.scanner.pixel_mm,
            slice_mm=visit.scanner.slice_mm,
            frame_uid=f"1.2.826.0.1.{seed}.{len(visits)}",
            centre_body=tuple((np.asarray(middle) + rng.uniform(-20.0, 20.0, 3)).tolist()),
        )
        moved = replace(visit, phantom=phantom)
        visits.append((phantom, moved.volume(grid), moved.masks(grid)["tumour"]))
    return visits[0], visits[1]


def target_errors_mm(transform: RigidTransform, before: PelvisPhantom, after: PelvisPhantom) -> npt.NDArray:
    where = transform.apply(before.to_patient(BONY_TARGETS))
    return np.linalg.norm(where - after.to_patient(BONY_TARGETS), axis=1)


def unregistered_dice(before: Mask, after: Mask) -> float:
    """Return the Dice of the copy a reader has without registration: the same voxels of the other scan."""
    return dice(replace(before, geometry=after.geometry), after)


def rms(values: npt.NDArray) -> float:
    return float(np.sqrt(np.square(values).mean()))


def phantoms(modality: Literal["CT", "MR"], pairs: int, peer: int) -> None:
    print(f"\n{modality}: {pairs} phantom pairs")
    print(
        "seed   rms mm   max mm  stated  bound95  held      s  s SimpleITK  its rms mm   Dice  unregistered"
    )
    rows = []
    for seed in range(pairs):
        (before, fixed, mask), (after, moving, truth) = phantom_pair(seed, modality)
        began = time.perf_counter()
        try:
            transform = register(fixed, moving)
        except RegistrationError as failure:
            print(f"{seed:4d}   refused: {failure}")
            rows.append((np.inf, np.inf, 0.0, time.perf_counter() - began, 0.0, 0.0, 0.0))
            continue
        seconds = time.perf_counter() - began
        errors = target_errors_mm(transform, before, after)
        held = rms(errors) <= transform.error_95_mm
        registered = dice(propagate(mask, transform, moving.geometry), truth)
        plain = unregistered_dice(mask, truth)
        beside = " " * 24
        if seed < peer:
            theirs, their_seconds = simpleitk_mattes(fixed, moving)
            beside = f"{their_seconds:11.1f}  {rms(target_errors_mm(theirs, before, after)):10.2f} "
        print(
            f"{seed:4d} {rms(errors):8.2f} {errors.max():8.2f} {transform.error_mm:7.2f} "
            f"{transform.error_95_mm:8.2f}  {'yes' if held else 'NO ':4s} {seconds:6.1f} {beside} "
            f"{registered:5.3f}  {plain:5.3f}",
            flush=True,
        )
        rows.append(
            (rms(errors), errors.max(), held, seconds, registered, plain, transform.error_95_mm or 0.0)
        )
    table = np.array(rows, dtype=float)
    print(
        f"{modality}: bone target error rms median {np.median(table[:, 0]):.2f}, worst "
        f"{table[:, 0].max():.2f}, worst single target {table[:, 1].max():.2f} mm; "
        f"bound (median {np.median(table[:, 6]):.2f} mm) held in "
        f"{100 * table[:, 2].mean():.0f} %; {np.median(table[:, 3]):.1f} s (worst {table[:, 3].max():.1f}); "
        f"proposal's Dice {np.median(table[:, 4]):.3f} against {np.median(table[:, 5]):.3f} unregistered, "
        f"at least equal in {100 * (table[:, 4] >= table[:, 5]).mean():.0f} %"
    )


def simpleitk_mattes(
    fixed: Volume, moving: Volume, *, from_identity: bool = False
) -> tuple[RigidTransform, float]:
    """Return SimpleITK's answer (Mattes, 40 bins, 2 levels) from the scans' middles or the identity."""
    began = time.perf_counter()
    images = [_itk_image(volume) for volume in (fixed, moving)]
    start = SimpleITK.Euler3DTransform()
    start.SetCenter(fixed.geometry.corners_mm.mean(axis=0).tolist())
    if not from_identity:
        start = SimpleITK.CenteredTransformInitializer(
            *images, start, SimpleITK.CenteredTransformInitializerFilter.GEOMETRY
        )
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(40)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.1, 1)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 1e-3, 150)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, True)
    method.SetShrinkFactorsPerLevel([4, 2])
    method.SetSmoothingSigmasPerLevel([2.0, 1.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    found = method.Execute(*images)
    matrix = np.eye(4)
    matrix[:3, 3] = origin = np.array(found.TransformPoint((0.0, 0.0, 0.0)))
    for axis, unit in enumerate(np.eye(3) * 100.0):
        matrix[:3, axis] = (np.array(found.TransformPoint(unit.tolist())) - origin) / 100.0
    transform = RigidTransform(matrix, fixed.geometry.frame_uid, moving.geometry.frame_uid)
    return transform, time.perf_counter() - began


def _itk_image(volume: Volume) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(volume.voxels.astype(np.float32))
    image.SetSpacing(volume.geometry.spacing_mm[::-1])
    image.SetOrigin(volume.geometry.origin_mm)
    image.SetDirection(volume.geometry.axes[:, ::-1].ravel().tolist())
    return image


def loaded(folder: Path) -> Volume:
    return load_series(scan_folder(folder).series[0])


def lying_otherwise(volume: Volume, rng: np.random.Generator) -> tuple[Volume, npt.NDArray]:
    """Return the volume in another frame, turned and shifted, and the matrix that did it."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_of(np.radians(rng.uniform(-6.0, 6.0, 3)))
    middle = volume.geometry.corners_mm.mean(axis=0)
    matrix[:3, 3] = middle + rng.uniform(-200.0, 200.0, 3) - matrix[:3, :3] @ middle
    grid = Geometry(volume.geometry.shape, matrix @ volume.geometry.affine, "1.2.826.0.2")
    return replace(volume, geometry=grid), matrix


def every_other(volume: Volume, first: int) -> Volume:
    affine = volume.geometry.affine.copy()
    affine[:3, 3] = volume.geometry.to_patient((first, 0, 0))
    affine[:3, 0] *= 2.0
    voxels = np.ascontiguousarray(volume.voxels[first::2])
    return replace(volume, voxels=voxels, geometry=Geometry(voxels.shape, affine, "1.2.826.0.3"), sop_uids=())


def around(centre_mm: npt.NDArray, half_mm: float = 30.0) -> npt.NDArray:
    return centre_mm + half_mm * (np.array(list(np.ndindex(3, 3, 3))) - 1.0)


def report_loop(name: str, loop: RigidTransform, targets: npt.NDArray) -> None:
    off_mm = rms(np.linalg.norm(loop.apply(targets) - targets, axis=1))
    print(f"{name}: {off_mm:.2f} mm, bound {loop.error_95_mm:.1f} mm")


def real(folder: Path) -> None:
    print("\nReal scans. Planes of one session (27 targets, 60 mm cube; the patient may have moved a little)")
    study = folder / "ingest" / "pelvis_mr_prostatex0000"
    planes = {
        name: loaded(study / place)
        for name, place in (
            ("sagittal", "3_t2_tse_sag"),
            ("axial", "4_t2_tse_tra"),
            ("coronal", "5_t2_tse_cor"),
        )
    }
    targets = around(planes["axial"].geometry.corners_mm.mean(axis=0))
    found = {}
    for one, other in itertools.permutations(planes, 2):
        began = time.perf_counter()
        transform = found[one, other] = register(planes[one], planes[other])
        seconds = time.perf_counter() - began
        moved = transform.apply(targets) - targets
        line = (
            f"{one:9s}-> {other:9s} from identity {rms(np.linalg.norm(moved, axis=1)):5.2f} mm, mean shift "
        )
        line += f"{np.round(moved.mean(axis=0), 1)}, stated {transform.error_mm:.1f}, "
        line += f"bound {transform.error_95_mm:.1f} mm, "
        theirs, _ = simpleitk_mattes(planes[one], planes[other], from_identity=True)
        apart = np.linalg.norm(theirs.apply(targets) - transform.apply(targets), axis=1)
        print(f"{line}{seconds:.1f} s; SimpleITK differs by {rms(apart):.2f} mm", flush=True)
    for one, other in itertools.combinations(planes, 2):
        report_loop(f"there and back {one} {other}", found[one, other].compose(found[other, one]), targets)
    loop = found["sagittal", "axial"].compose(found["axial", "coronal"]).compose(found["coronal", "sagittal"])
    report_loop("round all three", loop, targets)
    print("\nOne scan split into even and odd slices, one of them turned and shifted: the truth is exact")
    rng = np.random.default_rng(5)
    whole_scans = {"T2 axial": planes["axial"]}
    for place in ("CT", "MR_T1"):
        series = folder / "tumour_labels" / "STS_002"
        matches = [each for each in scan_folder(series).series if each.modality == place[:2]]
        whole_scans |= {f"STS_002 {place}": load_series(matches[0])} if matches else {}
    for name, scan in whole_scans.items():
        errors, bounds, refused = [], [], 0
        for _ in range(5):
            moving, matrix = lying_otherwise(every_other(scan, 1), rng)
            fixed = every_other(scan, 0)
            fixed = replace(fixed, geometry=replace(fixed.geometry, frame_uid="1.2.826.0.4"))
            try:
                transform = register(fixed, moving)
            except RegistrationError as failure:
                refused += 1
                print(f"  {name}: {failure}")
                continue
            points = fixed.geometry.corners_mm
            error = transform.apply(points) - (points @ matrix[:3, :3].T + matrix[:3, 3])
            errors.append(rms(np.linalg.norm(error, axis=1)))
            bounds.append(transform.error_95_mm)
        print(
            f"{name}: corner error mm {np.round(errors, 2)}, bounds {np.round(bounds, 2)}, refused {refused}"
        )
    print("\nADC of the upper abdomen, 126 days apart (no truth)")
    pair = folder / "longitudinal" / "cmb_crc_06489"
    transform = register(loaded(pair / "baseline_adc"), loaded(pair / "followup_adc"))
    print(
        f"stated {transform.error_mm:.1f} mm, bound {transform.error_95_mm:.1f} mm, "
        f"correlation {transform.provenance.parameters['correlation']:.2f}"
    )


def save_picture(path: Path) -> None:
    """Write the fit picture of one CT pair, beside the same pair 6 mm off."""
    from matplotlib.image import imsave

    (before, fixed, _), (_, moving, _) = phantom_pair(3, "CT")
    transform = register(fixed, moving)
    off = np.eye(4)
    off[:3, 3] = (6.0, 0.0, 0.0)
    centre = before.to_patient((0.0, 20.0, 24.0))
    halves = [
        fit_picture(fixed, moving, each, centre_mm=centre, half_width_mm=130.0, pixel_mm=1.3)[:, :402]
        for each in (transform, replace(transform, matrix=off @ transform.matrix))
    ]
    gap = np.full((halves[0].shape[0], 24, 3), 255, np.uint8)
    imsave(path, np.concatenate([halves[0], gap, halves[1]], axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--peer", type=int, default=3, help="pairs that SimpleITK registers too")
    parser.add_argument("--real", type=Path, help="folder of real scans")
    parser.add_argument("--picture", type=Path, help="PNG of one CT pair: before, and brought together")
    arguments = parser.parse_args()
    for modality in ("CT", "MR") if arguments.pairs else ():
        phantoms(modality, arguments.pairs, arguments.peer)
    if arguments.real:
        real(arguments.real)
    if arguments.picture:
        save_picture(arguments.picture)


if __name__ == "__main__":
    main()
