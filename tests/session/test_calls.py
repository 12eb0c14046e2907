"""The reader's call: words, contradictions, the commit, and revisions that keep the old word."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from reading_cases import MemoryArchive, draw_first_strokes, open_memory_case

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError, ReadingError
from gist_imaging.session.call_form import DIGIT_WORDS, FIELD_WORDS
from gist_imaging.session.state import replayed

VISITS = ("baseline", "presurgery")


@pytest.fixture
def case():
    opened = open_memory_case(blinded=True)
    workflow.add_lesion(opened)
    yield opened
    opened.close()


def relation(case, field, word, side="L", visit="baseline"):
    return workflow.answer(case, visit, "L1", "relation", side, field, word)


def finding(case, field, word, visit="baseline"):
    return workflow.answer(case, visit, "L1", "findings", None, field, word)


def answer_all(case, visits=VISITS, lesion="L1"):
    for visit in visits:
        for field, word in (("contact", "none"), ("displacement", "none"), ("invasion", "no")):
            workflow.answer_rest(case, visit, lesion, field, word)
        workflow.answer(case, visit, lesion, "findings", None, "sphincter_depth", "none")
        workflow.answer(case, visit, lesion, "findings", None, "confidence", "high")


def point(case, visit="baseline"):
    return case.measured_volume(visit).geometry.to_patient([[9, 27, 25]])


def test_digits_are_keys_of_words_as_the_domain_lists_them():
    assert DIGIT_WORDS["contact"] == {"0": "none", "1": "close", "2": "abutment", "9": "not_assessable"}
    assert DIGIT_WORDS["displacement"] == {"0": "none", "1": "mild", "2": "marked", "9": "not_assessable"}
    assert DIGIT_WORDS["invasion"] == {"0": "no", "1": "equivocal", "2": "yes", "9": "not_assessable"}
    assert DIGIT_WORDS["sphincter_depth"]["3"] == "external"
    for fields in FIELD_WORDS.values():
        for field, words in fields.items():
            assert set(DIGIT_WORDS[field].values()) <= {word.value for word in words}


def test_open_questions_run_by_axis_then_side_for_each_visit(case):
    asked = workflow.open_questions(case)

    axes = itertools.product(("contact", "displacement", "invasion"), ("R", "midline", "L"))
    expected = [("relation", side, field) for field, side in axes]
    expected += [("findings", "none", "sphincter_depth"), ("findings", "none", "confidence")]
    assert [(q.form, q.side, q.field) for q in asked] == expected * 2
    assert [q.visit for q in asked] == ["baseline"] * 11 + ["presurgery"] * 11
    assert asked[2].text == (
        "Contact on patient L is missing for L1 at baseline. "
        "0 none · 1 close · 2 abutment · 9 cannot be judged."
    )


def test_the_third_of_the_canal_is_asked_where_the_sphincter_is_involved_and_goes_with_it(case):
    finding(case, "sphincter_depth", "internal")
    assert "sphincter_lowest_third" in [q.field for q in workflow.open_questions(case)]
    finding(case, "sphincter_lowest_third", "upper")
    finding(case, "sphincter_depth", "none")

    held = workflow.answers(case, "baseline", "L1")
    assert held == {("findings", "none", "sphincter_depth"): "none"}
    case.undo()
    assert workflow.answers(case, "baseline", "L1")["findings", "none", "sphincter_lowest_third"] == "upper"


def test_halves_of_a_pair_may_come_one_by_one_and_the_other_is_asked_for(case):
    finding(case, "distance_anal_verge_mm", 31.5)
    assert "dav_method" in [q.field for q in workflow.open_questions(case)]
    finding(case, "height_rule", "cco")
    finding(case, "dav_method", "two_segment")
    with pytest.raises(ReadingError, match="CLASS_NOT_OF_DISTANCE"):
        finding(case, "height_class", "high")
    finding(case, "height_class", "low")

    assert not {"dav_method", "height_class"} & {q.field for q in workflow.open_questions(case)}


def test_a_contradiction_is_refused_with_its_rule_and_changes_nothing(case):
    relation(case, "contact", "none")
    before = case.state.sha256
    with pytest.raises(ReadingError, match=r"an invaded muscle is touched.*INVASION_WITHOUT_CONTACT"):
        relation(case, "invasion", "yes")

    assert case.state.sha256 == before


def test_what_is_rare_is_kept_and_asked_about(case):
    relation(case, "contact", "none")
    event = relation(case, "displacement", "marked")

    assert event.details["questions"] == [
        "displacement is marked and contact none: does the tumour push through fat, or is it asymmetry?"
    ]


def test_muscles_are_kept_in_one_order_and_go_with_the_finding(case):
    relation(case, "contact", "abutment")
    relation(case, "components", ["iliococcygeus", "puborectalis"])
    held = workflow.answers(case, "baseline", "L1")
    assert held["relation", "L", "components"] == ["puborectalis", "iliococcygeus"]
    relation(case, "contact", "none")

    assert ("relation", "L", "components") not in workflow.answers(case, "baseline", "L1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("relations", "L", "contact", "none"), "a form is relation or findings; got 'relations'"),
        (("relation", "left", "contact", "none"), "a side is one of R, midline, L; got 'left'"),
        (("findings", "L", "confidence", "high"), "a finding has no side; got 'L'"),
        (("relation", "L", "depth", "none"), "a field of relation is one of contact, displacement"),
        (("relation", "L", "contact", "touching"), "contact is one of none, close, abutment, not_assessable"),
        (("findings", None, "distance_anal_verge_mm", 3000.0), "lies between -60 and 200 mm"),
    ],
)
def test_what_no_list_knows_is_refused_with_the_list(case, given, sentence):
    with pytest.raises(ReadingError, match=sentence):
        workflow.answer(case, "baseline", "L1", *given)


def test_the_rest_keeps_what_was_answered_and_is_one_step(case):
    relation(case, "contact", "abutment", side="midline")
    workflow.answer_rest(case, "baseline", "L1", "contact", "none")
    held = workflow.answers(case, "baseline", "L1")
    assert [held["relation", side, "contact"] for side in ("R", "midline", "L")] == [
        "none",
        "abutment",
        "none",
    ]
    with pytest.raises(ReadingError, match="contact without a word at baseline; all are answered"):
        workflow.answer_rest(case, "baseline", "L1", "contact", "none")
    workflow.answer_rest(case, "baseline", "L1", "organs", "no")
    assert workflow.answers(case, "baseline", "L1")["findings", "none", "organ_prostate"] == "no"
    case.undo()
    case.undo()

    assert workflow.answers(case, "baseline", "L1") == {("relation", "midline", "contact"): "abutment"}


def test_no_muscle_is_asked_about_where_no_tumour_is_there(case):
    workflow.mark_none_visible(case, "L1", "presurgery")
    workflow.add_lesion(case, organ="liver", role="non_target")

    assert {(q.visit, q.lesion) for q in workflow.open_questions(case)} == {("baseline", "L1")}
    with pytest.raises(ReadingError, match="not_evaluable with a reason"):
        workflow.set_fate(case, "L1", "baseline", "not_evaluable")
    workflow.set_fate(case, "L1", "baseline", "not_evaluable", "metal")
    assert workflow.open_questions(case) == ()


def test_a_commit_waits_for_proposals_and_names_the_first_open_question(case):
    draw_first_strokes(case, workflow)
    workflow.propose(case, workflow.grow_job(case, "L1", "baseline").run())
    answer_all(case)
    with pytest.raises(ReadingError, match=r"1 open, first: The proposal for L1 at baseline waits"):
        workflow.commit_call(case)
    workflow.accept(case, "L1", "baseline")

    assert workflow.commit_call(case).masks[0].method == "region_grow"


def test_a_mask_on_a_series_that_is_no_longer_measured_is_asked_about(case):
    workflow.brush(case, "L1", "baseline", point(case), 8.0, ball=True)
    answer_all(case)
    visit = case.visits[0]
    case.visits = (replace(visit, measured="s2"), *case.visits[1:])

    (asked,) = workflow.open_questions(case)
    assert (asked.form, asked.field, asked.visit) == ("mask", "series", "baseline")
    assert "lies on another series" in asked.text


def test_a_reading_of_a_study_that_always_reveals_is_not_blinded():
    opened = open_memory_case(reveal="always", blinded=True)
    workflow.add_lesion(opened)
    answer_all(opened)
    assert workflow.commit_call(opened).blinded is False
    opened.close()


def test_a_case_without_a_lesion_cannot_be_committed():
    opened = open_memory_case()
    with pytest.raises(ReadingError, match="a lesion to commit a call on; there is none"):
        workflow.commit_call(opened)
    opened.close()


def test_the_reading_holds_everything_that_was_given(case):
    draw_first_strokes(case, workflow)
    workflow.brush(case, "L1", "baseline", point(case), 8.0, ball=True)
    workflow.mark_none_visible(case, "L1", "presurgery", "complete response")
    workflow.set_caliper(
        case, "L1", "baseline", "short_axis", point(case) + np.array([[0, 0, 0], [0, 4.0, 0]]), "vessel"
    )
    workflow.place_landmark(case, "baseline", "anal_verge", (1.0, 2.0, 3.0))
    workflow.place_landmark(case, "baseline", "coccyx_tip", None)
    workflow.add_levator_stroke(case, "baseline", "R", [[-10, 0, 0], [-18, 0, 6]])
    workflow.state_fact(case, "baseline", "quality", "limited")
    workflow.state_fact(case, "presurgery", "phase", "portal_venous")
    workflow.state_impression(case, "L1", "much_smaller")
    answer_all(case, visits=("baseline",))
    reading = workflow.commit_call(case)

    assert (reading.reader, reading.case, reading.blinded, reading.revision) == ("R1", "SYN-001", True, 1)
    assert [(m.timepoint, m.empty, m.method) for m in reading.masks] == [
        ("baseline", False, "manual"),
        ("presurgery", True, "manual"),
    ]
    assert len(reading.prompts) == 4
    assert [(mark.kind, mark.why) for mark in reading.calipers] == [("short_axis", "vessel")]
    assert {(fact.name, fact.value, fact.timepoint, fact.about) for fact in reading.facts} == {
        ("quality", "suboptimal", "baseline", None),
        ("phase", "portal_venous", "presurgery", None),
        ("landmark", "not_visible", "baseline", "coccyx_tip"),
        ("impression", "much_smaller", None, "L1"),
    }
    assert [(mark.kind, mark.side) for mark in reading.landmarks] == [("anal_verge", None), ("levator", "R")]
    assert reading.findings[0].image_quality == "suboptimal"
    assert {call.side.value for call in reading.relations} == {"L", "R", "midline"}
    assert reading.masks[0].mask_sha256 in case.archive.masks


def test_a_closed_case_keeps_nothing_more(case):
    answer_all(case)
    workflow.commit_call(case)
    workflow.close_case(case)

    with pytest.raises(ReadingError, match="the case was closed"):
        workflow.state_fact(case, "baseline", "quality", "limited")
    assert case.archive is None


def test_after_the_commit_answers_change_only_with_a_reason_and_both_words_stay(case):
    answer_all(case)
    first = workflow.commit_call(case)
    for attempt in (
        lambda: relation(case, "contact", "close"),
        lambda: workflow.answer_rest(case, "baseline", "L1", "contact", "none"),
        lambda: workflow.state_impression(case, "L1", "smaller"),
        lambda: workflow.commit_call(case),
    ):
        with pytest.raises(ReadingError, match="the call is committed; revise it with a reason"):
            attempt()
    with pytest.raises(ReadingError, match="got no reason"):
        workflow.revise_call(case, "baseline", "L1", "relation", "L", "contact", "close", " ")
    with pytest.raises(ReadingError, match="another word than the committed one"):
        workflow.revise_call(case, "baseline", "L1", "relation", "L", "contact", "none", "looked again")
    assert workflow.call_history(case) == ()
    second = workflow.revise_call(case, "baseline", "L1", "relation", "L", "contact", "close", "slice 31")
    third = workflow.revise_call(case, "baseline", "L1", "findings", None, "confidence", "low", "motion")

    assert [held.sha256 for held in case.archive.kept] == [first.sha256, second.sha256, third.sha256]
    told = [(c.side, c.field, c.old, c.new, c.revision, c.reason) for c in workflow.call_history(case)]
    assert told == [
        ("L", "contact", "none", "close", 2, "slice 31"),
        ("none", "confidence", "high", "low", 3, "motion"),
    ]
    assert case.state.plain("commit") == {"revision": 3, "sha256": third.sha256}
    with pytest.raises(ReadingError, match="a step that can be undone"):
        case.undo()
    assert case.writer.flush()
    assert replayed(case.journal.events()).sha256 == case.state.sha256


def test_a_draft_has_nothing_to_revise(case):
    with pytest.raises(ReadingError, match="a committed call to revise; it is a draft"):
        workflow.revise_call(case, "baseline", "L1", "relation", "L", "contact", "close", "why")
    with pytest.raises(ReadingError, match="a committed reading to revise; it is a draft"):
        workflow.revise_reading(case, "why")


def test_a_commit_that_was_interrupted_is_finished_without_a_second_reading(case):
    answer_all(case)
    draft = case.state
    reading = workflow.commit_call(case)
    again = open_memory_case(archive=case.archive, state=draft, blinded=True)
    assert workflow.commit_call(again).sha256 == reading.sha256
    changed = open_memory_case(archive=case.archive, state=draft, blinded=True)
    relation(changed, "contact", "abutment")

    later = workflow.commit_call(changed)
    assert (later.revision, later.previous) == (2, reading.sha256)
    assert len(case.archive.kept) == 2
    again.close()
    changed.close()


def test_masks_edited_after_the_commit_become_a_revision_of_their_own(case):
    workflow.brush(case, "L1", "baseline", point(case), 8.0, ball=True)
    answer_all(case)
    first = workflow.commit_call(case)
    with pytest.raises(ReadingError, match="something that changed since the last revision; nothing did"):
        workflow.revise_reading(case, "edge")
    workflow.brush(case, "L1", "baseline", point(case), 9.0, ball=True)
    second = workflow.revise_reading(case, "edge")

    assert second.previous == first.sha256
    assert (first.blinded, second.blinded) == (True, False)
    assert second.masks[0].mask_sha256 != first.masks[0].mask_sha256
    assert second.masks[0].mask_sha256 in case.archive.masks


def test_change_is_shown_after_the_commit_only_and_is_stale_after_an_edit(case):
    for visit, radius in (("baseline", 9.0), ("presurgery", 6.0)):
        workflow.brush(case, "L1", visit, point(case, visit), radius, ball=True)
    with pytest.raises(GistImagingError, match="commit your call first"):
        workflow.change_numbers(case, "L1")
    with pytest.raises(GistImagingError, match="commit your call first"):
        workflow.metrics(case, "L1", "baseline")
    answer_all(case)
    workflow.commit_call(case)
    change = workflow.change_numbers(case, "L1")
    volume = case.state.mask("L1", "baseline").n_voxels, case.state.mask("L1", "presurgery").n_voxels
    assert change.change_pct["volume_mm3"] == pytest.approx(100 * (volume[1] / volume[0] - 1))
    assert len(case.archive.numbers) == 1
    assert workflow.change_numbers(case, "L1") is change
    assert workflow.numbers_state(case, "L1", "presurgery") == "fresh"
    workflow.brush(case, "L1", "presurgery", point(case, "presurgery"), 8.0, ball=True)
    assert workflow.numbers_state(case, "L1", "presurgery") == "stale"

    assert workflow.change_numbers(case, "L1").post.n_voxels > change.post.n_voxels
    assert len(case.archive.numbers) == 2
    assert {row[0] for row in case.archive.numbers.values()} == {case.state.plain("commit")["sha256"]}


def test_a_missing_mask_is_named_where_change_is_asked_for(case):
    workflow.brush(case, "L1", "baseline", point(case), 8.0, ball=True)
    answer_all(case)
    workflow.commit_call(case)

    with pytest.raises(ReadingError, match="a mask of L1 at both visits; there is none at presurgery"):
        workflow.change_numbers(case, "L1")
    with pytest.raises(ReadingError, match="a mask of L1 at presurgery; there is none"):
        workflow.metrics(case, "L1", "presurgery")


def test_a_study_that_always_reveals_shows_change_before_the_call():
    opened = open_memory_case(reveal="always", archive=MemoryArchive())
    workflow.add_lesion(opened)
    for visit in VISITS:
        workflow.brush(opened, "L1", visit, point(opened, visit), 8.0, ball=True)

    assert workflow.change_numbers(opened, "L1").pre.n_voxels > 0
    assert not opened.archive.numbers
    opened.close()


def test_a_case_outside_a_study_keeps_no_reading(case):
    answer_all(case)
    case.archive = None

    with pytest.raises(ReadingError, match="a study that keeps readings"):
        workflow.commit_call(case)


def test_a_change_asked_for_while_the_reader_draws_on_is_that_of_one_moment(case):
    for visit, radius in (("baseline", 9.0), ("presurgery", 6.0)):
        workflow.brush(case, "L1", visit, point(case, visit), radius, ball=True)
    answer_all(case)
    workflow.commit_call(case)
    before = case.state.mask("L1", "presurgery").n_voxels
    read = case.images.volume

    def drawing_meanwhile(visit, key):
        if visit == "presurgery":
            case.images.volume = read
            workflow.brush(case, "L1", "presurgery", point(case, "presurgery"), 8.0, ball=True)
        return read(visit, key)

    case.images.volume = drawing_meanwhile
    first = workflow.change_numbers(case, "L1")
    second = workflow.change_numbers(case, "L1")

    assert first.post.n_voxels == before
    assert second.post.n_voxels == case.state.mask("L1", "presurgery").n_voxels > before
