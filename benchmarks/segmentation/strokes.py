"""How near a mask comes to labelled tumours after a few strokes, beside other methods with the same hand.

The hand is that of `hand.py`; each method gets its own corrections. Run it with

    python benchmarks/segmentation/strokes.py FOLDER [--rounds 10] [--seed 0] [--plane 0|1|2]
        [--methods seeded,region,walker,growcut] [--out docs/images/segmentation_strokes.png]

FOLDER is that of `hand.labelled`. Scans of one tumour are averaged. Slicer's grow-cut takes part where
itk-growcut is installed (`pip install itk-growcut`).
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import SimpleITK
from hand import dice, labelled, rounds
from scipy import ndimage

from gist_imaging.segment.prompts import PromptLog
from gist_imaging.segment.seeded import SeededEngine
from gist_imaging.spatial import Volume

Method = Callable[[Volume, PromptLog], np.ndarray]


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
    """Slicer's grow from seeds as itk-growcut (Apache-2.0), from all strokes anew."""

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


def scored(volume: Volume, truth: np.ndarray, method: Method, chosen, name: str) -> list[dict[str, float]]:
    """Return seconds, Dice and volume error after each round; the last one is repeated once all is right."""
    seconds = []

    def timed(log: PromptLog) -> np.ndarray:
        began = time.perf_counter()
        found = method(volume, log)
        seconds.append(time.perf_counter() - began)
        return found

    drawn = rounds(volume, truth, timed, chosen.rounds, seed=chosen.seed, name=name, axis=chosen.plane)
    rows = [
        {"s": seconds[-1], "dice": dice(found, truth), "volume": 100 * (found.sum() / truth.sum() - 1)}
        for _, found in drawn
    ]
    return rows + [rows[-1]] * (chosen.rounds + 1 - len(rows))


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
    for tumour, scan, volume, truth in labelled(chosen.folder):
        for name in names:
            rows = scored(volume, truth, METHODS[name](), chosen, f"{tumour}/{scan}")
            scores[name].setdefault(tumour, []).append(rows)
    report(scores, chosen.rounds)
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
