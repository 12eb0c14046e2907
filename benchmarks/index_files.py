"""How long an index of 3,000 mixed files takes, beside pydicom and beside merely reading their heads.

2,760 DICOM files (CT and MR, 16 series) and 240 that are none, in nested folders without extensions. The
contenders take turns in one run; read the ratios, not the milliseconds. Run it with

    python benchmarks/index_files.py [--rounds 5] [--implicit 0]

The decoding process is warm. `--implicit N` writes N of the 16 series as Implicit VR, which only the
decoding process reads.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from gist_imaging import scan_folder

N_SERIES = 16
N_DICOM = 2760
N_JUNK = 240
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


def series_header(number: int, patient: int) -> Dataset:
    """A header such as a scanner writes: about 90 elements, nested sequences and private groups."""
    ct = number % 4 != 3
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 100"
    header.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if ct else "M"]
    header.SOPClassUID = CT if ct else MR
    header.StudyDate = header.SeriesDate = header.AcquisitionDate = header.ContentDate = "20260102"
    header.StudyTime = header.SeriesTime = header.AcquisitionTime = header.ContentTime = "101112.000000"
    header.AccessionNumber = "1234567"
    header.Modality = "CT" if ct else "MR"
    header.Manufacturer = "Benchmark"
    header.InstitutionName = "Nowhere"
    header.ReferringPhysicianName = ""
    header.StationName = "STATION"
    header.StudyDescription = "Pelvis"
    header.SeriesDescription = f"series {number}"
    header.ManufacturerModelName = "Model"
    reference = Dataset()
    reference.ReferencedSOPClassUID = CT
    reference.ReferencedSOPInstanceUID = generate_uid()
    header.ReferencedImageSequence = [reference]
    header.ReferencedStudySequence = [reference]
    header.PatientName = "Bench^Mark"
    header.PatientID = f"P{patient}"
    header.PatientBirthDate = "19600101"
    header.PatientSex = "F"
    header.PatientAge = "066Y"
    header.PatientWeight = "70"
    header.BodyPartExamined = "PELVIS"
    header.SliceThickness = "2.5"
    header.SoftwareVersions = "1.0"
    header.ProtocolName = "Pelvis"
    header.PatientPosition = "FFS"
    if ct:
        header.KVP = "120"
        header.DataCollectionDiameter = "500"
        header.ReconstructionDiameter = "400"
        header.DistanceSourceToDetector = "1000"
        header.GantryDetectorTilt = "0"
        header.TableHeight = "150"
        header.RotationDirection = "CW"
        header.ExposureTime = "500"
        header.XRayTubeCurrent = "200"
        header.Exposure = "100"
        header.FilterType = "BODY"
        header.ConvolutionKernel = "B30f"
        header.RescaleIntercept = "-1024"
        header.RescaleSlope = "1"
        header.RescaleType = "HU"
    else:
        header.ScanningSequence = "SE"
        header.SequenceVariant = "SK"
        header.MRAcquisitionType = "2D"
        header.RepetitionTime = "4000"
        header.EchoTime = "90"
        header.NumberOfAverages = "2"
        header.ImagingFrequency = "123.2"
        header.EchoNumbers = "1"
        header.MagneticFieldStrength = "3"
        header.SpacingBetweenSlices = "3"
        header.EchoTrainLength = "15"
        header.PixelBandwidth = "200"
        header.FlipAngle = "150"
        header.SAR = "0.5"
    header.StudyInstanceUID = generate_uid(entropy_srcs=[f"study {patient}"])
    header.SeriesInstanceUID = generate_uid(entropy_srcs=[f"series {number}"])
    header.StudyID = "1"
    header.SeriesNumber = str(number)
    header.AcquisitionNumber = "1"
    header.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    header.FrameOfReferenceUID = generate_uid(entropy_srcs=[f"frame {patient}"])
    header.PositionReferenceIndicator = "SN"
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.Rows = header.Columns = 64
    header.PixelSpacing = ["0.78125", "0.78125"]
    header.BitsAllocated = 16
    header.BitsStored = 12
    header.HighBit = 11
    header.PixelRepresentation = 0
    header.WindowCenter = "40"
    header.WindowWidth = "400"
    header.RequestedProcedureDescription = "Pelvis"
    header.PerformedProcedureStepStartDate = "20260102"
    header.PerformedProcedureStepID = "1"
    private = header.private_block(0x0009, "BENCH_IDEN_01", create=True)
    for element in range(1, 9):
        private.add_new(element, "LO", f"value {element}")
    return header


def make_files(folder: Path, n_implicit: int = 0) -> None:
    pixels = np.zeros((64, 64), np.uint16).tobytes()
    per_series = [N_DICOM // N_SERIES + (n < N_DICOM % N_SERIES) for n in range(N_SERIES)]
    for number, count in enumerate(per_series):
        header = series_header(number, number // 4)
        below = folder / f"patient{number // 4}" / "study" / f"s{number}"
        below.mkdir(parents=True)
        for position in range(count):
            header.SOPInstanceUID = generate_uid(entropy_srcs=[f"{number} {position}"])
            header.InstanceNumber = str(position + 1)
            header.SliceLocation = f"{-300 + 2.5 * position:.2f}"
            header.ImagePositionPatient = ["-200.5", "-198.25", f"{-300 + 2.5 * position:.2f}"]
            header.PixelData = pixels
            header.file_meta = FileMetaDataset()
            implicit = number < n_implicit
            header.file_meta.TransferSyntaxUID = (
                ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
            )
            header.save_as(below / f"IM{position:05d}", enforce_file_format=True)
    rng = np.random.default_rng(1)
    for number in range(N_JUNK):
        below = folder / f"patient{number % 4}" / "reports"
        below.mkdir(exist_ok=True)
        (below / f"note{number}").write_bytes(rng.bytes(2000) if number % 2 else b"some notes\n" * 200)


def paths_below(folder: Path) -> list[str]:
    # No Path objects: they would slow the limit down.
    return [f"{at}/{file}" for at, _, files in os.walk(folder) for file in files]


def read_heads(folder: Path) -> int:
    done = 0
    for path in paths_below(folder):
        descriptor = os.open(path, os.O_RDONLY)
        done += len(os.read(descriptor, 4096)) > 0
        os.close(descriptor)
    return done


def with_pydicom(folder: Path) -> int:
    series: dict[str, int] = {}
    for path in paths_below(folder):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            continue
        uid = header.SeriesInstanceUID
        series[uid] = series.get(uid, 0) + 1
    return sum(series.values())


def with_ours(folder: Path) -> int:
    index = scan_folder(folder)
    if len(index.volumes) != N_SERIES or len(index.refused) != N_JUNK:
        raise SystemExit(f"wrong index: {len(index.volumes)} volumes, {len(index.refused)} refused")
    return sum(series.n_files for series in index.series)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--implicit", type=int, default=0, help="series written as Implicit VR")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    warnings.simplefilter("ignore")
    contenders: dict[str, Callable[[Path], int]] = {
        "read the heads (limit)": read_heads,
        "gist_imaging.scan_folder": with_ours,
        "pydicom, stop_before_pixels": with_pydicom,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder, arguments.implicit)
        seconds: dict[str, list[float]] = {contender: [] for contender in contenders}
        for _round in range(rounds + 1):  # the first warms caches and is dropped
            for contender, run in contenders.items():
                start = time.perf_counter()
                run(folder)
                seconds[contender].append(time.perf_counter() - start)
    median = {contender: statistics.median(times[1:]) for contender, times in seconds.items()}
    ours = median["gist_imaging.scan_folder"]
    print(
        f"{N_DICOM + N_JUNK} files, {N_DICOM} of them DICOM in {N_SERIES} series; median of {rounds} rounds"
    )
    for contender, took in median.items():
        print(f"{contender:30s} {1000 * took:8.1f} ms   {took / ours:6.2f} x ours")


if __name__ == "__main__":
    main()
