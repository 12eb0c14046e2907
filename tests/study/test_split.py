"""Images of one Series Instance UID fall into stacks that belong together, and no volume is torn apart."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from slices import ct_stack, mr_stack, renumbered

from gist_imaging.problems import Code
from gist_imaging.study.series import PatientIdentity, SeriesKind
from gist_imaging.study.split import assemble

AXIAL = Rotation.identity()
CORONAL = Rotation.from_euler("x", 90, degrees=True)
SAGITTAL = Rotation.from_euler("yx", (90, 90), degrees=True)
PLACES = np.arange(12) * 3.0


def codes(series):
    return {problem.code for problem in series.problems}


def splits(frames):
    return [dict(series.split) for series in assemble(frames)]


def test_a_plain_stack_is_one_series_without_a_split():
    (series,) = assemble(ct_stack())

    assert series.kind is SeriesKind.VOLUME
    assert series.split == {}
    assert series.shape == (40, 128, 96)
    assert series.n_files == 40


def test_series_of_two_uids_stay_apart():
    frames = [*ct_stack(), *ct_stack(series_uid="1.2.4")]

    assert [series.series_uid for series in assemble(frames)] == ["1.2.3", "1.2.4"]


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [
        ("b_value", "b_value", (50.0, 400.0, 800.0)),
        ("echo_time_ms", "echo_time_ms", (1.23, 2.46)),
        ("phase", "phase", ("40 %", "70 %")),
        ("temporal_position", "temporal_position", (1.0, 2.0, 3.0)),
    ],
)
def test_what_the_images_state_separates_them(name, field, values):
    frames = [
        frame
        for turn, value in enumerate(values)
        for frame in renumbered(mr_stack(PLACES), 1 + 12 * turn, **{field: value})
    ]
    found = assemble(frames)

    assert [dict(series.split) for series in found] == [{name: value} for value in values]
    assert all(series.kind is SeriesKind.VOLUME and series.shape[0] == 12 for series in found)
    assert all(series.problems == () for series in found)


def test_magnitude_and_phase_images_are_told_apart():
    frames = [
        *mr_stack(PLACES),
        *renumbered(mr_stack(PLACES), 13, image_type=("ORIGINAL", "PRIMARY", "P", "ND")),
    ]

    assert splits(frames) == [{"image_type": "M"}, {"image_type": "P"}]


def test_processing_words_of_image_type_do_not_tear_one_volume_apart():
    frames = ct_stack()
    frames[3:9] = [
        replace(frame, image_type=("ORIGINAL", "PRIMARY", "AXIAL", "ADD")) for frame in frames[3:9]
    ]

    assert splits(frames) == [{}]


def test_processing_words_separate_where_positions_repeat():
    filtered = renumbered(mr_stack(PLACES), 13, image_type=("DERIVED", "PRIMARY", "M", "NORM"))

    found = splits([*mr_stack(PLACES), *filtered])

    assert [sorted(split) for split in found] == [["image_type"], ["image_type"]]


@pytest.mark.parametrize("field", ["acquisition_number", "trigger_time_ms", "temporal_position"])
def test_a_statement_that_differs_from_slice_to_slice_does_not_tear_one_volume_apart(field):
    frames = [replace(frame, **{field: position + 1}) for position, frame in enumerate(ct_stack())]

    assert splits(frames) == [{}]


def test_rotations_of_a_step_and_shoot_scan_are_one_volume():
    frames = [replace(frame, acquisition_number=position // 4) for position, frame in enumerate(ct_stack())]

    assert splits(frames) == [{}]


@pytest.mark.parametrize(
    "change",
    [{"acquisition_number": 2}, {"acquisition_time": "101500"}, {"trigger_time_ms": 2000.0}],
    ids=["acquisition number", "acquisition time", "trigger time"],
)
def test_phases_in_one_series_are_told_apart_by_time(change):
    before = {"acquisition_number": 1, "acquisition_time": "101000", "trigger_time_ms": 0.0}
    first = mr_stack(PLACES, **{name: before[name] for name in change})
    second = renumbered(mr_stack(PLACES), 13, **change)
    found = assemble([*second, *first])

    assert [dict(series.split) for series in found] == [
        {"temporal_position": 1.0},
        {"temporal_position": 2.0},
    ]
    assert found[0].frames[0].instance_number == 1
    assert found[1].frames[0].instance_number == 13


def test_times_of_each_slice_rank_the_phases_at_each_position():
    first = [replace(f, acquisition_time=f"1010{n:02d}") for n, f in enumerate(mr_stack(PLACES))]
    second = [
        replace(f, acquisition_time=f"1012{n:02d}") for n, f in enumerate(renumbered(mr_stack(PLACES), 13))
    ]

    assert splits([*first, *second]) == [{"temporal_position": 1.0}, {"temporal_position": 2.0}]


def test_a_phase_that_lacks_a_slice_is_still_a_phase_with_a_hole():
    second = renumbered(mr_stack(PLACES), 13, acquisition_number=2)
    del second[5]
    whole, holed = sorted(assemble([*mr_stack(PLACES), *second]), key=lambda series: series.n_files)[::-1]

    assert whole.kind is SeriesKind.VOLUME
    assert Code.MISSING_SLICES in codes(holed)


def test_complete_stacks_that_follow_one_another_by_instance_number_are_volumes():
    found = assemble([*mr_stack(PLACES), *renumbered(mr_stack(PLACES), 13)])

    assert [series.split for series in found] == [{"temporal_position": 1.0}, {"temporal_position": 2.0}]
    assert all(series.kind is SeriesKind.VOLUME and series.shape[0] == 12 for series in found)
    assert all(series.problems == () for series in found)
    assert [series.frames[0].instance_number for series in found] == [1, 13]


@pytest.mark.parametrize(
    "second",
    [
        renumbered(mr_stack(PLACES), 13)[:-1],
        renumbered(mr_stack(PLACES)[::-1], 13),
        [replace(frame, instance_number=1) for frame in renumbered(mr_stack(PLACES), 13)],
        [*renumbered(mr_stack(PLACES), 13)[1:], *renumbered(mr_stack(PLACES)[3:4], 25)],
    ],
    ids=["a slice is missing", "the other way round", "numbered alike", "a slice is doubled"],
)
def test_instance_numbers_that_give_no_equal_stacks_separate_nothing(second):
    (series,) = assemble([*mr_stack(PLACES), *second])

    assert series.kind is SeriesKind.REFUSED
    assert Code.DUPLICATE_POSITION in codes(series)


@pytest.mark.parametrize("part", [slice(4, 7), slice(9, 10)], ids=["three slices", "one slice"])
def test_a_small_part_of_a_later_phase_is_a_stack_of_its_own(part):
    second = renumbered(mr_stack(PLACES)[part], 13, acquisition_number=2)
    found = assemble([*mr_stack(PLACES), *second])

    assert [series.split for series in found] == [{"temporal_position": 1.0}, {"temporal_position": 2.0}]
    assert [len(series.frames) for series in found] == [12, len(second)]
    assert all(series.kind is SeriesKind.VOLUME for series in found)


def test_a_small_part_with_a_hole_of_its_own_is_not_split_off():
    second = renumbered(mr_stack(PLACES)[2:9], 13, acquisition_number=2)
    frames = [*mr_stack(np.arange(30) * 3.0), *second[:1], *second[2:3], *second[5:]]
    (series,) = assemble(frames)

    assert Code.DUPLICATE_POSITION in codes(series)


def test_numbers_that_differ_from_slice_to_slice_make_no_stacks_of_single_slices():
    frames = [*mr_stack(PLACES), *renumbered(mr_stack(PLACES)[2:4], 13)]
    numbered = [replace(frame, acquisition_number=n) for n, frame in enumerate(frames)]
    (series,) = assemble(numbered)

    assert Code.DUPLICATE_POSITION in codes(series)


def test_echoes_that_state_their_number_alone_are_told_apart():
    second = renumbered(mr_stack(PLACES), 13, echo_number=2)
    found = assemble([*mr_stack(PLACES, echo_number=1), *second])

    assert [series.split for series in found] == [{"echo_number": 1.0}, {"echo_number": 2.0}]
    assert all(series.kind is SeriesKind.VOLUME for series in found)


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (PatientIdentity("MARKER-2", "19500101", "F"), "PatientID"),
        (PatientIdentity("MARKER-1", "19500102", "F"), "PatientBirthDate"),
        (PatientIdentity("MARKER-1", "19500101", "M"), "PatientSex"),
    ],
    ids=["ID", "birth date", "sex"],
)
def test_slices_of_two_patients_in_one_series_are_a_question(other, name):
    frames = ct_stack(patient=PatientIdentity("MARKER-1", "19500101", "F"))
    frames[30:] = [replace(frame, patient=other) for frame in frames[30:]]
    (series,) = assemble(frames)

    assert series.kind is SeriesKind.REFUSED
    assert series.patient_conflicts == (name,)
    assert codes(series) == {Code.MIXED_FRAME_OF_REFERENCE}
    assert f"they differ in {name}: are these the same patient?" in series.problems[0].message
    assert "MARKER" not in str(series.to_json())
    assert series.patient.differing(frames[0].patient) == ()


def test_slices_that_name_nobody_contradict_nobody():
    frames = ct_stack(patient=PatientIdentity("MARKER-1", "19500101", "F"))
    frames[:9] = [replace(frame, patient=PatientIdentity()) for frame in frames[:9]]
    (series,) = assemble(frames)

    assert series.kind is SeriesKind.VOLUME
    assert series.patient == frames[-1].patient


@pytest.mark.parametrize(
    ("description", "places", "is_localizer"),
    [
        ("3-plane Localizer", [0.0], True),
        ("SCOUT_sag", [0.0], True),
        ("AAHead survey", [0.0], True),
        ("t2_tse_tra", [0.0], False),
        ("localizer", PLACES, False),
        ("colonoscouting", [0.0], False),
    ],
)
def test_a_single_mr_slice_that_is_called_a_localizer_is_one(description, places, is_localizer):
    (series,) = assemble(mr_stack(places, description=description))

    assert (Code.LOCALIZER in codes(series)) is is_localizer
    assert (series.kind is SeriesKind.NOT_A_VOLUME) is is_localizer


def test_phases_that_nothing_tells_apart_are_refused_as_one():
    twins = [
        replace(frame, sop_instance_uid=frame.sop_instance_uid + ".9", name="x" + frame.name)
        for frame in mr_stack(PLACES)
    ]
    (series,) = assemble([*mr_stack(PLACES), *twins])

    assert Code.DUPLICATE_POSITION in codes(series)
    assert series.geometry is None


def test_a_localizer_in_the_series_is_split_off_and_the_stack_stays_right():
    scout = renumbered(ct_stack([10.0], turned=CORONAL), 41)
    stack, localizer = assemble([*ct_stack(turned=AXIAL), *scout])

    assert stack.kind is SeriesKind.VOLUME
    assert stack.shape == (40, 128, 96)
    assert stack.errors == ()
    assert stack.split == {"orientation": "axial"}
    assert localizer.kind is SeriesKind.NOT_A_VOLUME
    assert {Code.LOCALIZER, Code.MIXED_ORIENTATION, Code.SINGLE_SLICE} <= codes(localizer)


def test_a_localizer_by_its_image_type_is_split_off_too():
    scout = renumbered(ct_stack([10.0], turned=CORONAL), 41, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    stack, localizer = assemble([*ct_stack(turned=AXIAL), *scout])

    assert (stack.kind, stack.split) == (SeriesKind.VOLUME, {})
    assert {Code.SCOUT, Code.LOCALIZER, Code.MIXED_ORIENTATION} == codes(localizer)


def test_three_planes_are_a_localizer_and_never_one_volume():
    frames = [
        frame
        for turn, turned in enumerate((AXIAL, CORONAL, SAGITTAL))
        for frame in renumbered(mr_stack(np.arange(5) * 10.0, turned=turned), 1 + 5 * turn)
    ]
    found = assemble(frames)

    assert {series.split["orientation"] for series in found} == {"axial", "coronal", "sagittal"}
    assert all(series.kind is SeriesKind.NOT_A_VOLUME and Code.LOCALIZER in codes(series) for series in found)


def test_two_planes_of_equal_size_are_two_volumes():
    leaning = Rotation.from_euler("x", 35, degrees=True)
    frames = [*mr_stack(PLACES, turned=AXIAL), *renumbered(mr_stack(PLACES, turned=leaning), 13)]

    assert splits(frames) == [{"orientation": "axial"}, {"orientation": "oblique"}]


def test_a_smaller_stack_of_another_plane_is_a_volume_of_its_own():
    coronal = renumbered(mr_stack(np.arange(9) * 3.0, turned=CORONAL), 41)
    found = assemble([*mr_stack(turned=AXIAL), *coronal])

    assert [(series.split["orientation"], series.kind) for series in found] == [
        ("axial", SeriesKind.VOLUME),
        ("coronal", SeriesKind.VOLUME),
    ]


def test_a_slice_with_a_bad_orientation_blocks_its_stack_instead_of_leaving_a_hole():
    frames = ct_stack()
    frames[7] = replace(frames[7], orientation=None, flags=("orientation_bad:vectors of length 0",))
    (series,) = assemble(frames)

    assert Code.BAD_ORIENTATION in codes(series)


def test_a_slice_of_another_matrix_is_reported_and_not_split_off():
    frames = ct_stack()
    frames[7] = replace(frames[7], rows=64)
    (series,) = assemble(frames)

    assert codes(series) == {Code.MIXED_MATRIX}


def test_copies_are_dropped_and_told():
    copy = replace(ct_stack()[4], name="copy.dcm")
    (series,) = assemble([*ct_stack(), copy])

    assert series.kind is SeriesKind.VOLUME
    assert codes(series) == {Code.IDENTICAL_DUPLICATE}
    assert series.n_files == 40


@pytest.mark.parametrize("by", ["facts", "pixels"])
def test_one_uid_with_two_contents_blocks_the_series(by):
    twin = replace(ct_stack()[4], name="twin.dcm")
    if by == "facts":
        twin = replace(twin, rescale_intercept=0.0)
    (series,) = assemble([*ct_stack(), twin], lambda one, other: by == "facts")

    assert series.kind is SeriesKind.REFUSED
    assert Code.DUPLICATE_INSTANCE in codes(series)
    assert series.geometry is not None


def test_fewer_images_than_the_archive_announces_are_told():
    (series,) = assemble(ct_stack(expected_in_series=45))

    assert codes(series) == {Code.COUNT_BELOW_EXPECTED}
    assert "45 images are expected, 40 are here" in series.problems[0].message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.7"}, {Code.SECONDARY_CAPTURE}),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.66.4", "modality": "SEG"}, {Code.SEGMENTATION}),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.66.7", "modality": "SEG"}, {Code.SEGMENTATION}),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.88.33", "modality": "SR"}, {Code.NOT_AN_IMAGE}),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.481.3", "modality": "RTSTRUCT"}, {Code.NOT_AN_IMAGE}),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.6.1", "modality": "US"}, {Code.NOT_AN_IMAGE}),
        ({"samples_per_pixel": 3}, {Code.SECONDARY_CAPTURE}),
        ({"photometric": "PALETTE COLOR"}, {Code.SECONDARY_CAPTURE}),
        ({"photometric": "RGB"}, {Code.SECONDARY_CAPTURE}),
        ({"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, {Code.SCOUT, Code.LOCALIZER}),
        ({"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER"), "modality": "MR"}, {Code.LOCALIZER}),
    ],
)
def test_what_is_no_slice_is_no_volume(change, expected):
    (series,) = assemble(ct_stack([0.0], **change))

    assert series.kind is SeriesKind.NOT_A_VOLUME
    assert codes(series) == expected


def test_each_stack_of_a_study_has_its_own_key():
    frames = [
        frame
        for turn, b in enumerate((None, 50.0, 800.0))
        for frame in renumbered(mr_stack(PLACES), 1 + 12 * turn, b_value=b)
    ]

    assert len({series.key for series in assemble(frames)}) == 3


@settings(max_examples=25, deadline=None)
@given(shuffled=st.randoms(use_true_random=False))
def test_the_order_of_the_files_changes_nothing(shuffled):
    frames = [
        *mr_stack(PLACES, turned=AXIAL),
        *renumbered(mr_stack(PLACES, turned=AXIAL), 13, b_value=800.0),
        *renumbered(mr_stack(PLACES, turned=CORONAL), 25, acquisition_number=2),
        *renumbered(mr_stack(PLACES, turned=CORONAL), 37, acquisition_number=3),
    ]
    expected = [(series.key, series.frames) for series in assemble(frames)]
    mixed = frames.copy()
    shuffled.shuffle(mixed)

    assert [(series.key, series.frames) for series in assemble(mixed)] == expected


ODD_VALUES = {
    "position_mm": [None, (0.0, 0.0, 0.0), (1e9, 0.0, 0.0)],
    "orientation": [None, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)],
    "pixel_spacing_mm": [None, (1e-9, 1.0)],
    "slice_thickness_mm": [None, 1e9],
    "rows": [0, 64],
    "instance_number": [None, 1, -5],
    "acquisition_number": [None, 2],
    "temporal_position": [None, 2.0],
    "trigger_time_ms": [None, 10.0],
    "acquisition_time": [None, "101010"],
    "image_type": [(), ("DERIVED",), ("ORIGINAL", "PRIMARY", "LOCALIZER")],
    "b_value": [None, 800.0],
    "phase": [None, "40 %"],
    "sop_class_uid": ["", "1.2.840.10008.5.1.4.1.1.7"],
    "sop_instance_uid": ["1.2.3.1"],
    "frame_uid": [None, ""],
    "rescale_slope": [None, 0.5],
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 23), st.sampled_from(sorted(ODD_VALUES)), st.integers(0, 2)), max_size=40
    )
)
def test_no_mixture_of_odd_facts_loses_an_image_or_ends_in_an_error(changes):
    frames = [*mr_stack(PLACES), *renumbered(mr_stack(PLACES), 13)]
    for at, field, choice in changes:
        values = ODD_VALUES[field]
        frames[at] = replace(frames[at], **{field: values[choice % len(values)]})
    found = assemble(frames)
    dropped = {Code.IDENTICAL_DUPLICATE, Code.DUPLICATE_INSTANCE}

    if not any(dropped & codes(series) for series in found):
        assert sum(len(series.frames) for series in found) == len(frames)
    for series in found:
        assert series.key
        assert series.to_json()
        assert series.kind is not SeriesKind.VOLUME or series.geometry is not None
