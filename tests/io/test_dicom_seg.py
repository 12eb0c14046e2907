from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import highdicom
import numpy as np
import pydicom
import pytest
from mask_files import TRACKING_ROOT, write_seg, write_series
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging.errors import GeometryError, IntakeError, MaskError
from gist_imaging.io.dicom_seg import read_seg, seg_geometry, segment_mask
from gist_imaging.problems import Code
from gist_imaging.spatial import Geometry

GRID = oblique_geometry(shape=(6, 9, 11))


def blob(seed: int = 1, shape: tuple[int, int, int] = GRID.shape) -> np.ndarray:
    """Scattered voxels, with empty slices at the ends and in the middle."""
    voxels = np.random.default_rng(seed).random(shape) < 0.3
    voxels[[0, 3, -1]] = False
    return voxels


def reordered(geometry: Geometry, voxels: np.ndarray, order: tuple[int, ...], signs: tuple[int, ...]):
    """The same voxels in the patient, stored with swapped and flipped axes."""
    affine = geometry.affine[:, [*order, 3]].copy()
    turned = voxels.transpose(order)
    for axis, sign in enumerate(signs):
        if sign < 0:
            affine[:3, 3] += affine[:3, axis] * (turned.shape[axis] - 1)
            affine[:3, axis] *= -1
            turned = np.flip(turned, axis)
    return replace(geometry, shape=turned.shape, affine=affine), turned


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("omit_empty", [True, False], ids=["sparse", "every frame"])
def test_frames_in_any_order_come_back_where_they_were(tmp_path, kind, omit_empty):
    path = write_seg(tmp_path / "seg.dcm", {1: blob()}, GRID, kind=kind, omit_empty=omit_empty)

    mask = segment_mask(read_seg(path), GRID)
    np.testing.assert_array_equal(mask.voxels, blob())
    assert mask.geometry is GRID


@pytest.mark.parametrize("order", list(permutations((0, 1, 2))))
def test_flipped_and_swapped_frames_are_placed_by_geometry(tmp_path, order):
    for signs in product((-1, 1), repeat=3):
        stored, turned = reordered(GRID, blob(), order, signs)
        path = write_seg(tmp_path / "seg.dcm", {1: turned}, stored)

        np.testing.assert_array_equal(segment_mask(read_seg(path), GRID).voxels, blob())


@pytest.mark.parametrize(
    ("syntax", "vr"),
    [
        (ImplicitVRLittleEndian, "OW"),
        (ExplicitVRBigEndian, "OB"),
        (ExplicitVRBigEndian, "OW"),
    ],
    ids=["implicit", "big endian bytes", "big endian words"],
)
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_every_uncompressed_syntax_gives_the_same_mask(tmp_path, syntax, vr, kind):
    path = write_seg(tmp_path / "seg.dcm", {1: blob()}, GRID, kind=kind, syntax=syntax, vr=vr)

    np.testing.assert_array_equal(segment_mask(read_seg(path), GRID).voxels, blob())


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_what_highdicom_writes_for_a_series_comes_back_on_it(tmp_path, kind):
    folder = write_series(tmp_path / "scan", np.zeros(GRID.shape, dtype=np.int16), GRID)
    sources = [pydicom.dcmread(path) for path in sorted(folder.iterdir(), reverse=True)]
    concept = highdicom.sr.CodedConcept("108369006", "SCT", "Neoplasm")
    description = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label="tumour",
        segmented_property_category=concept,
        segmented_property_type=concept,
        algorithm_type="MANUAL",
        tracking_uid=f"{TRACKING_ROOT}.7",
        tracking_id="lesion 7",
    )
    written = highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=blob(),
        segmentation_type=kind,
        segment_descriptions=[description],
        series_instance_uid=f"{TRACKING_ROOT}.1",
        series_number=9,
        sop_instance_uid=f"{TRACKING_ROOT}.2",
        instance_number=1,
        manufacturer="none",
        manufacturer_model_name="none",
        software_versions="0",
        device_serial_number="0",
    )
    written.save_as(tmp_path / "seg.dcm")
    document = read_seg(tmp_path / "seg.dcm")

    np.testing.assert_array_equal(
        segment_mask(document, GRID, tracking_uid=f"{TRACKING_ROOT}.7").voxels, blob()
    )
    assert document.segments[0].kind == ("108369006", "SCT", "Neoplasm")


