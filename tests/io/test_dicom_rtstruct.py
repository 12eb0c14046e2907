from __future__ import annotations

import numpy as np
import pydicom
import pytest
from mask_files import outlines_mm, write_rtstruct
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging.errors import IntakeError, MaskError
from gist_imaging.io.dicom_rtstruct import read_rtstruct, structure_mask
from gist_imaging.io.nifti import read_nifti_labels
from gist_imaging.io.read import read_volume
from gist_imaging.problems import Code
from gist_imaging.spatial import Geometry

GRID = oblique_geometry(shape=(6, 19, 23))


def in_slice(k: float, rows_columns: list[tuple[float, float]], grid: Geometry = GRID) -> np.ndarray:
    """A contour in mm, given as (row, column) in slice `k`."""
    return grid.to_patient([(k, row, column) for row, column in rows_columns])


def rectangle(top: float, left: float, bottom: float, right: float) -> list[tuple[float, float]]:
    return [(top, left), (top, right), (bottom, right), (bottom, left)]


def mask_of(tmp_path, contours, grid=GRID, **choice):
    path = write_rtstruct(tmp_path / "rs.dcm", {"GTV": contours}, grid.frame_uid)
    return structure_mask(read_rtstruct(path), grid, **choice)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, 1)])
def test_outlines_of_a_lopsided_mask_give_it_back_on_any_grid(tmp_path, flips):
    grid = oblique_geometry(shape=(6, 19, 23), flips=flips)
    voxels = np.random.default_rng(5).random(grid.shape) < 0.4
    voxels[[0, 4]] = False

    found = mask_of(tmp_path, outlines_mm(voxels, grid), grid)
    np.testing.assert_array_equal(found.voxels, voxels)


def test_a_rectangle_holds_the_pixel_centres_inside_it(tmp_path):
    mask = mask_of(tmp_path, [in_slice(2, rectangle(2.5, 3.2, 6.4, 9.9))])

    expected = np.zeros(GRID.shape, dtype=bool)
    expected[2, 3:7, 4:10] = True
    np.testing.assert_array_equal(mask.voxels, expected)


def test_a_circle_covers_its_area(tmp_path):
    grid = oblique_geometry(shape=(3, 400, 400), spacing_mm=(3.3, 0.5, 0.7))
    angles = np.linspace(0.0, 2 * np.pi, 720, endpoint=False)
    circle_mm = np.column_stack([100 + 40 * np.cos(angles), 140 + 40 * np.sin(angles)])
    indices = np.column_stack([np.ones(720), circle_mm / (0.5, 0.7)])
    path = write_rtstruct(tmp_path / "rs.dcm", {"GTV": [grid.to_patient(indices)]}, grid.frame_uid)
    document = read_rtstruct(path)

    area_mm2 = structure_mask(document, grid).n_voxels * 0.5 * 0.7
    assert area_mm2 == pytest.approx(np.pi * 40**2, rel=0.002)
    assert document.structures[0].contours[0].area_mm2 == pytest.approx(np.pi * 40**2, rel=1e-3)


def test_a_contour_inside_another_is_a_hole(tmp_path):
    outer, inner = rectangle(1.5, 1.5, 12.5, 12.5), rectangle(4.5, 5.5, 8.5, 9.5)
    mask = mask_of(tmp_path, [in_slice(1, outer), in_slice(1, inner)])

    assert mask.n_voxels == 11 * 11 - 4 * 4
    assert not mask.voxels[1, 5:9, 6:10].any()


def test_a_keyhole_is_a_hole_without_a_seam(tmp_path):
    keyhole = [
        *[(1.5, 1.5), (1.5, 12.5), (12.5, 12.5), (12.5, 1.5), (7.0, 1.5)],
        *[(7.0, 5.5), (8.5, 5.5), (8.5, 9.5), (4.5, 9.5), (4.5, 5.5), (7.0, 5.5), (7.0, 1.5)],
    ]
    mask = mask_of(tmp_path, [in_slice(1, keyhole)])

    assert mask.n_voxels == 11 * 11 - 4 * 4
    assert not mask.voxels[1, 5:9, 6:10].any()


def test_a_centre_on_the_outline_counts_once_where_two_structures_meet(tmp_path):
    grid = Geometry.from_spacing((2, 9, 9), (2.0, 1.0, 1.0), (0.0, 0.0, 0.0), np.eye(3)[::-1], "1.2.3")
    left, right = rectangle(1.0, 1.0, 6.0, 4.0), rectangle(1.0, 4.0, 6.0, 7.0)
    path = write_rtstruct(
        tmp_path / "rs.dcm", {"L": [in_slice(0, left, grid)], "R": [in_slice(0, right, grid)]}, "1.2.3"
    )
    document = read_rtstruct(path)
    masks = [structure_mask(document, grid, name=name).voxels for name in ("L", "R")]

    assert not (masks[0] & masks[1]).any()
    assert (masks[0] | masks[1]).sum() == 5 * 6


def test_structures_are_chosen_by_name_or_number(tmp_path):
    one, two = in_slice(1, rectangle(1.5, 1.5, 3.5, 3.5)), in_slice(2, rectangle(1.5, 1.5, 9.5, 3.5))
    path = write_rtstruct(tmp_path / "rs.dcm", {"GTV": [one], "Levator": [two]}, GRID.frame_uid)
    document = read_rtstruct(path)

    assert structure_mask(document, GRID, name="levator").n_voxels == 16
    assert structure_mask(document, GRID, number=1).n_voxels == 4
    with pytest.raises(MaskError, match=r"it holds 1 \(GTV\), 2 \(Levator\)"):
        structure_mask(document, GRID)
    with pytest.raises(MaskError, match="'PTV'; 0 fit"):
        structure_mask(document, GRID, name="PTV")


