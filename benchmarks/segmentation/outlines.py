"""Outlines on 3, 5 and 7 slices to a volume, on real tumours, beside interpolation of the shape alone.

    python benchmarks/segmentation/outlines.py [FOLDER] [--seeds 0 1 2] [--figure FILE.png]

FOLDER holds one folder a case with NAME_image.nii.gz and NAME_mask.nii.gz (or _image.nrrd and _label.nrrd);
by default the tumour_labels of GIST_IMAGING_REAL_SCANS. Outlines lie evenly from the first to the last slice
of the tumour. They are polygons along its true edge, moved to and fro by about half a millimetre, smoothly
along their length. Every method gets the same outlines, in the same run. A tumour counts once (mean of its
scans); those under 1,000 voxels or 7 slices are told apart.
"""

from __future__ import annotations

import argparse
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.measure import find_contours

from gist_imaging import Mask, Volume, read_mask, read_volume
from gist_imaging.errors import PromptError
from gist_imaging.segment.between_slices import mask_between_outlines
from gist_imaging.segment.between_slices_outlines import drawn_slices
from gist_imaging.segment.prompts import Prompt

BoolArray = npt.NDArray[np.bool_]
HAND_SD_MM = 0.5
HAND_SMOOTH_MM = 6.0
N_OUTLINES = (3, 5, 7)
LARGE_VOXELS, LARGE_SLICES = 1000, 7
PAIRS = (
    ("_image.nii.gz", "_mask.nii.gz"),
    ("_image.nrrd", "_label.nrrd"),
    ("_image_cropped.nrrd", "_label_cropped.nrrd"),
)


@dataclass(frozen=True)
class Score:
    """How one method did with one set of outlines of one scan."""

    method: str
    n: int
    seed: int
    tumour: str
    large: bool
    dice: float
    volume_error_pct: float
    seconds: float


def cases(folder: Path) -> Iterator[tuple[str, str, Volume, Mask]]:
    """Yield tumour, scan, image and truth."""
    for case in sorted(path for path in folder.iterdir() if path.is_dir()):
        for file in sorted(case.iterdir()):
            for image_ending, mask_ending in PAIRS:
                truth_file = file.with_name(file.name.removesuffix(image_ending) + mask_ending)
                if file.name.endswith(image_ending) and truth_file.exists():
                    volume = read_volume(file)
                    scan = file.name.removesuffix(image_ending)
                    yield case.name, f"{case.name} {scan}", volume, read_mask(truth_file, like=volume)


def outlines_of(truth: Mask, n: int, generator: np.random.Generator) -> list[Prompt]:
    spacing = truth.geometry.spacing_mm
    smooth = [HAND_SMOOTH_MM / one for one in spacing[1:]]
    slices = np.flatnonzero(truth.voxels.any(axis=(1, 2)))
    prompts = []
    for k in np.unique(np.round(np.linspace(slices[0], slices[-1], n)).astype(int)):
        inside = np.pad(truth.voxels[k], 2)
        if not inside.any():
            continue
        wobble = ndimage.gaussian_filter(generator.normal(size=inside.shape), smooth)
        moved = signed_distance(inside, spacing[1:]) + HAND_SD_MM * wobble / wobble.std()
        # A hand does not lose a tumour of a few pixels.
        field = moved if (moved > 0).any() else signed_distance(inside, spacing[1:])
        for line in find_contours(field, 0.0):
            area = 0.5 * np.sum(line[:-1, 0] * line[1:, 1] - line[1:, 0] * line[:-1, 1])
            points = truth.geometry.to_patient(np.insert(line - 2, 0, k, axis=1))
            # scikit-image walks one way around what is inside, and the other way around a hole.
            prompt = Prompt("outline", points, bool(area < 0))
            if holds_a_pixel(prompt, truth):
                prompts.append(prompt)
    return prompts


def holds_a_pixel(prompt: Prompt, truth: Mask) -> bool:
    try:
        drawn_slices([Prompt("outline", prompt.points_mm, True)], truth.geometry)
    except PromptError:
        return False
    return True