def test_overlapping_segments_keep_their_voxels(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", {1: blob(1), 4: blob(2)}, GRID)
    document = read_seg(path)

    for number, seed in ((1, 1), (4, 2)):
        np.testing.assert_array_equal(segment_mask(document, GRID, number=number).voxels, blob(seed))


def test_a_segment_is_chosen_by_number_label_or_tracking_uid(tmp_path):
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob(1), 2: blob(2)}, GRID))
    by_number = segment_mask(document, GRID, number=2)

    assert segment_mask(document, GRID, label="Part 2").sha256() == by_number.sha256()
    assert segment_mask(document, GRID, tracking_uid=f"{TRACKING_ROOT}.2").sha256() == by_number.sha256()
    assert by_number.provenance.parameters["tracking_uid"] == f"{TRACKING_ROOT}.2"


@pytest.mark.parametrize("choice", [{}, {"number": 3}, {"label": "tumour"}])
def test_no_choice_or_a_wrong_one_lists_what_is_there(tmp_path, choice):
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob(1), 2: blob(2)}, GRID))

    with pytest.raises(MaskError, match=r"it holds 1 \(part 1\), 2 \(part 2\)"):
        segment_mask(document, GRID, **choice)


def test_half_of_the_maximum_is_inside_and_less_is_not(tmp_path):
    values = np.zeros(GRID.shape, dtype=np.uint8)
    values[2, 3, 4:7] = (49, 50, 51)
    path = write_seg(
        tmp_path / "seg.dcm", {1: values > 0}, GRID, kind="FRACTIONAL", values=values, maximum=100
    )

    assert np.argwhere(segment_mask(read_seg(path), GRID).voxels).tolist() == [[2, 3, 5], [2, 3, 6]]


def test_a_segmentation_of_another_frame_of_reference_is_refused(tmp_path):
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob()}, replace(GRID, frame_uid="1.2.9")))

    with pytest.raises(MaskError, match="another frame of reference"):
        segment_mask(document, GRID)


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        (oblique_geometry(GRID.shape, origin_mm=(-63.0, 41.5, -317.9)), "mm off the slices"),
        (oblique_geometry(GRID.shape, spacing_mm=(3.3, 0.7, 0.91)), "their pixels are 0.7 x 0.91 mm"),
        (oblique_geometry(GRID.shape, angles_deg=(19.0, -9.0, 28.0)), "turned by 2.0 degrees"),
        (oblique_geometry(GRID.shape, spacing_mm=(3.0, 0.7, 0.9)), "mm off the slices"),
    ],
    ids=["shifted", "other pixels", "turned", "between slices"],
)
def test_frames_off_the_grid_are_refused_with_the_reason(tmp_path, moved, words):
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob()}, moved))

    with pytest.raises(MaskError, match=words):
        segment_mask(document, GRID)


def test_jitter_within_the_gates_tolerance_is_no_reason_to_refuse(tmp_path):
    moved = replace(GRID, affine=GRID.affine + np.eye(4)[:, [3, 3, 3, 2]] * np.array([0, 0, 0, 0.03]))
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob()}, moved))

    np.testing.assert_array_equal(segment_mask(document, GRID).voxels, blob())


def test_voxels_outside_the_image_are_counted_and_refused(tmp_path):
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob()}, GRID))
    n_outside = int(blob()[:2].sum())

    with pytest.raises(MaskError, match=f"{n_outside} of its voxels lie outside"):
        segment_mask(document, GRID.crop((2, 0, 0), (4, 9, 11)))


