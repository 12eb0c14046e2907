"""A hand that draws on a labelled tumour as a reader would, and the labelled tumours to draw on.

Before the first result: a stroke along the middle of the tumour's largest slice, an uneven loop 3 to 10 mm
outside it on that slice, and a short background stroke 3 to 8 mm beyond each end. Then, round by round, one
stroke of at most 20 mm along the middle of the largest and thickest error. Every stroke but the loop is moved
by about a voxel. The same seed draws the same strokes on the same results.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import SimpleITK
from scipy import ndimage
from skimage.morphology import skeletonize

from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial import Geometry, Volume


def labelled(folder: Path) -> Iterator[tuple[str, str, Volume, np.ndarray]]:
    """Yield tumour, scan, image and label of each pair of at least 1,000 voxels and 7 slices.

    `folder` holds one folder a tumour, with NAME_image.nii.gz and NAME_mask.nii.gz (or .nrrd with _label).
    """
    for image in sorted(folder.glob("*/*_image*.n*")):
        label = next(
            (
                p
                for w in ("mask", "label")
                if (p := image.with_name(image.name.replace("_image", f"_{w}"))).exists()
            ),
            None,
        )
        if label is None:
            continue
        scan, truth = SimpleITK.ReadImage(str(image)), SimpleITK.ReadImage(str(label))
        voxels, inside = SimpleITK.GetArrayFromImage(scan), SimpleITK.GetArrayFromImage(truth) > 0
        if voxels.shape != inside.shape or inside.sum() < 1000 or inside.any((1, 2)).sum() < 7:
            continue
        axes = np.reshape(scan.GetDirection(), (3, 3))[:, ::-1]
        grid = Geometry.from_spacing(voxels.shape, scan.GetSpacing()[::-1], scan.GetOrigin(), axes)
        yield image.parent.name, image.name.split("_image")[0], Volume(voxels, grid), inside


class Hand:
    """Draws on slices across `axis`; strokes are voxels (k, j, i)."""

    def __init__(self, truth: np.ndarray, spacing_mm, axis: int, rng: np.random.Generator) -> None:
        self.truth, self.axis, self.rng = np.moveaxis(truth, axis, 0), axis, rng
        order = [axis, *[a for a in range(3) if a != axis]]
        self.size = np.asarray(spacing_mm)[order]

    def _native(self, level: int, points: np.ndarray, moved: bool = True) -> np.ndarray:
        shift = np.rint(self.rng.normal(0, 0.7, 2)) if moved else 0
        points = np.clip(points + shift, 0, np.array(self.truth.shape[1:]) - 1)
        return np.insert(points, self.axis, level, axis=1).astype(float)

    def _middle(self, region: np.ndarray, share: float, at_most_mm: float) -> np.ndarray:
        depth = ndimage.distance_transform_edt(np.pad(region, 1), sampling=self.size[1:])[1:-1, 1:-1]
        core = depth >= share * depth.max()
        parts, n = ndimage.label(core)
        if n > 1:
            core = parts == np.argmax(np.bincount(parts.ravel())[1:]) + 1
        thin = skeletonize(core)
        points = np.argwhere(thin if thin.any() else core)
        away = points - points.mean(axis=0)
        along = np.linalg.svd(away, full_matrices=False)[2][0] if len(points) > 1 else np.ones(2)
        points = points[np.argsort(away @ along)]
        far = np.linalg.norm((points - points[len(points) // 2]) * self.size[1:], axis=1)
        return points[far <= at_most_mm / 2]

    def first(self) -> list[tuple[np.ndarray, bool]]:
        """Return the strokes before the first result."""
        levels = np.flatnonzero(self.truth.any((1, 2)))
        main = int(np.argmax(self.truth.sum((1, 2))))
        strokes = [(self._native(main, self._middle(self.truth[main], 0.5, 1e9)), True)]
        outside = ndimage.distance_transform_edt(~self.truth[main], sampling=self.size[1:])
        points = np.argwhere(~self.truth[main])
        angle = np.arctan2(*((points - np.argwhere(self.truth[main]).mean(axis=0)) * self.size[1:]).T)
        phase, mean = self.rng.uniform(0, 2 * np.pi, 2), self.rng.uniform(5, 8)
        gap = np.clip(mean + 1.8 * np.sin(angle + phase[0]) + 1.2 * np.sin(2 * angle + phase[1]), 3, 10)
        on = np.abs(outside[tuple(points.T)] - gap) < 0.75 * self.size[1:].max()
        strokes.append((self._native(main, points[on][np.argsort(angle[on])], moved=False), False))
        for end, way in ((levels[0], -1), (levels[-1], 1)):
            level = end + way * max(1, int(np.ceil(self.rng.uniform(3, 8) / self.size[0])))
            if 0 <= level < len(self.truth):
                strokes.append((self._native(level, self._middle(self.truth[end], 0.3, 25)), False))
        return strokes

    def correction(self, found: np.ndarray) -> tuple[np.ndarray, bool] | None:
        """Return one stroke in the largest and thickest error; None where nothing is wrong."""
        found = np.moveaxis(found, self.axis, 0)
        wrong = found ^ self.truth
        box = ndimage.find_objects(wrong.astype(np.uint8))
        if not box:
            return None
        best, chosen = 0.0, None
        for include in (True, False):
            error = (wrong & (self.truth == include))[box[0]]
            depth = ndimage.distance_transform_edt(np.pad(error, 1), sampling=self.size)[1:-1, 1:-1, 1:-1]
            parts, n = ndimage.label(error)
            score = np.bincount(parts.ravel(), depth.ravel())
            if n and score[1:].max() > best:
                best, chosen = score[1:].max(), (parts == 1 + np.argmax(score[1:]), include)
        region, include = chosen
        level = int(np.argmax(region.sum((1, 2))))
        points = self._middle(region[level], 0.4, 20) + np.array([box[0][1].start, box[0][2].start])
        return self._native(level + box[0][0].start, points), include


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * np.count_nonzero(a & b) / max(np.count_nonzero(a) + np.count_nonzero(b), 1))


def rounds(
    volume: Volume,
    truth: np.ndarray,
    method: Callable[[PromptLog], np.ndarray],
    n_corrections: int,
    *,
    seed: int,
    name: str,
    axis: int = 0,
) -> Iterator[tuple[PromptLog, np.ndarray]]:
    """Yield what was drawn and what `method` made of it, after the first strokes and each correction.

    Parameters
    ----------
    name : of the scan; with `seed` it decides how the hand is off
    axis : across the slices that are drawn on
    """
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    hand = Hand(truth, volume.geometry.spacing_mm, axis, rng)
    place = volume.geometry.to_patient
    log = PromptLog(tuple(Prompt("scribble", place(points), include) for points, include in hand.first()))
    for n in range(1, n_corrections + 2):
        found = method(log)
        yield log, found
        stroke = hand.correction(found)
        if stroke is None:
            return
        log = log.adding([Prompt("scribble", place(stroke[0]), stroke[1], n)])
