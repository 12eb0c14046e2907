"""Every row of the table of real series, and what its page says of them, against what the index finds."""

import csv
import warnings
from collections import defaultdict
from functools import lru_cache

import numpy as np
import pydicom
import pytest
import SimpleITK
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import Quantity, load_series, scan_folder
from gist_imaging.errors import GistImagingError, SeriesError
from gist_imaging.problems import Code, Severity
from gist_imaging.study.planes import by_plane
from gist_imaging.study.positions import Placement
from gist_imaging.study.series import SeriesKind

pytestmark = [pytest.mark.real, needs_real_scans]

INGEST = REAL_SCANS / "ingest"
MEASURABLE = ("CT", "MR")


@lru_cache(maxsize=4)
def index_of(path):
    return scan_folder(path)


def rows():
    if not REAL_SCANS.is_dir():
        return []
    with (REAL_SCANS / "FACTS_series.csv").open(encoding="utf-8") as table:
        return [row for row in csv.DictReader(table) if row["modality"] in MEASURABLE]


def one(folder, **split):
    (series,) = [found for found in index_of(folder).series if dict(found.split) == split]
    return series


def codes(series):
    return {problem.code for problem in series.problems}


def unrolled(series):
    """All images of each Series Instance UID, with what the index made of them."""
    groups = defaultdict(list)
    for found in series:
        groups[found.series_uid].append(found)
    return groups.values()


def gaps_mm(frames):
    """Gaps between the different positions of one plane; those of the table are rounded to 0.01 mm."""
    placement = Placement.of(frames)
    along = placement.along_mm
    return np.diff(along[np.r_[True, np.diff(along) > 0.01]])


def positions(frames):
    return len({tuple(np.round(frame.position_mm, 3)) for frame in frames if frame.position_mm})


def disagreements(row, stacks):
    """What a row says and the index does not; None where the row is about another series."""
    frames = [frame for stack in stacks for frame in stack.frames]
    files = {frame.path for frame in frames}
    found = {}
    if row["files"] and len(files) != int(row["files"]):
        found["files"] = len(files)
    if any(frame.flags and frame.flags[0].startswith("mosaic") for frame in frames):
        return found
    if row["rows"]:
        matrix = {(str(frame.rows), str(frame.columns)) for frame in frames}
        if (row["rows"], row["cols"]) not in matrix:
            found["matrix"] = matrix
    if row["pixel_spacing"]:
        stated = tuple(float(part) for part in row["pixel_spacing"].split("\\"))
        if not any(np.allclose(stated, frame.pixel_spacing_mm or 0, atol=1e-6) for frame in frames):
            found["pixel_spacing"] = stated
    planes = by_plane(frames)
    # The table counts positions along one normal, which says nothing where there are several planes.
    counted = int(row["unique_positions"] or 0) if len(planes) == 1 else 0
    if counted and positions(frames) != counted:
        found["positions"] = positions(frames)
    if int(row["orientations"] or 0) and len(planes) != int(row["orientations"]):
        found["orientations"] = list(planes)
    if row["gap_min"] and len(planes) == 1:
        gaps = gaps_mm(frames)
        stated = float(row["gap_min"]), float(row["gap_max"])
        if not gaps.size or not np.allclose((gaps.min(), gaps.max()), stated, atol=0.011):
            found["gaps"] = gaps
    if row["b_values"]:
        b_values = {frame.b_value for frame in frames}
        if b_values != {float(b) for b in row["b_values"].split()}:
            found["b_values"] = b_values
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['path']}-{row['description'][:12]}")
def test_each_row_of_the_table_of_series_is_found(row):
    index = index_of(REAL_SCANS / row["path"])
    if not index.series:
        assert "broken_or_odd" in row["path"] or "DICOMDIR" in row["path"] or "TINY_ALPHA" in row["path"]
        assert index.refused
        assert all(refused.problem.severity is Severity.REFUSED for refused in index.refused)
        return
    found = [disagreements(row, stacks) for stacks in unrolled(index.series)]

    assert {} in found, found


def test_three_b_values_in_one_series_are_three_volumes():
    folder = INGEST / "pelvis_mr_prostatex0000" / "6_dwi_b50_b400_b800"

    for b_value in (50.0, 400.0, 800.0):
        volume = load_series(one(folder, b_value=b_value))
        assert volume.voxels.shape == (19, 128, 84)
        assert volume.problems == ()


