from __future__ import annotations

import bz2
import gzip

import numpy as np
import pytest
import SimpleITK
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging.errors import GeometryError, IntakeError
from gist_imaging.io.labels import choose_label
from gist_imaging.io.nrrd import read_nrrd_labels, read_nrrd_volume
from gist_imaging.problems import Code

GRID = oblique_geometry(shape=(4, 5, 6), frame_uid=None)
VALUES = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
VOXELS = VALUES.tobytes()
PLAIN = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "6 5 4",
    "space directions": " ".join(f"({x!r},{y!r},{z!r})" for x, y, z in GRID.affine[:3, [2, 1, 0]].T.tolist()),
    "endian": "little",
    "encoding": "raw",
    "space origin": "({!r},{!r},{!r})".format(*GRID.origin_mm),
}


def write(path, voxels=VOXELS, pairs="", **changes):
    fields = {**PLAIN, **{name.replace("_", " "): value for name, value in changes.items()}}
    lines = "".join(f"{name}: {value}\n" for name, value in fields.items() if value is not None)
    path.write_bytes(f"NRRD0005\n# a comment\n{lines}{pairs}\n".encode() + voxels)
    return path


@pytest.mark.parametrize("name", ["packed.nrrd", "raw.nrrd", "detached.nhdr"])
def test_what_simpleitk_writes_is_read_where_it_lies(tmp_path, name):
    image = SimpleITK.GetImageFromArray(VALUES)
    image.SetSpacing(GRID.spacing_mm[::-1])
    image.SetOrigin(GRID.origin_mm)
    image.SetDirection(GRID.axes[:, ::-1].reshape(-1).tolist())
    SimpleITK.WriteImage(image, str(tmp_path / name), useCompression=name.startswith("packed"))
    volume = read_nrrd_volume(tmp_path / name)

    np.testing.assert_array_equal(volume.voxels, VALUES)
    assert volume.geometry.matches(GRID, tol_mm=1e-6)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("raw", bytes), ("gzip", gzip.compress), ("bzip2", bz2.compress)]
)
def test_every_encoding_gives_the_same_voxels(tmp_path, encoding, pack):
    path = write(tmp_path / "a.nrrd", pack(VALUES.tobytes()), encoding=encoding)

    np.testing.assert_array_equal(read_nrrd_volume(path).voxels, VALUES)


def test_big_endian_voxels_are_read(tmp_path):
    path = write(tmp_path / "a.nrrd", VALUES.astype(">i2").tobytes(), endian="big")

    np.testing.assert_array_equal(read_nrrd_volume(path).voxels, VALUES)


def test_other_spaces_are_turned_to_lps(tmp_path):
    signs = np.array([-1.0, -1.0, 1.0])
    directions = (GRID.affine[:3, [2, 1, 0]].T * signs).tolist()
    path = write(
        tmp_path / "a.nrrd",
        space="RAS",
        space_directions=" ".join(f"({x!r},{y!r},{z!r})" for x, y, z in directions),
        space_origin="({!r},{!r},{!r})".format(*(np.array(GRID.origin_mm) * signs).tolist()),
    )

    assert read_nrrd_volume(path).geometry.matches(GRID, tol_mm=1e-9)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"space": None}, "space"),
        ({"space": "scanner-xyz"}, "space"),
        ({"space_directions": None}, "space directions"),
        ({"space_directions": "none (1,0,0) (0,1,0)"}, "space directions"),
        ({"space_origin": None}, "space origin"),
        ({"space": None, "space_directions": None, "spacings": "1 1 1"}, "space, space directions"),
    ],
)
def test_a_file_that_does_not_say_where_it_lies_is_refused(tmp_path, changes, missing):
    with pytest.raises(GeometryError, match=f"not in words that are known: {missing};"):
        read_nrrd_volume(write(tmp_path / "a.nrrd", **changes))


def test_lengths_in_another_unit_are_refused(tmp_path):
    with pytest.raises(GeometryError, match="lengths in mm"):
        read_nrrd_volume(write(tmp_path / "a.nrrd", space_units='"cm" "cm" "cm"'))


def test_several_volumes_are_refused_with_advice(tmp_path):
    path = write(tmp_path / "a.nrrd", dimension="4", sizes="2 6 5 4")

    with pytest.raises(GeometryError, match="save one volume"):
        read_nrrd_volume(path)


@pytest.mark.parametrize(
    ("voxels", "changes", "code"),
    [
        (VALUES.tobytes()[:-1], {}, Code.TRUNCATED),
        (VALUES.tobytes() + b"\0", {}, Code.PIXEL_LENGTH_MISMATCH),
        (gzip.compress(VALUES.tobytes())[:-9], {"encoding": "gzip"}, Code.TRUNCATED),
        (b"not packed", {"encoding": "gzip"}, Code.TRUNCATED),
        (gzip.compress(bytes(10_000_000)), {"encoding": "gzip"}, Code.PIXEL_LENGTH_MISMATCH),
        (b"", {"encoding": "ascii"}, Code.BAD_VALUE),
        (b"", {"type": "block"}, Code.BAD_VALUE),
        (b"", {"endian": None}, Code.BAD_VALUE),
        (b"", {"sizes": "60000 60000 60000"}, Code.LIMIT_MEMORY),
        (b"", {"data_file": "../elsewhere.raw"}, Code.LINK_OUTSIDE_ROOT),
        (b"", {"data_file": "slice%03d.raw 1 4 1"}, Code.LINK_OUTSIDE_ROOT),
        (b"", {"data_file": "gone.raw"}, Code.NOT_A_REGULAR_FILE),
    ],
)
def test_a_broken_or_hostile_file_is_refused_by_name(tmp_path, voxels, changes, code):
    with pytest.raises(IntakeError) as refused:
        read_nrrd_volume(write(tmp_path / "a.nrrd", voxels, **changes))

    assert refused.value.code is code


def test_segments_of_3d_slicer_are_chosen_by_name(tmp_path):
    pairs = (
        "Segment0_Name:=tumour\nSegment0_LabelValue:=1\nSegment1_Name:=levator ani\nSegment1_LabelValue:=4\n"
    )
    values = np.zeros((4, 5, 6), dtype=np.int16)
    values[1:3, 2, 2:5], values[3, 4] = 1, 4
    labels = read_nrrd_labels(write(tmp_path / "a.seg.nrrd", values.tobytes(), pairs))

    assert labels.names == {1: "tumour", 4: "levator ani"}
    voxels, chosen = choose_label(labels, "Levator Ani", "a.seg.nrrd")
    assert chosen == 4
    np.testing.assert_array_equal(voxels, values == 4)


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize("case", ["brain1", "breast1"])
def test_a_real_file_lies_where_simpleitk_says(case):
    path = REAL_SCANS / "tumour_labels" / f"pyradiomics_{case}" / f"{case}_image.nrrd"
    volume = read_nrrd_volume(path)
    image = SimpleITK.ReadImage(str(path))
    last = [n - 1 for n in image.GetSize()]

    np.testing.assert_array_equal(volume.voxels, SimpleITK.GetArrayFromImage(image))
    np.testing.assert_allclose(
        volume.geometry.to_patient(last[::-1]), image.TransformIndexToPhysicalPoint(last), atol=1e-9
    )
