"""What headers say becomes plain facts; what they say wrongly becomes a flag, and never a number."""

from pathlib import Path

import pytest
from dicom_images import ct_image, item, random_values, real_world
from pydicom.dataset import Dataset
from slices import MR_IMAGE

from gist_imaging.errors import IntakeError
from gist_imaging.io.dataset_facts import facts_of
from gist_imaging.io.vendor import b_value_in_sequence_name, ge_b_value
from gist_imaging.problems import Code
from gist_imaging.study.gate import check_stack

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"


def facts(image):
    return facts_of(image, Path("a.dcm"), "a.dcm")


def raw(image, tag, vr, value):
    """Put a value into the image that pydicom itself would not write."""
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    image._dict[Tag(tag)] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)
    return image


def mr_image(**elements):
    silent = dict.fromkeys(("RescaleSlope", "RescaleIntercept", "RescaleType"))
    return ct_image(**{"Modality": "MR", "SOPClassUID": MR_IMAGE, **silent, **elements})


def test_a_plain_image_gives_its_place_and_scale():
    (frame,) = facts(ct_image(2))

    assert (frame.rows, frame.columns) == (37, 43)
    assert frame.pixel_spacing_mm == (0.7, 0.9)
    assert frame.rescale_intercept == -1024
    assert frame.position_mm is not None
    assert frame.orientation is not None
    assert frame.flags == ()


@pytest.mark.parametrize(
    ("tag", "vr", "value", "code", "words"),
    [
        ((0x0028, 0x0030), "DS", b"0,8\\0,8 ", Code.BAD_PIXEL_SPACING, "decimal comma"),
        ((0x0028, 0x0030), "DS", b"0\\0 ", Code.BAD_PIXEL_SPACING, "zero"),
        ((0x0028, 0x0030), "DS", b"-1\\1", Code.BAD_PIXEL_SPACING, "negative"),
        ((0x0028, 0x0030), "DS", b"NaN\\1 ", Code.BAD_PIXEL_SPACING, "NaN"),
        ((0x0028, 0x0030), "DS", b"0.8 ", Code.BAD_PIXEL_SPACING, "1 number"),
        ((0x0028, 0x0030), "DS", b"", Code.BAD_PIXEL_SPACING, "no Pixel Spacing"),
        ((0x0020, 0x0037), "DS", b"0\\0\\0\\0\\0\\0 ", Code.BAD_ORIENTATION, "length 0"),
        ((0x0020, 0x0037), "DS", b"1\\0\\0\\1\\0\\0 ", Code.BAD_ORIENTATION, "right angles"),
        ((0x0020, 0x0037), "DS", b"1\\0\\0\\0\\2\\0 ", Code.BAD_ORIENTATION, "length 1"),
        ((0x0020, 0x0037), "DS", b"1\\0\\0 ", Code.BAD_ORIENTATION, "3 numbers"),
        ((0x0020, 0x0037), "DS", b"", Code.NO_GEOMETRY, "lack them"),
        ((0x0020, 0x0032), "DS", b"1\\2\\nan ", Code.NO_GEOMETRY, "lack them"),
        ((0x0028, 0x1053), "DS", b"0 ", Code.BAD_RESCALE, "slope of 0"),
        ((0x0028, 0x1053), "DS", b"1e400 ", Code.BAD_RESCALE, "beyond all bounds"),
        ((0x0028, 0x1053), "DS", b"", Code.BAD_RESCALE, "no slope"),
        ((0x0028, 0x1053), "DS", b"-1", Code.BAD_RESCALE, "slope below 0"),
        ((0x0028, 0x1053), "DS", b"1e10", Code.BAD_RESCALE, "slope above 10000"),
        ((0x0028, 0x1053), "DS", b"1\\2 ", Code.BAD_RESCALE, "2 numbers"),
        ((0x0028, 0x1052), "DS", b"-1024\\0 ", Code.BAD_RESCALE, "2 numbers"),
        ((0x0028, 0x1052), "DS", b"Doe^Jane", Code.BAD_RESCALE, "a text"),
    ],
)
def test_an_unusable_value_is_told_in_kind_and_never_used(tag, vr, value, code, words):
    result = check_stack(facts(raw(ct_image(), tag, vr, value)))
    (problem,) = [problem for problem in result.problems if problem.code is code]

    assert words in problem.message
    assert "Doe" not in problem.message


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SeriesInstanceUID", "PixelRepresentation", "Rows"])
def test_a_missing_element_that_reading_needs_refuses_the_file(keyword):
    image = ct_image()
    del image[keyword]
    image.file_meta.pop("MediaStorageSOPInstanceUID", None)

    with pytest.raises(IntakeError) as refused:
        facts(image)
    assert refused.value.code is Code.MISSING_REQUIRED_TAGS
    assert keyword in str(refused.value)


def private(group, creator, offset, vr, value):
    image = mr_image()
    image.private_block(group, creator, create=True).add_new(offset, vr, value)
    return image


