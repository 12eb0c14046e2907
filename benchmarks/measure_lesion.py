"""How long all numbers of a lesion take, and the 3D diameter beside other programs, in one run.

A ball of 60 mm on 0.7 x 0.7 x 2.2 mm voxels (about 105,000 of them) in a grid of 300 x 512 x 512; values of
contenders are printed, as their definitions differ by up to a voxel.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import SimpleITK
from scipy.spatial.distance import pdist
from skimage.measure import marching_cubes, mesh_surface_area, regionprops

from gist_imaging import measure_lesion
from gist_imaging.measure.diameter import longest_3d_diameter
from gist_imaging.measure.mesh import mesh_size
from gist_imaging.measure.region import lesion_region
from gist_imaging.spatial import Geometry, Mask, Quantity, Volume

SPACING_MM = (2.2, 0.7, 0.7)
AXES = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def scan(diameter_mm: float, shape: tuple[int, int, int]) -> tuple[Volume, Mask]:
    grid = Geometry.from_spacing(shape, SPACING_MM, (-180.0, -180.0, -300.0), AXES, "1.2.3")
    k, j, i = (
        ((np.arange(n) - n / 2 + 0.3) * s).reshape([-1 if axis == a else 1 for axis in range(3)])
        for a, (n, s) in enumerate(zip(shape, SPACING_MM, strict=True))
    )
    inside = k**2 + j**2 + i**2 <= (diameter_mm / 2) ** 2
    values = np.random.default_rng(7).normal(75, 27, shape).astype(np.int16)
    return Volume(values, grid, Quantity.HU, "1.2.3.4", "CT"), Mask(inside, grid)


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Median time of a warm call."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def feret_simpleitk(voxels: np.ndarray) -> float:
    image = SimpleITK.GetImageFromArray(voxels.astype(np.uint8))
    image.SetSpacing(SPACING_MM[::-1])
    shape = SimpleITK.LabelShapeStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    shape.Execute(image)
    return float(shape.GetFeretDiameter(1))


def all_pairs_of_hull(voxels: np.ndarray) -> float:
    from scipy.spatial import ConvexHull

    points = np.argwhere(voxels) * SPACING_MM
    return float(pdist(points[ConvexHull(points).vertices]).max())


def by_marching_cubes(voxels: np.ndarray) -> float:
    vertices, faces, _, _ = marching_cubes(np.pad(voxels, 1).astype(np.float32), 0.5, spacing=SPACING_MM)
    mesh_surface_area(vertices, faces)
    return float(abs(np.linalg.det(vertices[faces].astype(float)).sum()) / 6)


def by_skimage(voxels: np.ndarray) -> float:
    return float(regionprops(voxels.astype(np.uint8), spacing=SPACING_MM)[0].feret_diameter_max)


def main() -> None:
    """Print times, ratios and values."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--diameter", type=float, default=60.0)
    options.add_argument("--skimage", action="store_true", help="also its Feret diameter (seconds, 1 GB)")
    chosen = options.parse_args()
    volume, mask = scan(chosen.diameter, (300, 512, 512))
    region = lesion_region(mask, from_dicom=True)
    crop = np.ascontiguousarray(region.voxels)
    print(f"{region.n_voxels} voxels, box {crop.shape}")

    everything = seconds(lambda: measure_lesion(volume, mask), 9)
    print(f"every number of the lesion   {1000 * everything:8.1f} ms")

    own = seconds(lambda: longest_3d_diameter(region), 9)
    print(
        f"3D diameter, gist_imaging    {1000 * own:8.1f} ms  {longest_3d_diameter(region).length_mm:.3f} mm"
    )
    contenders: dict[str, Callable[[np.ndarray], float]] = {
        "argwhere + hull + pairs": all_pairs_of_hull,
        "SimpleITK Feret": feret_simpleitk,
    }
    if chosen.skimage:
        contenders["skimage Feret"] = by_skimage
    for name, contender in contenders.items():
        taken = seconds(lambda contender=contender: contender(crop), 3 if name != "skimage Feret" else 1)
        print(f"  {name:26} {1000 * taken:8.1f} ms  {contender(crop):.3f} mm  {taken / own:6.1f} x ours")

    mesh = seconds(lambda: mesh_size(region), 9)
    print(f"mesh, gist_imaging           {1000 * mesh:8.1f} ms  {mesh_size(region).volume_mm3:.2f} mm3")
    taken = seconds(lambda: by_marching_cubes(crop), 5)
    print(
        f"  skimage marching_cubes     {1000 * taken:8.1f} ms  {by_marching_cubes(crop):.2f} mm3  "
        f"{taken / mesh:6.1f} x ours"
    )


if __name__ == "__main__":
    main()
