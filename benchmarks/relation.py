"""How long the tumour's relation to the levator ani takes, beside the distance maps of other programs.

A ball of 60 mm beside two muscles of 4 mm (60 x 50 mm each, one of them pushed in by 8 mm), as masks of
0.6 x 0.6 x 3.3 mm on an oblique grid. The peers give only the smallest distance, from voxel centre to voxel
centre: SciPy's and SimpleITK's distance maps of the tumour, read at the levator's voxels.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import SimpleITK
from scipy import ndimage
from scipy.spatial.transform import Rotation

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.mesh_from_mask import smooth_mesh
from gist_imaging.anatomy.relation import RelationScene, measure_relation
from gist_imaging.spatial import Geometry, Mask, Quantity, Volume

SPACING_MM = (3.3, 0.6, 0.6)
AXES = Rotation.from_rotvec((0.35, -0.3, 0.5)).as_matrix()[:, ::-1]
LANDMARKS = {
    "inferior_pubic_point": (0.0, -50.0, 0.0),
    "last_coccygeal_joint": (0.0, 50.0, 0.0),
    "sacral_promontory": (0.0, 40.0, 100.0),
    "anorectal_junction": (0.0, 0.0, -5.0),
}


def scans() -> tuple[Volume, Mask, Mask, Mask]:
    corners = (
        np.array([(x, y, z) for x in (-75, 75) for y in (-35, 35) for z in (-18, 56)], dtype=float) @ AXES
    )
    shape = tuple(np.ceil(np.ptp(corners, axis=0) / SPACING_MM).astype(int).tolist())
    grid = Geometry.from_spacing(shape, SPACING_MM, tuple((AXES @ corners.min(axis=0)).tolist()), AXES)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(grid.to_patient(index), -1, 0)
    dent = np.sqrt(np.maximum(30.0**2 - (x - 40.0) ** 2 - y**2, 22.0**2)) - 22.0

    def muscle(sign: int) -> Mask:
        top = -dent if sign > 0 else 0.0
        inside = (np.abs(sign * x - 40) <= 30) & (np.abs(y) <= 25) & (z <= top) & (z >= top - 4)
        return Mask(inside, grid, "levator_ani")

    tumour = Mask((x - 40.0) ** 2 + y**2 + (z - 22.0) ** 2 <= 30.0**2, grid)
    values = np.random.default_rng(7).normal(100, 10, shape).astype(np.float32)
    return Volume(values, grid, Quantity.ARBITRARY, "1.2.3"), tumour, muscle(1), muscle(-1)


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Median time of a warm call."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def by_scipy(tumour: np.ndarray, levator: np.ndarray) -> float:
    return float(ndimage.distance_transform_edt(~tumour, sampling=SPACING_MM)[levator].min())


def by_simpleitk(tumour: np.ndarray, levator: np.ndarray) -> float:
    image = SimpleITK.GetImageFromArray(tumour.astype(np.uint8))
    image.SetSpacing(SPACING_MM[::-1])
    away = SimpleITK.SignedMaurerDistanceMap(image, False, False, True)
    return float(SimpleITK.GetArrayFromImage(away)[levator].min())


def main() -> None:
    """Print times, ratios and values."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    volume, tumour, left, right = scans()
    landmarks = Landmarks.of(LANDMARKS)

    def panel() -> object:
        scene = RelationScene(
            tumour, {"L": left, "R": right}, "L", landmarks=landmarks, volume=volume, tau_mm=1.0
        )
        return measure_relation(scene)

    print(f"grid {volume.geometry.shape}, {tumour.n_voxels} voxels of tumour, {left.n_voxels} of muscle")
    found = measure_relation(
        RelationScene(tumour, {"L": left, "R": right}, "L", landmarks=landmarks, volume=volume, tau_mm=1.0)
    )
    own = seconds(panel, rounds)
    print(f"M1 to M9, surfaces included  {1000 * own:8.1f} ms  M1 {found.min_distance.value:.2f} mm")
    meshes = seconds(lambda: [smooth_mesh(mask) for mask in (tumour, left, right)], rounds)
    print(f"  of these, three surfaces   {1000 * meshes:8.1f} ms")
    for name, peer in {"SciPy distance map": by_scipy, "SimpleITK distance map": by_simpleitk}.items():
        taken = seconds(lambda peer=peer: peer(tumour.voxels, left.voxels), rounds)
        value = peer(tumour.voxels, left.voxels)
        print(f"  {name:26} {1000 * taken:8.1f} ms  M1 {value:.2f} mm  ours takes {own / taken:5.1f} x")


if __name__ == "__main__":
    main()