@pytest.mark.parametrize(
    ("image", "b_value"),
    [
        (mr_image(DiffusionBValue=750.0), 750.0),
        (private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "800"), 800.0),
        (private(0x0019, "SIEMENS MR HEADER", 0x0C, "OB", b"400 "), 400.0),
        (private(0x0019, "GEMS_ACQU_01", 0x0C, "IS", "800"), None),
        (mr_image(SequenceName="*ep_b50t"), 50.0),
        (mr_image(SequenceName="*ep_b1000#3"), 1000.0),
        (mr_image(SequenceName="*ep_b50_800"), None),
        (mr_image(SequenceName="*tse2d1_b"), None),
        (private(0x0043, "GEMS_PARM_01", 0x39, "IS", [1000000600, 8, 0, 0]), 600.0),
        (private(0x0043, "GEMS_PARM_01", 0x39, "IS", [0, 0, 0, 0]), None),
        (private(0x2001, "Philips Imaging DD 001", 0x03, "FL", 1000.0), 1000.0),
        (private(0x0065, "Image Private Header", 0x09, "FD", 930.0), 930.0),
        (mr_image(), None),
    ],
    ids=lambda value: "" if isinstance(value, Dataset) else str(value),
)
def test_b_values_are_found_where_the_vendors_keep_them(image, b_value):
    (frame,) = facts(image)

    assert frame.b_value == b_value


def test_the_second_private_block_is_believed_under_its_own_creator():
    image = mr_image()
    image.private_block(0x0019, "SOMEBODY ELSE", create=True).add_new(0x0C, "IS", "1")
    image.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "800")

    assert facts(image)[0].b_value == 800.0


def test_ge_b_values_lose_their_mark_and_siemens_names_are_read_whole():
    assert ge_b_value([1000001000]) == 1000.0
    assert b_value_in_sequence_name("ep_b0") == 0.0
    assert b_value_in_sequence_name("") is None


@pytest.mark.parametrize(
    ("unit", "factor"), [("mm2/s", 1000.0), ("10*-6.mm2/s", 1e-3), ("um2/s", 1e-3), ("10*-3.mm2/s", 1.0)]
)
def test_a_stated_diffusion_scale_makes_adc(unit, factor):
    (frame,) = facts(mr_image(RealWorldValueMappingSequence=[real_world(unit)]))

    assert frame.quantity_hint == "ADC"
    assert frame.real_world_slope == pytest.approx(2.0 * factor)
    assert frame.real_world_intercept == pytest.approx(factor)


def test_another_real_world_scale_changes_nothing():
    (frame,) = facts(ct_image(RealWorldValueMappingSequence=[real_world("ml/100ml/s")]))

    assert frame.quantity_hint is None
    assert frame.real_world_slope is None
    assert frame.rescale_slope == 1.0


def enhanced(positions, b_values):
    image = ct_image(stored=random_values(1), SOPClassUID=ENHANCED_MR, Modality="MR")
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"):
        place = {keyword: image[keyword].value}
        del image[keyword]
        if keyword == "ImageOrientationPatient":
            orientation = place
        if keyword == "PixelSpacing":
            measures = {**place, "SliceThickness": 3.0, "SpacingBetweenSlices": 3.3}
    image.NumberOfFrames = len(positions)
    image.SharedFunctionalGroupsSequence = [
        item(
            PlaneOrientationSequence=[item(**orientation)],
            PixelMeasuresSequence=[item(**measures)],
            PixelValueTransformationSequence=[item(RescaleSlope=2, RescaleIntercept=5, RescaleType="US")],
        )
    ]
    image.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=list(position))],
            FrameContentSequence=[item(TemporalPositionIndex=1, FrameAcquisitionDateTime="20260102101112.5")],
            MRDiffusionSequence=[item(DiffusionBValue=b)],
            MREchoSequence=[item(EffectiveEchoTime=70.0)],
            MRImageFrameTypeSequence=[item(FrameType=["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"])],
        )
        for position, b in zip(positions, b_values, strict=True)
    ]
    return image


def test_frames_of_an_enhanced_image_take_what_is_theirs_and_what_is_shared():
    frames = facts(enhanced([(1.0, 2.0, 3.0), (1.0, 2.0, 6.3)], (0.0, 800.0)))

    assert [frame.frame for frame in frames] == [0, 1]
    assert [frame.position_mm for frame in frames] == [(1.0, 2.0, 3.0), (1.0, 2.0, 6.3)]
    assert [frame.b_value for frame in frames] == [0.0, 800.0]
    assert {frame.pixel_spacing_mm for frame in frames} == {(0.7, 0.9)}
    assert {frame.rescale_slope for frame in frames} == {2.0}
    assert {frame.echo_time_ms for frame in frames} == {70.0}
    assert {frame.acquisition_time for frame in frames} == {"101112.5"}
    assert {frame.image_type[2] for frame in frames} == {"DIFFUSION"}


def test_the_tube_voltage_of_a_frame_is_its_own_or_that_of_the_image():
    image = enhanced([(1.0, 2.0, 3.0), (1.0, 2.0, 6.3)], (0.0, 800.0))
    image.KVP = "120"
    image.PerFrameFunctionalGroupsSequence[1].CTXRayDetailsSequence = [item(KVP=80.0)]

    assert [frame.kvp for frame in facts(image)] == [120.0, 80.0]


def test_frames_that_are_counted_but_not_described_lie_nowhere():
    image = enhanced([(1.0, 2.0, 3.0), (1.0, 2.0, 6.3)], (0.0, 0.0))
    image.NumberOfFrames = 3

    assert facts(image)[2].position_mm is None


def test_no_fact_shows_the_patient_when_printed():
    (frame,) = facts(ct_image(PatientID="SECRET-7", PatientBirthDate="19610203"))

    assert "SECRET-7" not in repr(frame)
    assert "19610203" not in repr(frame)
