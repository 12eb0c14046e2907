"""Throughput and peak memory of a batch: 200 lesions with 1 and 2 processes, then again with all done.

The reference of each ratio is the same 200 rows measured one after the other in one process, without
hashing, ledger or a cohort folder.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

N_LESIONS = 200
SHAPE = (40, 128, 128)
SPACING_MM = (3.0, 0.8, 0.8)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = write_lesions(folder)
        plain = in_a_process("plain", manifest, folder / "unused", 0)
        print(f"{N_LESIONS} lesions, {' x '.join(map(str, SHAPE))} voxels each; {os.cpu_count()} cores")
        tell("measured one by one, nothing kept", plain, plain)
        for workers in (1, 2):
            out = folder / f"cohort_{workers}"
            tell(f"batch, {workers} process(es)", in_a_process("batch", manifest, out, workers), plain)
        again = in_a_process("batch", manifest, folder / "cohort_2", 2)
        tell("batch again, all done before", again, plain)


def tell(name: str, found: dict[str, float], plain: dict[str, float]) -> None:
    print(
        f"{name:36} {found['seconds']:6.1f} s {N_LESIONS / found['seconds']:7.1f} cases/s "
        f"({plain['seconds'] / found['seconds']:4.2f} x)   peak: this program {found['own_mb']:4.0f} MB, "
        f"largest working process {found['child_mb']:4.0f} MB"
    )


def in_a_process(what: str, manifest: Path, out: Path, workers: int) -> dict[str, float]:
    command = [sys.executable, __file__, what, str(manifest), str(out), str(workers)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def measure(what: str, manifest: Path, out: Path, workers: int) -> None:
    from gist_imaging.batch.jobs import CaseConfig
    from gist_imaging.batch.runner import CaseJob, measure_case, run_batch

    began = time.perf_counter()
    if what == "plain":
        from gist_imaging.batch.manifest import read_manifest

        for row in read_manifest(manifest).rows:
            result = measure_case(CaseJob(row, CaseConfig()))
            if result["failure"] is not None:
                raise RuntimeError(result["failure"])
    else:
        report = run_batch(manifest, out, workers=workers)
        if report.n_ok != N_LESIONS:
            raise RuntimeError(report.failures)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "own_mb": peak_mb("SELF"), "child_mb": peak_mb("CHILDREN")}))


def peak_mb(whose: str) -> float:
    try:
        import resource
    except ImportError:  # Windows does not tell
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(getattr(resource, f"RUSAGE_{whose}")).ru_maxrss * unit / 1e6


def write_lesions(folder: Path) -> Path:
    """Write one image of noise a lesion, with an ellipsoid of another size in each; return the manifest."""
    import nibabel

    rng = np.random.default_rng(0)
    affine = np.diag([-SPACING_MM[2], -SPACING_MM[1], SPACING_MM[0], 1.0])
    centre = np.array(SHAPE) / 2.0
    points = (np.moveaxis(np.indices(SHAPE), 0, -1) - centre) * SPACING_MM
    rows = []
    for number in range(N_LESIONS):
        axes_mm = rng.uniform(8.0, 35.0, 3)
        mask = ((points / axes_mm) ** 2).sum(axis=-1) <= 1.0
        image = rng.normal(40.0, 15.0, SHAPE).astype(np.int16)
        nibabel.save(nibabel.Nifti1Image(image.T, affine), folder / f"{number}.nii.gz")
        nibabel.save(nibabel.Nifti1Image(mask.T.astype(np.uint8), affine), folder / f"{number}_mask.nii.gz")
        rows.append((f"P{number:03d}", "baseline", f"{number}.nii.gz", f"{number}_mask.nii.gz", "CT", "HU"))
    path = folder / "manifest.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("patient_id", "timepoint_label", "image", "mask", "modality", "quantity"))
        writer.writerows(rows)
    return path


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
