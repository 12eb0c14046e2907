"""Files of landmarks, strokes and words: read together, each part once, paths beside the file."""

import json

import numpy as np
import pytest
from relation_files import call, written

from gist_imaging.anatomy.landmarks import LandmarkName
from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.io.relation_file import read_relation_input

LANDMARKS = [{"name": "anal_verge", "point_mm": [1.0, 2.0, 3.0]}]
STROKES = [{"side": "L", "points_mm": [[20.0, 0.0, 0.0], [30.0, 0.0, 9.0]]}]


def test_all_parts_of_a_file_are_read(tmp_path):
    path = written(
        tmp_path / "all.json",
        frame_uid="1.2.3",
        landmarks=LANDMARKS,
        landmark_images=["sagittal"],
        levator_strokes=STROKES,
        levator_masks={"R": {"path": "masks/right.nii.gz", "label": 3}},
        wall_path_mm=[[0, 0, 0], [0, 0, 9]],
        hiatus_outline_mm=[[0, 0, 0], [0, 9, 0], [9, 0, 0]],
        calls=[call("L"), call("R", displacement="none")],
    )
    given = read_relation_input(path)
    assert given.frame_uid == given.landmarks.frame_uid == "1.2.3"
    np.testing.assert_array_equal(given.landmarks.point_mm(LandmarkName.ANAL_VERGE), (1.0, 2.0, 3.0))
    assert [stroke.side for stroke in given.strokes] == ["L"]
    assert given.masks["R"].path == tmp_path / "masks" / "right.nii.gz"
    assert given.masks["R"].label == 3
    assert given.landmark_images == (tmp_path / "sagittal",)
    assert given.wall_path_mm.shape == (2, 3)
    assert given.hiatus_outline_mm.shape == (3, 3)
    assert [one.side.value for one in given.calls] == ["L", "R"]


def test_several_files_are_read_as_one_and_the_same_file_twice_is_once(tmp_path):
    marks = written(tmp_path / "marks.json", frame_uid="1.2.3", landmarks=LANDMARKS)
    strokes = written(tmp_path / "strokes.json", levator_strokes=STROKES)
    given = read_relation_input(strokes, marks, strokes)
    assert (given.frame_uid, len(given.landmarks), len(given.strokes)) == ("1.2.3", 1, 1)


def test_a_part_in_two_files_is_refused(tmp_path):
    one = written(tmp_path / "one.json", landmarks=LANDMARKS)
    other = written(tmp_path / "other.json", landmarks=LANDMARKS)
    with pytest.raises(PromptError, match="landmarks in two files"):
        read_relation_input(one, other)


def test_files_of_two_frames_of_reference_are_refused(tmp_path):
    one = written(tmp_path / "one.json", frame_uid="1.2.3", landmarks=LANDMARKS)
    other = written(tmp_path / "other.json", frame_uid="1.2.4", levator_strokes=STROKES)
    with pytest.raises(PromptError, match=r"1\.2\.3 and 1\.2\.4"):
        read_relation_input(one, other)


def test_nothing_given_is_nothing_read():
    given = read_relation_input()
    assert len(given.landmarks) == 0
    assert given.strokes == ()
    assert given.calls == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is JSON"),
        ("[]", "holds an object"),
        (json.dumps({"levator_strokes": {}}), "levator_strokes"),
        (json.dumps({"levator_masks": {"L": {"path": 3}}}), "side L"),
        (json.dumps({"levator_masks": {"L": {"path": "x", "label": True}}}), "number or a name"),
        (json.dumps({"hiatus_outline_mm": "round"}), "hiatus_outline_mm"),
        (json.dumps({"wall_path_mm": [[0, 0, None]]}), "finite"),
        (json.dumps({"landmark_images": "sagittal"}), "list of paths"),
        (json.dumps({"calls": {}}), "calls is a list"),
        (json.dumps({"calls": [call("L"), call("R", timepoint="presurgery")]}), "at one visit"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path, text, said):
    path = tmp_path / "wrong.json"
    path.write_text(text, "utf-8")
    with pytest.raises(PromptError, match=said):
        read_relation_input(path)


def test_a_call_that_contradicts_itself_is_refused(tmp_path):
    path = written(tmp_path / "calls.json", calls=[call("L", contact="none", invasion="yes")])
    with pytest.raises(ReadingError, match="INVASION_WITHOUT_CONTACT"):
        read_relation_input(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PromptError, match=r"nothing\.json"):
        read_relation_input(tmp_path / "nothing.json")
