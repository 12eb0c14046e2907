"""A reading holds what one reader gave, refuses what contradicts, and never changes."""

from __future__ import annotations

import dataclasses
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gist_imaging.errors import ReadingError
from gist_imaging.study.call_rules import FINDINGS_RULES, RELATION_RULES
from gist_imaging.study.codes import (
    AdjacentOrgan,
    LevatorComponent,
    LevatorContact,
    LevatorDisplacement,
    LevatorInvasion,
    OrganInvasion,
    Side,
)
from gist_imaging.study.reading import Fact, LevatorRelation, Mark, MaskReference, PelvicFindings, Reading

WHERE = {"lesion": "L1", "timepoint": "baseline", "reader": "R1"}


def relation(side="L", **said):
    return LevatorRelation(**WHERE, side=side, **said)


def findings(**said):
    return PelvicFindings(**WHERE, **said)


def reading(**given):
    return Reading("R1", "SYN-001", blinded=True, **given)


@st.composite
def relations(draw):
    said = {
        "contact": draw(st.none() | st.sampled_from(LevatorContact)),
        "displacement": draw(st.none() | st.sampled_from(LevatorDisplacement)),
        "invasion": draw(st.none() | st.sampled_from(LevatorInvasion)),
        "components": draw(st.none() | st.frozensets(st.sampled_from(LevatorComponent))),
    }
    return draw(st.sampled_from(Side)), said


@settings(max_examples=300, deadline=None)
@given(relations())
def test_a_call_either_comes_back_from_json_or_breaks_a_named_rule(side_and_words):
    side, said = side_and_words
    asked = any(word is not None for word in said.values())
    finding = (
        said["contact"] in ("close", "abutment")
        or said["displacement"] in ("mild", "marked")
        or said["invasion"] in ("equivocal", "yes")
    )
    contradicts = (said["invasion"] == "yes" and said["contact"] == "none") or (
        bool(said["components"]) and not finding
    )

    if asked and not contradicts:
        call = relation(side, **said)
        assert LevatorRelation.from_json(json.loads(json.dumps(call.to_json()))) == call
    else:
        with pytest.raises(ReadingError):
            relation(side, **said)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "NOTHING_CALLED"),
        ({"contact": "none", "invasion": "yes"}, "INVASION_WITHOUT_CONTACT"),
        ({"contact": "none", "components": ["puborectalis"]}, "COMPONENTS_WITHOUT_FINDING"),
        ({"components": ["puborectalis"]}, "COMPONENTS_WITHOUT_FINDING"),
    ],
)
def test_a_relation_that_contradicts_itself_is_refused_with_the_code_of_the_rule(said, code):
    with pytest.raises(ReadingError, match=code):
        relation(**said)


@pytest.mark.parametrize(
    ("side", "said", "code"),
    [
        ("L", {"contact": "close", "invasion": "yes"}, "INVASION_BUT_NO_ABUTMENT"),
        ("L", {"contact": "none", "invasion": "equivocal"}, "EQUIVOCAL_WITHOUT_CONTACT"),
        ("R", {"contact": "none", "displacement": "marked"}, "MARKED_WITHOUT_CONTACT"),
        ("R", {"displacement": "mild", "components": []}, "FINDING_WITHOUT_COMPONENTS"),
        ("midline", {"contact": "abutment", "components": ["coccygeus"]}, "COCCYGEUS_IN_MIDLINE"),
    ],
)
def test_a_rare_relation_is_kept_and_asked_about(side, said, code):
    call = relation(side, **said)

    assert [rule.code for rule in call.questions] == [code]
    assert [text for text in reading(relations=(call,)).questions if code in text]


def test_a_displaced_and_invaded_muscle_keeps_both_words_and_raises_no_question():
    call = relation(
        contact="abutment",
        displacement="marked",
        invasion="yes",
        components=["puborectalis", "iliococcygeus"],
    )

    assert (call.displacement, call.invasion) == (LevatorDisplacement.MARKED, LevatorInvasion.YES)
    assert call.questions == []
    assert call.to_json()["components"] == ["puborectalis", "iliococcygeus"]


