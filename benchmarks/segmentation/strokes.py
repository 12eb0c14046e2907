"""How near a mask comes to labelled tumours after a few strokes, beside other methods with the same hand.

A hand is imitated on each labelled tumour: a stroke along the middle of its largest slice, an uneven loop
3 to 10 mm outside it on that slice, and a short background stroke 3 to 8 mm beyond each end. Then, round
by round, one stroke of at most 20 mm along the middle of the largest and thickest error. Every stroke is
moved by about a voxel. Each method gets its own corrections. Run it with

    python benchmarks/segmentation/strokes.py FOLDER [--rounds 10] [--seed 0] [--plane 0|1|2]
        [--methods seeded,region,walker,growcut] [--out docs/images/segmentation_strokes.png]

FOLDER holds one folder a tumour, with pairs NAME_image.nii.gz and NAME_mask.nii.gz (or .nrrd with
_label). Scans of one tumour are averaged; tumours under 1,000 voxels or 7 slices are left out. Slicer's
grow-cut takes part where itk-growcut is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import SimpleITK
from scipy import ndimage

from gist_imaging.segment.confidence import confidence_of
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.seeded import SeededEngine
from gist_imaging.spatial import Geometry, Volume

Method = Callable[[Volume, PromptLog], np.ndarray]


def labelled(folder: Path) -> Iterator[tuple[str, str, Volume, np.ndarray]]:
    """Yield tumour, scan, image and label of each pair that is large enough."""
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
        from skimage.morphology import skeletonize

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


def seeded() -> Method:
    engines: dict[int, SeededEngine] = {}

    def method(volume: Volume, log: PromptLog) -> np.ndarray:
        return engines.setdefault(id(volume), SeededEngine(volume)).update(log).mask.voxels

    return method


def _seeds(volume: Volume, log: PromptLog, margin_mm: float = 20.0):
    """Return the box of the strokes, and 1 and 2 where they say tumour and background."""
    marks = np.zeros(volume.voxels.shape, np.uint8)
    for prompt in log.prompts:
        k, j, i = np.rint(volume.geometry.to_index(prompt.points_mm)).astype(int).T
        marks[k, j, i] = 1 if prompt.include else 2
    on = np.argwhere(marks)
    margin = np.ceil(margin_mm / np.asarray(volume.geometry.spacing_mm)).astype(int)
    low, high = np.maximum(on.min(0) - margin, 0), np.minimum(on.max(0) + margin + 1, marks.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return box, marks[box]


def _placed(part: np.ndarray, box, shape) -> np.ndarray:
    out = np.zeros(shape, bool)
    out[box] = part
    return out


def region() -> Method:
    """SimpleITK's connected threshold on a 1 mm Gaussian: grey values of the tumour strokes +- 2 SD."""

    def method(volume: Volume, log: PromptLog) -> np.ndarray:
        box, marks = _seeds(volume, log)
        smooth = ndimage.gaussian_filter(
            volume.voxels[box].astype(np.float32), 1 / np.asarray(volume.geometry.spacing_mm)
        )
        values = smooth[marks == 1]
        image = SimpleITK.GetImageFromArray(
            np.where(marks == 2, values.min() - 1e6, smooth).astype(np.float32)
        )
        seeds = [tuple(map(int, at[::-1])) for at in np.argwhere(marks == 1)]
        spread = 2 * values.std() + 1e-3
        grown = SimpleITK.ConnectedThreshold(
            image, seeds, float(values.mean() - spread), float(values.mean() + spread)
        )
        return _placed((SimpleITK.GetArrayFromImage(grown) > 0) | (marks == 1), box, volume.voxels.shape)

    return method