def test_a_structure_without_contours_is_empty(tmp_path):
    assert mask_of(tmp_path, []).is_empty


@pytest.mark.parametrize(
    ("contours", "words"),
    [
        ([in_slice(2.4, rectangle(1, 1, 5, 5))], r"of 1 contours 1 lie between its slices \(up to 1\.32 mm"),
        ([in_slice(6, rectangle(1, 1, 5, 5))], "1 lie outside the image"),
        (
            [in_slice(2, rectangle(-3, 1, 5, 5)), in_slice(3, rectangle(1, 1, 5, 5))],
            "of 2 contours 1 lie out",
        ),
        ([in_slice(2, [(1, 1), (5, 5)])], "1 are open or points"),
        ([GRID.to_patient([(1, 2, 2), (4, 2, 2), (4, 9, 2)])], "between its slices"),
    ],
    ids=["between slices", "beyond the last slice", "beyond the rows", "two points", "another plane"],
)
def test_contours_off_the_image_are_counted_and_refused(tmp_path, contours, words):
    with pytest.raises(MaskError, match=words):
        mask_of(tmp_path, contours)


def test_a_structure_drawn_on_every_second_slice_is_refused(tmp_path):
    box = rectangle(1.5, 1.5, 5.5, 5.5)

    with pytest.raises(MaskError, match="none of their slices is next to another"):
        mask_of(tmp_path, [in_slice(k, box) for k in (0, 2, 4)])
    assert mask_of(tmp_path, [in_slice(k, box) for k in (0, 4, 5)]).n_voxels == 3 * 16


def test_points_are_no_region(tmp_path):
    path = write_rtstruct(
        tmp_path / "rs.dcm",
        {"GTV": [in_slice(1, rectangle(1, 1, 5, 5))]},
        GRID.frame_uid,
        geometric_type="OPEN_PLANAR",
    )

    with pytest.raises(MaskError, match="open or points"):
        structure_mask(read_rtstruct(path), GRID)


def test_positions_rounded_to_a_hundredth_still_lie_on_their_slice(tmp_path):
    contour = in_slice(2, rectangle(2.5, 3.2, 6.4, 9.9)).round(2)

    assert mask_of(tmp_path, [contour]).n_voxels == 4 * 6


def test_structures_of_another_frame_of_reference_are_refused(tmp_path):
    path = write_rtstruct(tmp_path / "rs.dcm", {"GTV": [in_slice(1, rectangle(1, 1, 5, 5))]}, "1.2.9")

    with pytest.raises(MaskError, match="another frame of reference"):
        structure_mask(read_rtstruct(path), GRID)


def test_a_contour_with_a_number_missing_is_refused(tmp_path):
    path = write_rtstruct(tmp_path / "rs.dcm", {"GTV": [in_slice(1, rectangle(1, 1, 5, 5))]}, "1.2.9")
    dataset = pydicom.dcmread(path)
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    contour.ContourData = contour.ContourData[:-1]
    dataset.save_as(path)

    with pytest.raises(IntakeError) as refused:
        read_rtstruct(path)
    assert refused.value.code is Code.BAD_VALUE


STS = REAL_SCANS / "tumour_labels"


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize("modality", ["CT", "MR_T1"])
def test_a_real_structure_is_voxel_for_voxel_the_mask_of_another_program(modality):
    document = read_rtstruct(STS / "STS_002" / f"dicom_{modality}" / "rtstruct" / "RS.dcm")
    volume = read_volume(STS / "STS_002" / f"dicom_{modality}" / "image")
    labels = read_nifti_labels(STS / "STS_002" / f"{modality}_mask.nii.gz")
    mask = structure_mask(document, volume)

    assert mask.n_voxels == 17_090
    np.testing.assert_array_equal(mask.voxels, labels.voxels == 1)
    areas_mm2 = sum(contour.area_mm2 for contour in document.structures[0].contours)
    assert areas_mm2 * volume.geometry.spacing_mm[0] / 1000 == pytest.approx(53.27, abs=0.005)


@needs_real_scans
@pytest.mark.real
def test_a_real_oblique_structure_fills_its_contours():
    document = read_rtstruct(STS / "STS_001_raw_T2FS" / "rtstruct" / "1-1.dcm")
    volume = read_volume(STS / "STS_001_raw_T2FS" / "image")
    structure = document.structure(name="GTV_Mass")
    mask = structure_mask(document, volume, name="GTV_Mass")

    assert len(structure.contours) == 20
    contours_ml = sum(c.area_mm2 for c in structure.contours) * volume.geometry.spacing_mm[0] / 1000
    assert contours_ml == pytest.approx(365.5, rel=0.002)
    assert mask.n_voxels * volume.geometry.voxel_volume_mm3 / 1000 == pytest.approx(contours_ml, rel=0.001)


@needs_real_scans
@pytest.mark.real
def test_a_real_structure_that_leaves_the_image_is_refused_with_the_count():
    document = read_rtstruct(STS / "STS_001_raw_T2FS" / "rtstruct" / "1-1.dcm")
    volume = read_volume(STS / "STS_001_raw_T2FS" / "image")

    with pytest.raises(MaskError, match=r"ROI 2: .*of 32 contours 10 lie outside the image"):
        structure_mask(document, volume, name="GTV_Edema")
