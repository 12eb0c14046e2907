"""How honest the confidence is, on labelled tumours and with several hands: calibration, rim, leak warning.

    python benchmarks/segmentation/confidence.py FOLDER [--rounds 10] [--seeds 0 1 2 3] [--refit]

FOLDER is that of `hand.labelled`, the hand that of `hand.py`. A result needs a warning where more than a
fifth of the mask is outside the label. --refit fits the rule of `confidence_leak.py` anew on the first two
seeds, also with each tumour (all its scans) left out in turn together with the choice of the threshold, which
is what a tumour that nobody has seen can expect.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from hand import labelled, rounds
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import spearmanr

from gist_imaging.segment.confidence import confidence_of
from gist_imaging.segment.seeded import SeededEngine, SeededResult

NEAR_MM = 10.0
NEEDS_FROM_SHARE = 0.2
MAY_BE_WARNED = 0.1


def judged(volume, truth: np.ndarray, tumour: str, scan: str, seed: int, n_corrections: int) -> list[dict]:
    """Return what the confidence said after each round of one scan, and what was true."""
    engine, results = SeededEngine(volume), []

    def method(log) -> np.ndarray:
        results.append(engine.update(log))
        return results[-1].mask.voxels

    rows = []
    for log, found in rounds(volume, truth, method, n_corrections, seed=seed, name=f"{tumour}/{scan}"):
        before: SeededResult | None = results[-2] if len(results) > 1 else None
        result = results[-1]
        sure = confidence_of(result, log, before)
        part = truth[result.box.slices]
        near = np.abs(result.signed_mm) <= NEAR_MM
        bins = np.minimum((sure.probability[near] * 10).astype(int), 9)
        rows.append(
            {
                "tumour": tumour,
                "seed": seed,
                "rim": sure.rim_mm3,
                "error": float((found ^ truth).sum()) * volume.geometry.voxel_volume_mm3,
                "outside": float((found & ~truth).sum() / max(found.sum(), 1)),
                "warns": sure.warns_of_leak,
                "leak": sure.leak,
                "counts": np.array(
                    [np.bincount(bins, w, 10) for w in (None, sure.probability[near], part[near])]
                ),
            }
        )
        if len(results) > 2:
            results.pop(0)
    return rows


def report(rows: list[dict], seeds: list[int]) -> None:
    print("| hand | calibration error within 10 mm | rim against error | warned where needed | elsewhere |")
    print("|---|---|---|---|---|")
    for seed in [*seeds, None]:
        of = [row for row in rows if seed is None or row["seed"] == seed]
        n, predicted, true = sum(row["counts"] for row in of)
        rank = spearmanr([row["rim"] for row in of], [row["error"] for row in of]).statistic
        needs = np.array([row["outside"] > NEEDS_FROM_SHARE for row in of])
        warns = np.array([row["warns"] for row in of])
        error = np.abs(predicted - true).sum() / n.sum()
        told = f"| {share(warns[needs])} | {share(warns[~needs])} |"
        print(f"| {'all' if seed is None else seed} | {error:.3f} | {rank:.2f} {told}")


def share(of: np.ndarray) -> str:
    return f"{100 * of.mean():.0f} % of {len(of)}" if len(of) else "none"


def fitted(evidence: np.ndarray, needs: np.ndarray) -> np.ndarray:
    """Return constant and weights of the logistic curve, lightly held back (per standard deviation)."""
    middle, spread = evidence.mean(axis=0), evidence.std(axis=0)
    scaled = (evidence - middle) / spread

    def cost(weights: np.ndarray) -> float:
        z = weights[0] + scaled @ weights[1:]
        return float(np.logaddexp(0, np.where(needs, -z, z)).sum() + 0.5 * (weights[1:] ** 2).sum())

    best = minimize(cost, np.zeros(evidence.shape[1] + 1)).x
    weights = best[1:] / spread
    return np.r_[best[0] - weights @ middle, weights]


def refit(rows: list[dict], seeds: list[int]) -> None:
    rows = [row for row in rows if row["leak"] is not None]
    evidence = np.array(
        [
            (
                row["leak"].stroke_distance_radii,
                np.log(max(row["leak"].skin_share, 1e-3)),
                row["leak"].last_change,
            )
            for row in rows
        ]
    )
    needs = np.array([row["outside"] > NEEDS_FROM_SHARE for row in rows])
    tumours, seed = np.array([row["tumour"] for row in rows]), np.array([row["seed"] for row in rows])
    chosen_on = np.isin(seed, seeds[:2])

    def rule(train: np.ndarray) -> tuple[np.ndarray, float]:
        weights = fitted(evidence[train], needs[train])
        z = weights[0] + evidence[train & ~needs] @ weights[1:]
        return weights, float(np.quantile(z, 1 - MAY_BE_WARNED))

    weights, level = rule(chosen_on)
    print("\nrefitted: constant, per radius, per log skin, per change", np.round(weights, 2))
    print(f"warn from a probability of {expit(level):.3f}")
    warns = np.zeros(len(rows), bool)
    for tumour in np.unique(tumours):
        left_out = tumours == tumour
        weights, level = rule(chosen_on & ~left_out)
        warns[left_out] = weights[0] + evidence[left_out] @ weights[1:] >= level
    print("\nEach tumour judged by a rule that has not seen it:\n")
    print("| hand | warned where needed | elsewhere |")
    print("|---|---|---|")
    for one in [*seeds, None]:
        of = np.ones(len(rows), bool) if one is None else seed == one
        print(
            f"| {'all' if one is None else one} | {share(warns[of & needs])} | {share(warns[of & ~needs])} |"
        )


def main() -> None:
    ask = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ask.add_argument("folder", type=Path)
    ask.add_argument("--rounds", type=int, default=10)
    ask.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    ask.add_argument("--refit", action="store_true")
    chosen = ask.parse_args()
    rows = []
    for tumour, scan, volume, truth in labelled(chosen.folder):
        for seed in chosen.seeds:
            rows += judged(volume, truth, tumour, scan, seed, chosen.rounds)
    report(rows, chosen.seeds)
    if chosen.refit:
        refit(rows, chosen.seeds)


if __name__ == "__main__":
    main()