@pytest.mark.parametrize(
    ("name", "shape", "spacing_mm"),
    [
        ("3_t2_tse_sag", (19, 320, 320), (3.6, 0.5625, 0.5625)),
        ("4_t2_tse_tra", (19, 384, 384), (3.0, 0.5, 0.5)),
        ("5_t2_tse_cor", (15, 320, 320), (3.0, 0.6, 0.6)),
    ],
)
def test_the_pelvic_t2_series_have_their_grids_and_the_values_of_simpleitk(name, shape, spacing_mm):
    series = one(INGEST / "pelvis_mr_prostatex0000" / name)
    volume = load_series(series)

    assert volume.voxels.shape == shape
    np.testing.assert_allclose(volume.geometry.spacing_mm, spacing_mm, atol=1e-4)
    image = SimpleITK.ReadImage([str(frame.path) for frame in series.frames])
    np.testing.assert_array_equal(volume.voxels, SimpleITK.GetArrayFromImage(image))
    for index in [(0, 0, 0), (shape[0] - 1, 3, 5), (7, 200, 100)]:
        theirs = image.TransformIndexToPhysicalPoint(index[::-1])
        np.testing.assert_allclose(volume.geometry.to_patient(index), theirs, atol=0.01)


def test_the_missing_slice_is_reported_and_never_closed_silently():
    series = one(INGEST / "pelvis_mr_missing_slice")

    assert Code.MISSING_SLICES in codes(series)
    with pytest.raises(SeriesError):
        load_series(series)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("pelvis_mr_three_plane_localizer", Code.LOCALIZER),
        ("ct_scout_philips", Code.SCOUT),
        ("ct_exam_summary_secondary_capture_philips", Code.SECONDARY_CAPTURE),
    ],
)
def test_pictures_are_not_offered_as_volumes(folder, expected):
    index = index_of(INGEST / folder)

    assert index.volumes == ()
    assert all(expected in codes(series) for series in index.series)


def test_the_tilted_stack_is_refused_for_its_tilt_and_its_spacing():
    series = one(INGEST / "ct_tilt_and_variable_spacing_ge")

    assert {Code.TILT, Code.NONUNIFORM_SPACING} <= codes(series)
    with pytest.raises(SeriesError, match="cannot be overridden"):
        load_series(series, override_reason="please")


def test_the_portal_venous_ct_is_in_hounsfield_units():
    volume = load_series(one(INGEST / "ct_abdomen_portal_venous_ge"))

    assert volume.quantity is Quantity.HU
    assert volume.voxels.shape == (6, 512, 512)
    np.testing.assert_allclose(volume.geometry.spacing_mm, (5.0, 0.796875, 0.796875))


@pytest.mark.parametrize(
    ("folder", "phases", "slices"),
    [
        ("multi_phase_in_one_series_ge_dce", 3, 5),
        ("classic_philips_time_series", 2, 9),
        ("time_series_in_one_series_ge_epi", 2, 15),
        ("enhanced_mr/siemens_xa10_sms", 4, 6),
        ("mosaic/siemens_ep2d", 2, 36),
    ],
)
def test_time_points_of_one_series_are_told_apart(folder, phases, slices):
    series = index_of(INGEST / folder).series

    assert [found.split for found in series] == [{"temporal_position": float(n + 1)} for n in range(phases)]
    assert {found.shape[0] for found in series} == {slices}
    assert all(found.geometry is not None for found in series)


def test_time_points_that_only_instance_numbers_tell_apart_are_volumes():
    series = index_of(INGEST / "time_series_in_one_series_ge_epi").series

    assert all(found.kind is SeriesKind.VOLUME for found in series)
    assert [load_series(found).voxels.shape for found in series] == [(15, 64, 64)] * 2


def test_the_frames_of_a_trace_image_are_one_volume_of_b_2500():
    series = one(INGEST / "enhanced_mr" / "siemens_xa30_dwi_trace")

    assert {frame.b_value for frame in series.frames} == {2500.0}
    assert load_series(series).voxels.shape == (39, 72, 72)