def walker() -> Method:
    """scikit-image's random walker (beta 130); every second voxel in a slice where the box is large."""

    def method(volume: Volume, log: PromptLog) -> np.ndarray:
        from skimage.segmentation import random_walker

        box, marks = _seeds(volume, log)
        image = volume.voxels[box].astype(np.float32)
        low, high = np.percentile(image, (0.5, 99.5))
        n = 1
        while image.size / n**2 > 30_000:
            n += 1
        coarse = ndimage.uniform_filter(image, (1, n, n))[:, ::n, ::n]
        seeds = ndimage.grey_dilation(marks, (1, n, n))[:, ::n, ::n].astype(int)
        size = np.asarray(volume.geometry.spacing_mm) * (1, n, n)
        scaled = (np.clip(coarse, low, high) - low) / (high - low)
        found = random_walker(scaled, seeds, beta=130, mode="cg_j", tol=1e-3, spacing=size / size.min()) == 1
        fine = np.kron(found, np.ones((1, n, n), bool))[:, : image.shape[1], : image.shape[2]]
        return _placed(fine, box, volume.voxels.shape)

    return method


def growcut() -> Method:
    """Slicer's grow from seeds, as itk-growcut."""

    def method(volume: Volume, log: PromptLog) -> np.ndarray:
        import itk

        box, marks = _seeds(volume, log)
        image = itk.GetImageFromArray(np.ascontiguousarray(volume.voxels[box], dtype=np.float32))
        image.SetSpacing([float(s) for s in volume.geometry.spacing_mm[::-1]])
        labels = itk.GetImageFromArray(marks)
        labels.SetSpacing(image.GetSpacing())
        grown = itk.fast_grow_cut(image, seed_image=labels)
        return _placed(itk.GetArrayFromImage(grown) == 1, box, volume.voxels.shape)

    return method


METHODS: dict[str, Callable[[], Method]] = {
    "seeded": seeded,
    "region": region,
    "walker": walker,
    "growcut": growcut,
}
NAMES = {
    "seeded": "gist_imaging",
    "region": "region growing",
    "walker": "random walker",
    "growcut": "grow-cut (Slicer)",
}


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * np.count_nonzero(a & b) / max(np.count_nonzero(a) + np.count_nonzero(b), 1))


def run(
    volume: Volume, truth: np.ndarray, method: Method, rounds: int, axis: int, rng
) -> list[dict[str, float]]:
    hand = Hand(truth, volume.geometry.spacing_mm, axis, rng)
    log = PromptLog(tuple(Prompt("scribble", volume.geometry.to_patient(p), yes) for p, yes in hand.first()))
    rows = []
    for n in range(1, rounds + 2):
        began = time.perf_counter()
        found = method(volume, log)
        rows.append(
            {
                "s": time.perf_counter() - began,
                "dice": dice(found, truth),
                "volume": 100 * (found.sum() / truth.sum() - 1),
            }
        )
        stroke = hand.correction(found)
        if stroke is None:
            break
        log = log.adding([Prompt("scribble", volume.geometry.to_patient(stroke[0]), stroke[1], n)])
    return rows


def calibration(volume: Volume, truth: np.ndarray, rounds: int, axis: int, rng) -> list[dict[str, float]]:
    """Return rim and error volume, share outside, warnings and the calibration counts after each round."""
    hand = Hand(truth, volume.geometry.spacing_mm, axis, rng)
    log = PromptLog(tuple(Prompt("scribble", volume.geometry.to_patient(p), yes) for p, yes in hand.first()))
    engine, rows = SeededEngine(volume), []
    for n in range(1, rounds + 2):
        result = engine.update(log)
        sure = confidence_of(result, log)
        part = truth[result.box.slices]
        near = np.abs(result.signed_mm) <= 10
        bins = np.minimum((sure.probability[near] * 10).astype(int), 9)
        counts = np.array([np.bincount(bins, w, 10) for w in (None, sure.probability[near], part[near])])
        found = result.mask.voxels
        rows.append(
            {
                "rim": sure.rim_mm3,
                "error": float((found ^ truth).sum()) * volume.geometry.voxel_volume_mm3,
                "outside": float((found & ~truth).sum() / max(found.sum(), 1)),
                "expected": sure.expected_outside_share,
                "warns": sure.warns_of_leak,
                "counts": counts,
            }
        )
        stroke = hand.correction(found)
        if stroke is None:
            break
        log = log.adding([Prompt("scribble", volume.geometry.to_patient(stroke[0]), stroke[1], n)])
    return rows


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("folder", type=Path)
    ask.add_argument("--rounds", type=int, default=10)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--plane", type=int, default=0, help="axis across the drawn slices: 0 k, 1 j, 2 i")
    ask.add_argument("--methods", default="seeded,region,walker,growcut")
    ask.add_argument("--out", type=Path)
    chosen = ask.parse_args()
    names = [name for name in chosen.methods.split(",") if name in METHODS]
    if "growcut" in names and importlib.util.find_spec("itk") is None:
        names.remove("growcut")
        print("grow-cut (Slicer): itk-growcut is not installed, so it is absent")
    scores: dict[str, dict[str, list]] = {name: {} for name in names}
    sure: list[dict] = []
    for tumour, scan, volume, truth in labelled(chosen.folder):
        stream = [chosen.seed, zlib.crc32(f"{tumour}/{scan}".encode())]
        for name in names:
            rows = run(
                volume, truth, METHODS[name](), chosen.rounds, chosen.plane, np.random.default_rng(stream)
            )
            rows += [rows[-1]] * (chosen.rounds + 1 - len(rows))
            scores[name].setdefault(tumour, []).append(rows)
        if "seeded" in names:
            sure += calibration(
                volume, truth, min(chosen.rounds, 5), chosen.plane, np.random.default_rng(stream)
            )
    report(scores, chosen.rounds)
    if sure:
        report_confidence(sure)
    if chosen.out:
        draw(scores, chosen.out)