def test_empty_frames_outside_the_image_do_no_harm(tmp_path):
    voxels = blob()
    voxels[:2] = False
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: voxels}, GRID, omit_empty=False))

    found = segment_mask(document, GRID.crop((2, 0, 0), (4, 9, 11)))
    np.testing.assert_array_equal(found.voxels, voxels[2:])


def test_a_segmentation_has_a_grid_of_its_own(tmp_path):
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob()}, GRID))

    # Slices 1, 2 and 4 hold voxels; the grid spans them.
    own = seg_geometry(document)
    assert own.matches(GRID.crop((1, 0, 0), (4, 9, 11)))
    np.testing.assert_array_equal(segment_mask(document, own).voxels, blob()[1:5])


def test_without_a_stated_spacing_the_smallest_gap_counts(tmp_path):
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: blob()}, GRID, states_spacing=False))

    assert seg_geometry(document).spacing_mm == pytest.approx(GRID.spacing_mm, rel=1e-6)


def test_one_slice_without_a_spacing_has_no_grid(tmp_path):
    voxels = blob()
    voxels[2:] = False
    document = read_seg(write_seg(tmp_path / "seg.dcm", {1: voxels}, GRID, states_spacing=False))

    with pytest.raises(GeometryError, match="one slice without Spacing Between Slices"):
        seg_geometry(document)


def test_uneven_frames_have_no_grid_of_their_own(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", {1: blob()}, GRID, shuffled=False)
    dataset = pydicom.dcmread(path)
    last = dataset.PerFrameFunctionalGroupsSequence[-1].PlanePositionSequence[0]
    last.ImagePositionPatient = list(np.array(last.ImagePositionPatient, float) + GRID.axes[:, 0] * 1.1)
    dataset.save_as(path)

    with pytest.raises(GeometryError, match=r"whole number of 3\.3 mm apart"):
        seg_geometry(read_seg(path))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda d: d.__delattr__("NumberOfFrames"), Code.BAD_VALUE),
        (lambda d: setattr(d, "PixelData", d.PixelData[:-2]), Code.PIXEL_LENGTH_MISMATCH),
        (lambda d: setattr(d, "BitsAllocated", 8), Code.BAD_VALUE),
        (lambda d: setattr(d, "SegmentationType", "SURFACE"), Code.BAD_VALUE),
        (
            lambda d: d.PerFrameFunctionalGroupsSequence[1].__delattr__("PlanePositionSequence"),
            Code.MISSING_REQUIRED_TAGS,
        ),
        (
            lambda d: setattr(
                d.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0],
                "ImageOrientationPatient",
                [1, 0, 0, 1, 0, 0],
            ),
            Code.BAD_VALUE,
        ),
    ],
    ids=[
        "frames uncounted",
        "pixels cut",
        "wrong bits",
        "unknown type",
        "a frame without a place",
        "no orientation",
    ],
)
def test_a_broken_segmentation_is_refused_by_name(tmp_path, spoil, code):
    path = write_seg(tmp_path / "seg.dcm", {1: blob()}, GRID)
    dataset = pydicom.dcmread(path)
    spoil(dataset)
    dataset.save_as(path)

    with pytest.raises(IntakeError) as refused:
        read_seg(path)
    assert refused.value.code is code