def test_a_field_map_is_split_into_magnitude_and_field():
    folder = INGEST / "enhanced_mr" / "philips_fieldmap"
    magnitude, field = (load_series(one(folder, image_type=name)) for name in ("M", "FIELD_MAP"))

    assert magnitude.voxels.shape == field.voxels.shape == (32, 64, 64)
    assert magnitude.voxels.min() >= 0
    # The header states −500 Hz and 0.2442 Hz a step of 12 bits.
    assert -500 <= field.voxels.min() < 0 < field.voxels.max() <= 500


def test_an_image_that_a_pacs_saved_again_is_the_same_volume():
    folder = INGEST / "pacs_resaved_enhanced_mr"
    agfa, siemens = (load_series(one(folder / name)) for name in _RESAVED)

    np.testing.assert_array_equal(agfa.voxels, siemens.voxels)
    assert agfa.sha256() == siemens.sha256()


_RESAVED = ("agfa_011-0001.img", "siemens_011-0001.img")


def test_a_prone_patient_lies_where_simpleitk_puts_the_patient():
    series = one(INGEST / "patient_position_prone_HFP")
    volume = load_series(series)
    image = SimpleITK.ReadImage([str(frame.path) for frame in series.frames])

    np.testing.assert_array_equal(volume.voxels, SimpleITK.GetArrayFromImage(image))
    np.testing.assert_allclose(
        volume.geometry.to_patient((5, 20, 30)), image.TransformIndexToPhysicalPoint((30, 20, 5)), atol=0.01
    )


def test_fragmented_jpeg_lossless_loads():
    volume = load_series(one(INGEST / "fragmented_jpeg_lossless"))

    assert volume.voxels.shape == (4, 128, 128)
    assert volume.voxels.max() > 0


@pytest.mark.parametrize(("name", "gap_mm"), [("baseline_adc", 6.0), ("followup_adc", 7.0)])
def test_adc_maps_without_a_stated_scale_have_no_unit(name, gap_mm):
    volume = load_series(one(REAL_SCANS / "longitudinal" / "cmb_crc_06489" / name))

    assert volume.quantity is Quantity.ARBITRARY
    assert volume.voxels.shape == (16, 288, 256)
    assert volume.geometry.spacing_mm[0] == pytest.approx(gap_mm)


def single_files():
    return [
        path
        for folder in ("transfer_syntaxes", "broken_or_odd")
        if REAL_SCANS.is_dir()
        for path in sorted((REAL_SCANS / folder).iterdir())
    ]


# pydicom 3.0.2 cannot decode these, so an error message is the right answer.
UNDECODABLE = {
    "pydicom__MR_truncated.dcm",
    "pydicom__badVR.dcm",
    "pydicom__meta_missing_tsyntax.dcm",
    "pydicom__nested_priv_SQ.dcm",
    "pydicom-data__emri_small_jpeg_2k_lossless_too_short.dcm",
}


@pytest.mark.parametrize("path", single_files(), ids=lambda path: path.name)
def test_each_odd_file_ends_in_the_right_volume_or_in_a_named_refusal(path):
    index = index_of(path)
    loaded, named = [], []
    for series in index.series:
        try:
            loaded.append((series, load_series(series)))
        except GistImagingError as refused:
            named.append(str(refused))

    assert loaded or index.refused or all(named)
    for series, volume in loaded:
        assert path.name not in UNDECODABLE
        if volume.quantity is Quantity.HU or series.frames[0].rescale_slope is not None:
            theirs = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
            # SimpleITK keeps the order of the frames, ours is along the normal.
            order = [frame.frame for frame in series.frames]
            np.testing.assert_allclose(volume.voxels, theirs[order], rtol=1e-6, atol=1e-4)


def test_every_value_is_that_of_pydicom_in_every_real_volume():
    from pydicom.pixels import apply_modality_lut

    from gist_imaging.io.jpeg import register

    register()
    seen = 0
    for folder in ("ingest", "tumour_labels", "longitudinal", "seg_sr"):
        for series in scan_folder(REAL_SCANS / folder).series:
            if series.kind is not SeriesKind.VOLUME:
                continue
            volume = load_series(series)
            for position, frame in enumerate(series.frames):
                if frame.flags or frame.n_frames > 1:
                    continue
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    image = pydicom.dcmread(frame.path)
                    theirs = apply_modality_lut(image.pixel_array, image)
                np.testing.assert_array_equal(volume.voxels[position], theirs.astype(volume.voxels.dtype))
                seen += 1

    assert seen > 300
