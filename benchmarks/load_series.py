"""How long a CT of 300 slices takes from its folder to a volume, beside other readers and the bare bytes.

The contenders take turns in one run; read the ratios, not the milliseconds. Run it with

    python benchmarks/load_series.py [--slices 300] [--matrix 512] [--rounds 3] [--compressed]

Values are checked to be those of pydicom. Peak memory is that of a fresh process that loads once.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK
from index_files import series_header
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless, generate_uid

from gist_imaging import load_series, scan_folder

CT = "1.2.840.10008.5.1.4.1.1.2"


def write_series(folder: Path, slices: int, matrix: int, transfer_syntax: str) -> None:
    """Write a noisy CT in a private order of file names, as PACS exports have it."""
    rng = np.random.default_rng(1)
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    rows, columns = np.mgrid[:matrix, :matrix] / matrix - 0.5
    body = np.where(rows**2 + columns**2 < 0.16, 1060, 24)
    for position in range(slices):
        image = series_header(0, 1)
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = CT
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        image.SeriesInstanceUID, image.StudyInstanceUID, image.FrameOfReferenceUID = series, study, frame
        image.SliceThickness, image.PixelSpacing = 1.5, [0.75, 0.75]
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.ImagePositionPatient = [-192, -192, 1.5 * position]
        image.InstanceNumber = position + 1
        image.Rows = image.Columns = matrix
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
        image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, -1024, "HU"
        values = np.clip(body + rng.normal(0, 15, (matrix, matrix)), 0, 4095)
        image.PixelData = values.astype("<u2").tobytes()
        if transfer_syntax != ExplicitVRLittleEndian:
            image.compress(transfer_syntax, generate_instance_uid=False)
        image.save_as(folder / f"{(position * 7919) % slices:06d}", enforce_file_format=True)


def ours_with_scan(folder: Path) -> np.ndarray:
    (series,) = scan_folder(folder).series
    return load_series(series).voxels


def pydicom_and_stack(folder: Path) -> np.ndarray:
    images = [pydicom.dcmread(path) for path in folder.iterdir()]
    images.sort(key=lambda image: float(image.ImagePositionPatient[2]))
    return np.stack(
        [
            image.pixel_array.astype(np.int16) * np.int16(image.RescaleSlope)
            + np.int16(image.RescaleIntercept)
            for image in images
        ]
    )


def simpleitk(folder: Path) -> np.ndarray:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return SimpleITK.GetArrayFromImage(reader.Execute())


def bytes_only(folder: Path) -> None:
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        size = os.fstat(descriptor).st_size
        os.readv(descriptor, [bytearray(size)])
        os.close(descriptor)


def take_turns(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            result = run()
            times[name].append(1000 * (time.perf_counter() - start))
            del result
    return {name: statistics.median(spent) for name, spent in times.items()}


def peak_memory_mb(folder: Path) -> tuple[float, float]:
    """Return the peak of a process that only imports, and of one that loads, in MB."""
    code = (
        "import re, sys; from pathlib import Path; from gist_imaging import load_series, scan_folder\n"
        "index = scan_folder(sys.argv[1])\n"
        "volume = load_series(index.series[0]) if sys.argv[2] == 'load' else None\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", code, str(folder), what])) / 1024
        for what in ("scan", "load")
    ]
    return peaks[0], peaks[1]


def report(folder: Path, rounds: int) -> None:
    (series,) = scan_folder(folder).series
    volume = load_series(series).voxels
    np.testing.assert_array_equal(volume, pydicom_and_stack(folder))
    contenders: dict[str, Callable[[], object]] = {
        "bytes only": lambda: bytes_only(folder),
        "ours, series known": lambda: load_series(series).voxels,
        "ours, scan included": lambda: ours_with_scan(folder),
        "pydicom and stack": lambda: pydicom_and_stack(folder),
        "SimpleITK ImageSeriesReader": lambda: simpleitk(folder),
    }
    spent = take_turns(contenders, rounds)
    ours = spent["ours, scan included"]
    print(f"{'':28s} {'ms':>8s} {'x bytes':>8s} {'x ours with scan':>17s}")
    for name, ms in spent.items():
        print(f"{name:28s} {ms:8.0f} {ms / spent['bytes only']:8.1f} {ms / ours:17.2f}")
    if not Path("/proc/self/status").exists():
        return
    before, peak = peak_memory_mb(folder)
    megabytes = volume.nbytes / 2**20
    print(
        f"volume {megabytes:.0f} MB; peak of a process {peak:.0f} MB, {before:.0f} MB of them before loading"
    )
    print(f"growth by loading / volume = {(peak - before) / megabytes:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--matrix", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compressed", action="store_true", help="RLE and JPEG 2000 too")
    arguments = parser.parse_args()
    syntaxes = {"uncompressed": ExplicitVRLittleEndian}
    if arguments.compressed:
        syntaxes |= {"RLE": RLELossless, "JPEG 2000": JPEG2000Lossless}
    for name, syntax in syntaxes.items():
        with tempfile.TemporaryDirectory() as folder:
            write_series(Path(folder), arguments.slices, arguments.matrix, syntax)
            print(f"\n{name}: {arguments.slices} x {arguments.matrix}²")
            report(Path(folder), arguments.rounds)


if __name__ == "__main__":
    main()