def test_not_asked_and_not_assessable_are_two_things():
    call = relation(contact="not_assessable")

    assert call.to_json()["contact"] == "not_assessable"
    assert call.to_json()["invasion"] is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"sphincter_lowest_third": "upper"}, "THIRD_WITHOUT_INVOLVEMENT"),
        ({"sphincter_depth": "none", "sphincter_lowest_third": "upper"}, "THIRD_WITHOUT_INVOLVEMENT"),
        ({"sphincter_depth": "absent", "sphincter_lowest_third": "distal"}, "THIRD_WITHOUT_INVOLVEMENT"),
        ({"height_class": "low"}, "CLASS_WITHOUT_RULE"),
        ({"distance_anal_verge_mm": 40.0}, "DISTANCE_WITHOUT_METHOD"),
        (
            {
                "distance_anal_verge_mm": 50.1,
                "dav_method": "straight",
                "height_class": "low",
                "height_rule": "cco",
            },
            "CLASS_NOT_OF_DISTANCE",
        ),
    ],
)
def test_findings_that_contradict_themselves_are_refused_with_the_code_of_the_rule(said, code):
    with pytest.raises(ReadingError, match=code):
        findings(**said)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"sphincter_depth": "internal", "coronal_plane": "along_rectum"}, "DEPTH_WITHOUT_CORONAL"),
        ({"sphincter_depth": "none", "image_quality": "non_diagnostic"}, "CALLED_ON_NON_DIAGNOSTIC"),
        (
            {
                "sphincter_depth": "external",
                "sphincter_lowest_third": "distal",
                "height_class": "mid",
                "height_rule": "seer",
            },
            "DISTAL_WITHOUT_LOW_EDGE",
        ),
    ],
)
def test_rare_findings_are_kept_and_asked_about(said, code):
    assert [rule.code for rule in findings(**said).questions] == [code]


def test_every_rule_has_a_code_of_its_own():
    codes = [rule.code for rule in (*RELATION_RULES, *FINDINGS_RULES)]

    assert len(set(codes)) == len(codes)


def test_findings_come_back_from_json_with_organs_in_one_order():
    call = findings(
        sphincter_depth="intersphincteric_plane",
        sphincter_lowest_third="middle",
        organs=(("prostate", "equivocal"), ("coccyx", "no")),
        distance_anal_verge_mm=31.5,
        dav_method="two_segment",
        height_class="low",
        height_rule="cco",
        distance_anorectal_junction_mm=-4.0,
        peritoneal_reflection="below",
        image_quality="adequate",
        confidence="high",
        rectal_filling="none",
        coronal_plane="along_anal_canal",
    )
    turned = dataclasses.replace(call, organs=call.organs[::-1])

    assert PelvicFindings.from_json(json.loads(json.dumps(call.to_json()))) == call == turned
    assert call.organs[0] == (AdjacentOrgan.PROSTATE, OrganInvasion.EQUIVOCAL)
    assert call.questions == []


@pytest.mark.parametrize(
    ("distance", "advice"),
    [
        (3000.0, "is it in mm"),
        (10**400, "is it in mm"),
        (float("inf"), "is it in mm"),
        (float("nan"), "number of mm"),
        ("40", "number of mm"),
        (True, "number of mm"),
    ],
)
def test_a_distance_that_cannot_be_is_refused(distance, advice):
    with pytest.raises(ReadingError, match=advice):
        findings(distance_anal_verge_mm=distance, dav_method="straight")


def a_full_reading(**changes):
    return reading(
        relations=(relation("L", contact="abutment"), relation("midline", contact="not_assessable")),
        findings=(findings(sphincter_depth="none"),),
        masks=(MaskReference("L1", "baseline", "a" * 64, "b" * 64, method="model_edited"),),
        prompts=(Mark("scribble", "baseline", ((1.5, -2.0, 3.25), (2.0, -2.0, 3.25)), "L1", round=1),),
        calipers=(Mark("longest_axial_diameter", "baseline", ((0, 0, 0), (40.0, 0, 0)), "L1"),),
        landmarks=(Mark("levator", "baseline", ((30.0, 5.0, -10.0),), side="R", frame_uid="1.2.3"),),
        **changes,
    )


def test_facts_and_reasons_of_diameters_are_part_of_a_reading():
    by_hand = Mark("short_axis", "baseline", ((0, 0, 0), (0, 21.5, 0)), "L1", why="vessel")
    facts = (
        Fact("phase", "portal_venous", "baseline"),
        Fact("phase", "arterial", "presurgery"),
        Fact("landmark", "not_visible", "baseline", "coccyx_tip"),
        Fact("impression", "much_smaller", about="L1"),
    )
    held = a_full_reading(facts=facts)
    with_reason = dataclasses.replace(held, calipers=(*held.calipers, by_hand))

    assert Reading.from_json(json.loads(json.dumps(with_reason.to_json()))) == with_reason
    assert with_reason.to_json()["calipers"][1]["why"] == "vessel"
    assert len({a_full_reading().sha256, held.sha256, with_reason.sha256}) == 3
    with pytest.raises(ReadingError, match="a fact once"):
        a_full_reading(facts=(*facts, Fact("phase", "none", "baseline")))
    with pytest.raises(ReadingError, match="value of a fact"):
        Fact("phase", "late venous", "baseline")
    with pytest.raises(ReadingError, match="why of a mark"):
        dataclasses.replace(by_hand, why="a vessel beside it")


