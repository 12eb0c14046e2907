"""Tumour and levator ani at the command line: words first, then numbers, or the reason why not."""

from types import SimpleNamespace

import numpy as np
import pytest
from cli_runner import gist_imaging
from cli_runner import gist_imaging_here as here
from pelvis_landmarks import BODY
from relation_files import SAMPLES, call, landmarks_of, phantom_of, strokes_of, whole_pelvis, written

from gist_imaging.anatomy.landmarks import LandmarkName
from gist_imaging.cli import show_relation

VISIT = SAMPLES / "SYN-002" / "baseline"
LABELS = VISIT / "labels.nii.gz"
SCAN = (VISIT / "MR", LABELS, "--label", 1)
MASKS = ("--levator-left", LABELS, "--left-label", 2, "--levator-right", LABELS, "--right-label", 3)


@pytest.fixture(scope="module")
def phantom():
    return phantom_of("SYN-002", "baseline")


@pytest.fixture(scope="module")
def marks(tmp_path_factory, phantom):
    """Landmarks that a coarse image of the whole pelvis holds, for the scan itself shows the tumour alone."""
    folder = tmp_path_factory.mktemp("visit")
    whole_pelvis(folder / "localiser.nii.gz", phantom)
    return written(
        folder / "marks.json", landmarks=landmarks_of(phantom), landmark_images=["localiser.nii.gz"]
    )


@pytest.fixture(scope="module")
def measured(marks):
    ran = gist_imaging("relation", *SCAN, *MASKS, "--landmarks", marks, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def test_masks_and_landmarks_give_every_metric_but_what_needs_the_fat(measured):
    (one,) = measured["relations"]
    assert one["side"] == "R"
    missing = {name for name, held in one.items() if isinstance(held, dict) and held.get("reason")}
    assert missing == {"fossa_loss"}
    assert one["reader_codes"] is None


def test_lengths_are_those_of_the_phantom_and_heights_those_of_its_tumour(measured, phantom):
    lines, height = measured["pelvic_lines"], measured["height"]
    pubis, coccyx, verge = (
        np.array(BODY[LandmarkName(name)])
        for name in ("inferior_pubic_point", "last_coccygeal_joint", "anal_verge")
    )
    assert lines["pubococcygeal_line"]["value"] == pytest.approx(np.linalg.norm(coccyx - pubis))
    # Points on the ellipsoid by its own axes; the mask's voxels of 0.8 × 0.8 × 3.3 mm are off by half of one.
    angle, turn = np.meshgrid(np.linspace(0, np.pi, 400), np.linspace(0, 2 * np.pi, 800))
    unit = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=-1)
    tumour = phantom.tumour
    surface = tumour.centre_mm + (unit * tumour.semi_axes_mm) @ tumour.axes.T
    nearest = np.linalg.norm(surface - verge, axis=-1).min()
    assert height["straight"]["value"] == pytest.approx(nearest, abs=1.75)
    assert height["third"]["straight"] == "low"


def test_the_phantom_touches_the_right_levator_at_its_gap_and_pushes_it_outwards(measured):
    (one,) = measured["relations"]
    # The phantom's muscle follows the tumour at 0.8 mm.
    assert one["min_distance"]["value"] == pytest.approx(0.8, abs=0.5)
    assert one["displacement_p95"]["value"] > 5.0
    assert one["contact_area"]["low"] < one["contact_area"]["value"] < one["contact_area"]["high"]


def test_strokes_give_nearly_the_numbers_of_the_masks(tmp_path, phantom, marks, measured):
    strokes = written(tmp_path / "strokes.json", levator_strokes=strokes_of(phantom))
    ran = here("relation", *SCAN, "--strokes", strokes, "--landmarks", marks, "--json")
    assert ran.code == 0, ran.err
    (one,), (by_mask,) = ran.json["relations"], measured["relations"]
    # Half the diagonal of a voxel is 1.7 mm.
    for name in ("min_distance", "displacement_mean", "displacement_p95"):
        assert one[name]["value"] == pytest.approx(by_mask[name]["value"], abs=1.75)
    assert ran.json["levators"]["R"]["n_strokes"] == 6
    assert ran.json["levators"]["L"]["error_rms"]["value"] < 1.5


def test_no_word_is_suggested_before_the_readers_own_call(measured):
    (one,) = measured["relations"]
    assert one["suggestion"] is None
    assert one["no_suggestion"] == "no word is suggested before the reader's own call"


def test_the_readers_words_come_first_and_the_suggestion_after_them(tmp_path, marks):
    calls = written(tmp_path / "calls.json", calls=[call("R", displacement="none")])
    ran = here("relation", *SCAN, *MASKS, "--landmarks", marks, "--calls", calls)
    assert ran.code == 0, ran.err
    words = ran.out.index("Reader R1: contact abutment, displacement none, invasion no")
    numbers = ran.out.index("M1 smallest distance")
    advice = ran.out.index("the reader said none")
    assert words < numbers < advice
    assert "there is none for invasion" in ran.out