def signed_distance(inside: BoolArray, spacing_mm: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Return mm to the edge half-way between pixels, above 0 inside."""
    half = min(spacing_mm) / 2
    within = ndimage.distance_transform_edt(inside, sampling=spacing_mm)
    outside = ndimage.distance_transform_edt(~inside, sampling=spacing_mm)
    return np.where(inside, within - half, half - outside)


def between_fields(
    fields: Mapping[int, npt.NDArray[np.float64]], level: float, shape: tuple[int, ...]
) -> BoolArray:
    mask = np.zeros(shape, np.bool_)
    for first, last in pairwise(sorted(fields)):
        for k in range(first, last + 1):
            share = (k - first) / (last - first)
            mask[k] = (1 - share) * fields[first] + share * fields[last] > level
    return mask


def by_distance(volume: Volume, outlines: list[Prompt]) -> BoolArray:
    """Signed distances blended linearly, nearly what 3D Slicer, ITK-SNAP and MITK do."""
    drawn = drawn_slices(outlines, volume.geometry).inside
    fields = {k: signed_distance(inside, volume.geometry.spacing_mm[1:]) for k, inside in drawn.items()}
    mask = between_fields(fields, 0.0, volume.geometry.shape)
    for k, inside in drawn.items():
        mask[k] = inside
    return mask


def by_labels(volume: Volume, outlines: list[Prompt]) -> BoolArray:
    """Labels themselves blended linearly and cut at one half, as resampling a label does."""
    drawn = drawn_slices(outlines, volume.geometry).inside
    fields = {k: inside.astype(np.float64) for k, inside in drawn.items()}
    return between_fields(fields, 0.5, volume.geometry.shape)


METHODS: dict[str, Callable[[Volume, list[Prompt]], BoolArray]] = {
    "labels, linear": by_labels,
    "signed distance, linear": by_distance,
    "gist_imaging, shape alone": lambda v, o: mask_between_outlines(v, o, use_image=False).voxels,
    "gist_imaging": lambda v, o: mask_between_outlines(v, o).voxels,
}


def scores(folder: Path, seeds: list[int]) -> list[Score]:
    found = []
    for tumour, scan, volume, truth in cases(folder):
        size = truth.n_voxels
        large = size >= LARGE_VOXELS and truth.voxels.any(axis=(1, 2)).sum() >= LARGE_SLICES
        for seed in seeds:
            generator = np.random.default_rng([seed, zlib.crc32(scan.encode())])
            for n in N_OUTLINES:
                outlines = outlines_of(truth, n, generator)
                for method, fill in METHODS.items():
                    began = time.perf_counter()
                    mask = fill(volume, outlines)
                    seconds = time.perf_counter() - began
                    dice = 2 * np.count_nonzero(mask & truth.voxels) / (np.count_nonzero(mask) + size)
                    error_pct = 100 * (np.count_nonzero(mask) / size - 1)
                    found.append(Score(method, n, seed, tumour, bool(large), dice, error_pct, seconds))
        print(scan, f"{found[-1].dice:.3f}", flush=True)
    return found


def per_tumour(chosen: list[Score], value: Callable[[Score], float]) -> npt.NDArray[np.float64]:
    tumours = sorted({score.tumour for score in chosen})
    return np.array([np.mean([value(one) for one in chosen if one.tumour == tumour]) for tumour in tumours])


def print_table(found: list[Score]) -> None:
    for large in (True, False):
        print(f"\n{'Tumours' if large else 'Small tumours'}\n")
        print("| method | n | seed | median Dice | worst | median abs. volume error | s |")
        print("|---|---|---|---|---|---|---|")
        for method in METHODS:
            for n in N_OUTLINES:
                for seed in sorted({one.seed for one in found}):
                    of = [s for s in found if (s.large, s.method, s.n, s.seed) == (large, method, n, seed)]
                    if not of:
                        continue
                    dice = per_tumour(of, lambda s: s.dice)
                    error = per_tumour(of, lambda s: abs(s.volume_error_pct))
                    print(
                        f"| {method} | {n} | {seed} | {np.median(dice):.3f} | {dice.min():.3f} | "
                        f"{np.median(error):.1f} % | {np.median([s.seconds for s in of]):.2f} |"
                    )


def draw(found: list[Score], file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    panels = (
        ("Dice", lambda s: s.dice),
        ("absolute volume error, %", lambda s: abs(s.volume_error_pct)),
    )
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    colours = ("#bbbbbb", "#7f7f7f", "#6aaed6", "#08519c")
    for axis, (title, value) in zip(axes, panels, strict=True):
        for place, (method, colour) in enumerate(zip(METHODS, colours, strict=True)):
            for column, n in enumerate(N_OUTLINES):
                of = [s for s in found if s.large and s.method == method and s.n == n]
                values = per_tumour(of, value)
                x = column + 0.18 * (place - 1.5)
                spread = x + np.linspace(-0.05, 0.05, len(values))
                axis.plot(spread, np.sort(values), ".", color=colour, label=method if column == 0 else None)
                axis.plot([x - 0.08, x + 0.08], [np.median(values)] * 2, "-", color="black", lw=1.5)
        axis.set_xticks(range(len(N_OUTLINES)), [f"{n} outlines" for n in N_OUTLINES])
        axis.set_title(title)
        axis.grid(axis="y", alpha=0.3)
    axes[0].legend(loc="lower right", fontsize=8)
    figure.suptitle("One dot a tumour (mean of its scans and seeds); line: median", fontsize=10)
    figure.savefig(file, dpi=110, metadata={"Software": None})


def main() -> None:
    home = os.environ.get("GIST_IMAGING_REAL_SCANS", "../shared/real_scans")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(home) / "tumour_labels")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--figure", type=Path, default=Path("docs/images/segmentation_outlines.png"))
    chosen = parser.parse_args()
    found = scores(chosen.folder, chosen.seeds)
    print_table(found)
    draw(found, chosen.figure)


if __name__ == "__main__":
    main()