def test_a_reading_without_facts_says_what_it_said_before_there_were_any():
    told = a_full_reading().to_json()

    assert "facts" not in told
    assert not any("why" in mark for name in ("prompts", "calipers", "landmarks") for mark in told[name])
    assert a_full_reading().sha256 == "6e50ed05be6c74e8ebe81ee2df156a0b84097b3a0d9a3334bf499d9e88541c49"


def test_a_reading_comes_back_from_json_and_from_pickle():
    given_reading = a_full_reading()

    assert Reading.from_json(json.loads(json.dumps(given_reading.to_json()))) == given_reading
    assert pickle.loads(pickle.dumps(given_reading)) == given_reading
    assert Reading.from_json(given_reading.to_json()).sha256 == given_reading.sha256


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda held: held["relations"][0].update(contact="touching"), "touching"),
        (lambda held: held["relations"][0].update(side="left"), "left"),
        (lambda held: held["relations"][0].update(components=["soleus"]), "soleus"),
        (lambda held: held["relations"][0].update(grade=2), "grade"),
        (lambda held: held["findings"][0].update(organs={"spleen": "no"}), "spleen"),
        (lambda held: held["findings"][0].update(sphincter_depth=1), "'1'"),
        (lambda held: held.update(mood="good"), "mood"),
        (lambda held: held.update(facts=[{"name": "phase"}]), "value"),
        (lambda held: held.update(facts=[{"name": "phase", "value": "venous", "sure": True}]), "sure"),
        (lambda held: held["calipers"][0].update(why="too long"), "why"),
        (lambda held: held.update(format="gist_imaging.reading/2"), "format"),
        (lambda held: held.pop("blinded"), "blinded"),
        (lambda held: held["prompts"][0].update(points_mm=[[1, 2]]), "points"),
        (lambda held: held["masks"][0].update(mask_sha256="abc"), "mask_sha256"),
        (lambda held: held.update(relations={"contact": "none"}), "relations"),
        (lambda held: held.update(relations={}), "relations"),
        (lambda held: held.update(revision=10**30), "revision"),
        (lambda held: held["relations"][0].update(components={"puborectalis": True}), "components"),
        (lambda held: held["prompts"][0].update(points_mm=[[10**400, 0, 0]]), "points"),
        (lambda held: held["relations"][0].pop("side"), "side"),
        (lambda held: held["relations"].append(5), "object"),
    ],
)
def test_json_with_something_unknown_is_refused_by_name(spoil, named):
    held = json.loads(json.dumps(a_full_reading().to_json()))
    spoil(held)

    with pytest.raises(ReadingError, match=named):
        Reading.from_json(held)


def test_a_change_is_a_new_revision_and_the_old_one_stays():
    first = reading(relations=(relation(contact="abutment"),))
    second = first.revised("slice 31 shows fat", relations=(relation(contact="close"),))

    assert (first.revision, second.revision, second.previous) == (1, 2, first.sha256)
    assert first.relations[0].contact is LevatorContact.ABUTMENT
    assert second.reason == "slice 31 shows fat"
    assert Reading.from_json(second.to_json()) == second
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.revision = 7


@pytest.mark.parametrize(
    "revise",
    [
        lambda first: first.revised("  "),
        lambda first: first.revised("other patient", case="SYN-002"),
        lambda first: first.revised("skip", revision=7),
        lambda first: dataclasses.replace(first, revision=2),
        lambda first: dataclasses.replace(first, previous="a" * 64),
    ],
)
def test_a_revision_without_reason_or_predecessor_is_refused(revise):
    with pytest.raises(ReadingError):
        revise(reading())


def test_one_reading_holds_one_reader_and_each_call_once():
    other = LevatorRelation("L1", "baseline", "R2", "L", "none")

    with pytest.raises(ReadingError, match="R2"):
        reading(relations=(other,))
    with pytest.raises(ReadingError, match="L1 baseline L"):
        reading(relations=(relation(contact="none"), relation(contact="close")))
    with pytest.raises(ReadingError, match="L1 baseline"):
        reading(findings=(findings(sphincter_depth="none"), findings(sphincter_depth="internal")))


@pytest.mark.parametrize("name", ["Doe^John", "syn-001", "", "A" * 33])
def test_a_case_that_is_no_pseudonym_is_refused_and_not_repeated(name):
    with pytest.raises(ReadingError) as refusal:
        Reading("R1", name, blinded=False)

    assert not name or name not in str(refusal.value)