def test_an_unfinished_call_gets_no_suggestion(tmp_path, marks):
    calls = written(tmp_path / "calls.json", calls=[call("R", displacement=None)])
    ran = here("relation", *SCAN, *MASKS, "--landmarks", marks, "--calls", calls, "--json")
    (one,) = ran.json["relations"]
    assert one["suggestion"] is None
    assert "displacement is not called yet" in one["no_suggestion"]


def test_landmarks_outside_the_scan_take_their_numbers_away_and_say_so(tmp_path, phantom):
    alone = written(tmp_path / "marks.json", landmarks=landmarks_of(phantom))
    ran = here("relation", *SCAN, *MASKS, "--landmarks", alone)
    assert ran.code == 0, ran.err
    assert "the sacral promontory was placed outside the field of view" in ran.out
    # What needs no landmark is there all the same.
    assert "M2 contact area" in ran.out


def test_midline_and_bilateral_leave_no_yardstick():
    midline = here("relation", *SCAN, *MASKS, "--midline", "--json")
    (one,) = midline.json["relations"]
    assert one["side"] == "midline"
    assert "neither side is a yardstick" in one["displacement_p95"]["reason"]
    both = here("relation", *SCAN, *MASKS, "--bilateral", "--json")
    assert [held["side"] for held in both.json["relations"]] == ["L", "R"]
    assert all("both sides" in held["displacement_p95"]["reason"] for held in both.json["relations"])
    assert all(held["min_distance"]["value"] is not None for held in both.json["relations"])


def test_a_tumour_as_near_to_both_sides_asks_for_its_side():
    visit = SAMPLES / "SYN-001" / "baseline"
    labels = visit / "labels.nii.gz"
    masks = ("--levator-left", labels, "--left-label", 2, "--levator-right", labels, "--right-label", 3)
    ran = here("relation", visit / "CT", labels, "--label", 1, *masks)
    assert ran.code == 1
    assert "say which side, midline or both" in ran.err


def crossed(strokes):
    """Three strokes of the side that the tumour touches, and one that runs across them about 9 mm away."""
    right = [stroke for stroke in strokes if stroke["side"] == "R"]
    shifted = np.array(right[2]["points_mm"])
    shifted[:, 1] += np.linspace(-16.0, 16.0, len(shifted))
    shifted[:, 0] += 9.0
    return [*right[1:4], {**right[2], "points_mm": shifted.tolist()}]


def swapped(strokes):
    return [{**stroke, "side": {"L": "R", "R": "L"}[stroke["side"]]} for stroke in strokes]


def far(strokes):
    return [
        {**stroke, "points_mm": np.add(stroke["points_mm"], (0.0, 0.0, 900.0)).tolist()} for stroke in strokes
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda strokes: [s for s in strokes if s["side"] == "R"][:1], "strokes on two slices or more"),
        (far, "lie on the image"),
        (swapped, "swap the sides|other side"),
        (lambda strokes: [{**strokes[0], "side": "left"}], "side is L or R"),
        (lambda strokes: [{**strokes[0], "points_mm": [[0, 0, 0]]}], "at least 5 mm long"),
    ],
)
def test_strokes_that_make_no_levator_are_refused_in_three_parts(tmp_path, phantom, change, said):
    file = written(tmp_path / "strokes.json", levator_strokes=change(strokes_of(phantom)))
    ran = here("relation", *SCAN, "--strokes", file)
    assert ran.code == 1
    assert all(part in ran.err for part in ("Expected:", "Found:", "What to do:"))
    assert any(words in ran.err for words in said.split("|"))
    assert "Traceback" not in ran.err


def test_strokes_that_cross_without_meeting_are_measured_with_a_warning(tmp_path, phantom):
    file = written(tmp_path / "strokes.json", levator_strokes=crossed(strokes_of(phantom)))
    ran = here("relation", *SCAN, "--strokes", file)
    assert ran.code == 0, ran.err
    assert "pass the same place" in ran.out