SEG_SR = REAL_SCANS / "seg_sr"


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize(
    ("path", "n_voxels", "volume_ml"),
    [
        ("qin_headneck_0003_iowa/seg.dcm", 795, 33.5824),
        ("compressed_seg/liver.dcm", 107_098, 70.3619),
        ("compressed_seg/liver_nonbyte_aligned.dcm", 107_098, 70.3619),
    ],
)
def test_other_programs_segments_have_the_volume_that_their_reports_say(path, n_voxels, volume_ml):
    document = read_seg(SEG_SR / path)
    mask = segment_mask(document, seg_geometry(document))

    assert mask.n_voxels == n_voxels
    assert n_voxels * mask.geometry.voxel_volume_mm3 / 1000 == pytest.approx(volume_ml, abs=5e-5)


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize(
    "path",
    [
        "dcmqi_23x38x3/seg/label.seg",
        "dcmqi_other/partial_overlaps.dcm",
        "dcmqi_other/sparse-labelmap-noppv.dcm",
        "highdicom/seg_image_ct_binary.dcm",
        "highdicom/seg_image_ct_binary_overlap.dcm",
        "highdicom/seg_image_ct_binary_single_frame.dcm",
        "ucsf_br06_fractional_seg/seg.dcm",
    ],
)
def test_every_voxel_of_other_programs_segments_lies_where_its_frame_says(path):
    document = read_seg(SEG_SR / path)
    own = seg_geometry(document)
    # An independent reading: pydicom's pixels, each placed by the attributes of its own frame.
    dataset = pydicom.dcmread(SEG_SR / path)
    pixels = np.atleast_3d(dataset.pixel_array).reshape(-1, dataset.Rows, dataset.Columns)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    column, row = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    between_rows, between_columns = (float(mm) for mm in shared.PixelMeasuresSequence[0].PixelSpacing)
    for segment in document.segments:
        expected = set()
        for plane, groups in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
            if document.kind == "LABELMAP":
                inside = plane == segment.number
            elif groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment.number:
                inside = plane > 0
            else:
                continue
            first = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
            r, c = np.nonzero(inside)
            points = first + r[:, None] * row * between_rows + c[:, None] * column * between_columns
            expected |= {tuple(point) for point in (points.round(2) + 0.0).tolist()}
        mask = segment_mask(document, own, number=segment.number)
        found = own.to_patient(np.argwhere(mask.voxels)).round(2) + 0.0

        assert len(found) == len(expected) > 0
        distances = np.abs(np.array(sorted(expected)) - np.array(sorted(map(tuple, found.tolist()))))
        assert distances.max() <= 0.011


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize("name", ["liver_rle.dcm", "liver_deflate.dcm"])
def test_compressed_frames_of_one_bit_are_refused_by_name(name):
    with pytest.raises(IntakeError) as refused:
        read_seg(SEG_SR / "compressed_seg" / name)

    assert refused.value.code is Code.UNSUPPORTED_TRANSFER_SYNTAX


@needs_real_scans
@pytest.mark.real
def test_a_segmentation_of_a_slide_is_refused_by_name():
    with pytest.raises(MaskError, match="microscope slide"):
        read_seg(SEG_SR / "highdicom" / "seg_image_sm_control_labelmap.dcm")


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize("name", ["pydicom__liver_1frame.dcm", "pydicom__liver_expb_1frame.dcm"])
def test_a_file_with_fewer_frames_than_positions_is_refused(name):
    with pytest.raises(IntakeError, match="1 frames should have as many positions, found 3"):
        read_seg(REAL_SCANS / "transfer_syntaxes" / name)


@needs_real_scans
@pytest.mark.real
def test_codes_and_algorithm_of_a_segment_are_kept():
    segment = read_seg(SEG_SR / "dcmqi_other" / "partial_overlaps.dcm").segments[1]

    assert (segment.number, segment.label, segment.algorithm_type) == (2, "ORANGE", "MANUAL")
    assert segment.kind == ("51114001", "SCT", "Artery")


@needs_real_scans
@pytest.mark.real
def test_a_big_endian_copy_gives_the_same_mask(tmp_path):
    masks = []
    for name in ("pydicom__liver_1frame.dcm", "pydicom__liver_expb_1frame.dcm"):
        dataset = pydicom.dcmread(REAL_SCANS / "transfer_syntaxes" / name)
        groups = dataset.PerFrameFunctionalGroupsSequence
        dataset.PerFrameFunctionalGroupsSequence = groups[:1]
        dataset.save_as(tmp_path / name)
        document = read_seg(tmp_path / name)
        masks.append(segment_mask(document, seg_geometry(document)))

    assert masks[0].n_voxels > 0
    assert masks[0].sha256() == masks[1].sha256()