def report(scores, rounds: int) -> None:
    shown = [n for n in (0, 1, 3, 5, 10) if n <= rounds]
    print(
        "| method | "
        + " | ".join(f"Dice @{n}" for n in shown)
        + " | worst scan | volume error @5 | largest drop | first s | update s |"
    )
    print("|---" * (len(shown) + 6) + "|")
    for name, tumours in scores.items():
        scans = [rows for several in tumours.values() for rows in several]
        median = [
            np.median([np.mean([r[n]["dice"] for r in several]) for several in tumours.values()])
            for n in shown
        ]
        at = min(5, rounds)
        volume = np.median([np.mean([abs(r[at]["volume"]) for r in several]) for several in tumours.values()])
        drops = [max(0.0, *[a["dice"] - b["dice"] for a, b in pairwise(r)]) for r in scans]
        first, later = [r[0]["s"] for r in scans], [x["s"] for r in scans for x in r[1:]]
        print(
            f"| {NAMES[name]} | "
            + " | ".join(f"{m:.3f}" for m in median)
            + f" | {min(r[-1]['dice'] for r in scans):.3f} | {volume:.1f} %"
            + f" | {np.median(drops):.3f} / {max(drops):.3f}"
            + f" | {np.median(first):.2f} | {np.median(later or [0]):.3f} |"
        )


def report_confidence(rows) -> None:
    from scipy.stats import spearmanr

    n, predicted, true = sum(r["counts"] for r in rows)
    error = float(np.abs(predicted - true).sum() / n.sum())
    leaks = [r for r in rows if r["outside"] > 0.2]
    others = [r for r in rows if r["outside"] <= 0.2]
    rank = spearmanr([r["rim"] for r in rows], [r["error"] for r in rows]).statistic
    share = spearmanr([r["expected"] for r in rows], [r["outside"] for r in rows]).statistic
    print(
        f"expected calibration error within 10 mm {error:.3f}; rim against error: Spearman {rank:.2f}; "
        f"expected against true share outside: {share:.2f}"
    )
    for label, some in (("more than 20 % outside", leaks), ("the others", others)):
        if some:
            print(
                f"leak warning in {100 * np.mean([r['warns'] for r in some]):.0f} % of {len(some)}: {label}"
            )


def draw(scores, out: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for name, tumours in scores.items():
        rows = np.array(
            [np.mean([[x["dice"] for x in r] for r in several], axis=0) for several in tumours.values()]
        )
        axes.plot(np.median(rows, axis=0), marker="o", label=NAMES[name])
        axes.fill_between(range(rows.shape[1]), rows.min(axis=0), rows.max(axis=0), alpha=0.12)
    axes.set(xlabel="corrections", ylabel="Dice with the label", ylim=(0, 1))
    axes.set_title("Median over tumours; shaded from worst to best")
    axes.legend(loc="lower right")
    figure.savefig(out, dpi=120, metadata={"Software": None})


if __name__ == "__main__":
    main()