def test_left_and_right_masks_that_are_swapped_are_refused(marks):
    turned = ("--levator-left", LABELS, "--left-label", 3, "--levator-right", LABELS, "--right-label", 2)
    for landmarks in ((), ("--landmarks", marks)):
        ran = here("relation", *SCAN, *turned, *landmarks)
        assert ran.code == 1
        assert "swap the sides" in ran.err


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"landmark": []}, "unknown: landmark"),
        ({"landmarks": [{"name": "pubis", "point_mm": [0, 0, 0]}]}, "'pubis'"),
        ({"frame_uid": "1.2.3", "landmarks": []}, "their file says 1.2.3"),
        ({"calls": [call("R", contact="touching")]}, "touching"),
        ({"calls": [call("R"), call("R")]}, "one for each side"),
        ({"levator_masks": {"left": {"path": "x"}}}, "levator_masks"),
        ({"levator_masks": {"R": {"path": "nothing.nii.gz"}}}, "nothing.nii.gz"),
        ({"wall_path_mm": [[0, 0]]}, "rows of finite x, y, z"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_with_what_it_holds(tmp_path, parts, said):
    ran = here("relation", *SCAN, "--landmarks", written(tmp_path / "marks.json", **parts))
    assert ran.code == 1
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_the_levator_ani_of_a_side_is_given_once(tmp_path, phantom):
    strokes = written(tmp_path / "strokes.json", levator_strokes=strokes_of(phantom, "R"))
    ran = here("relation", *SCAN, *MASKS, "--strokes", strokes)
    assert ran.code == 1
    assert "side R came 2 times" in ran.err


def test_without_any_levator_nothing_is_measured_of_it_but_lines_and_heights_are(marks):
    ran = here("relation", *SCAN, "--landmarks", marks, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["relations"] == []
    assert "no levator ani was outlined" in ran.json["notes"][0]
    assert ran.json["pelvic_lines"]["h_line"]["value"] is not None


def test_two_sides_at_once_are_wrong_usage():
    assert here("relation", *SCAN, "--midline", "--bilateral").code == 2


def test_help_names_what_can_be_given():
    ran = here("relation", "--help")
    assert ran.code == 0
    for word in ("--strokes", "--landmarks", "--levator-left", "--midline", "--bilateral", "--json"):
        assert word in ran.out


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Both visits of the sample patient with strokes, landmarks and words."""
    folder = tmp_path_factory.mktemp("pair")
    scans, files = [], []
    for visit, word in (("baseline", "marked"), ("presurgery", "mild")):
        phantom = phantom_of("SYN-002", visit)
        whole_pelvis(folder / f"{visit}.nii.gz", phantom)
        parts = {
            "landmarks": landmarks_of(phantom),
            "landmark_images": [f"{visit}.nii.gz"],
            "levator_strokes": strokes_of(phantom),
            "calls": [call("R", visit, displacement=word)],
        }
        files.append(written(folder / f"{visit}.json", **parts))
        scans += [SAMPLES / "SYN-002" / visit / "MR", SAMPLES / "SYN-002" / visit / "labels.nii.gz"]
    return scans, files


@pytest.fixture(scope="module")
def told(compared):
    scans, (pre, post) = compared
    ran = gist_imaging(
        "compare", *scans, "--label", 1, "--pre-relation", pre, "--post-relation", post, "--json"
    )
    assert ran.code == 0, ran.err
    return ran.json["relation"]


def test_compare_tells_words_and_metrics_of_both_visits_and_how_the_muscle_moved(told):
    assert told["words"] == {
        "R": {
            "contact": ["abutment", "abutment"],
            "displacement": ["marked", "mild"],
            "invasion": ["no", "no"],
        }
    }
    before, after = (told[visit]["relations"][0]["displacement_p95"]["value"] for visit in ("pre", "post"))
    assert told["changes"]["R"]["displacement_p95"]["value"] == pytest.approx(after - before)
    assert after < before
    shift = told["levator_shift"]["R"]
    # The muscle comes back medially on the tumour's side; the other side stays within the error.
    assert shift["R"]["in_contact"]["value"] < -2.0
    assert abs(shift["L"]["overall"]["value"]) < told["registration"]["error_95_mm"] + 0.5
    # The lower edge rose from below to above the junction: two different paths are not subtracted.
    assert "not measured in the same way" in told["height_change"]["two_segment"]["reason"]


def test_compare_prints_the_words_and_the_shift(told, capsys):
    show_relation.change(SimpleNamespace(to_json=lambda: told))
    out = capsys.readouterr().out
    assert out.index("The reader's words") < out.index("M1 smallest distance") < out.index("M10 shift")
    assert out.rstrip().endswith("Research use only; not a medical device.")
    assert "marked" in out


def test_the_marks_of_the_sample_patient_give_the_distances_that_the_phantom_has():
    ran = here("relation", *SCAN, "--strokes", VISIT / "relation.json", "--json")
    assert ran.code == 0, ran.err
    (one,) = ran.json["relations"]
    assert one["side"] == "R"
    # The muscle follows the tumour at 0.8 mm; strokes on slices of 3.3 mm tell it to half a slice gap or so.
    assert one["min_distance"]["value"] == pytest.approx(0.8, abs=2.0)
    assert one["reader_codes"]["displacement"] == "marked"
    assert one["suggestion"]["displacement"]["word"] == "marked"
    assert ran.json["pelvic_lines"]["pubococcygeal_line"]["value"] == pytest.approx(102.4, abs=0.1)


def test_compare_without_these_files_says_what_it_said_before(compared):
    scans, (pre, _) = compared
    plain = here("compare", *scans, "--label", 1, "--json")
    assert plain.code == 0, plain.err
    assert "relation" not in plain.json
    assert here("compare", *scans, "--label", 1, "--pre-relation", pre).code == 2
