"""What a reader marked of a sample patient fits the scan that it lies beside."""

import numpy as np
import pytest
from relation_files import SAMPLES, phantom_of

from gist_imaging import load_series, read_mask, scan_folder
from gist_imaging.anatomy.landmarks import LandmarkName
from gist_imaging.io.read import read_volume
from gist_imaging.io.relation_file import read_relation_input
from gist_imaging.phantom.levator import levator_distance
from gist_imaging.phantom.pelvis import ANAL_VERGE, ANORECTAL_JUNCTION, COCCYX, PUBIC_POINT


@pytest.fixture(scope="module", params=["baseline", "presurgery"])
def visit(request):
    folder = SAMPLES / "SYN-002" / request.param
    volume = load_series(scan_folder(folder / "MR").volumes[0])
    given = read_relation_input(folder / "relation.json")
    return folder, volume, given, phantom_of("SYN-002", request.param)


def test_marks_name_the_frame_of_reference_of_their_scan(visit):
    _, volume, given, _ = visit
    assert given.frame_uid == volume.geometry.frame_uid is not None


def test_every_stroke_lies_on_one_slice_and_within_the_muscle_of_its_side(visit):
    _, volume, given, phantom = visit
    assert {stroke.side for stroke in given.strokes} == {"L", "R"}
    for stroke in given.strokes:
        k = volume.geometry.to_index(stroke.points_mm)[:, 0]
        # Written to 0.01 mm, at slices 3.3 mm apart.
        np.testing.assert_allclose(k, np.rint(k.mean()), atol=0.01)
        body = phantom.to_body(stroke.points_mm)
        assert (levator_distance(phantom, body) < 0.0).all()
        assert (body[:, 0] > 0.0).all() if stroke.side == "L" else (body[:, 0] < 0.0).all()


def test_the_strokes_lie_in_the_labels_of_their_side(visit):
    folder, volume, given, _ = visit
    for side, label in (("L", 2), ("R", 3)):
        voxels = read_mask(folder / "labels.nii.gz", like=volume, label=label).voxels
        points = np.concatenate([stroke.points_mm for stroke in given.strokes if stroke.side == side])
        k, j, i = np.rint(volume.geometry.to_index(points)).astype(int).T
        # The tumour's label comes first where a slice holds both.
        assert voxels[k, j, i].mean() > 0.9


def test_the_landmarks_are_where_the_phantom_has_them_and_on_an_image_of_the_visit(visit):
    _, volume, given, phantom = visit
    known = {
        LandmarkName.ANAL_VERGE: ANAL_VERGE,
        LandmarkName.ANORECTAL_JUNCTION: ANORECTAL_JUNCTION,
        LandmarkName.INFERIOR_PUBIC_POINT: PUBIC_POINT,
        LandmarkName.LAST_COCCYGEAL_JOINT: COCCYX,
    }
    for name, body in known.items():
        np.testing.assert_allclose(given.landmarks.point_mm(name), phantom.to_patient(body), atol=0.01)
    (path,) = given.landmark_images
    assert given.landmarks.within(volume.geometry, read_volume(path).geometry).out_of_field == frozenset()
    assert given.landmarks.within(volume.geometry).out_of_field
