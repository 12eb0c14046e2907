"""Suggested words: both sides of each cut-off and exactly on it, and never before the reader's own."""

import json
from dataclasses import fields, replace

import pytest

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_values import METRIC_NAMES, RelationMeasurement
from gist_imaging.anatomy.suggestion import RelationSuggestion, suggest_relation
from gist_imaging.errors import MeasurementError

OWN = {"contact": "close", "displacement": "mild", "side": "L"}


def measured(**values: float) -> RelationMeasurement:
    none = {name: Metric.missing("mm", "not given") for name in METRIC_NAMES}
    given = {name: Metric(value, "mm") for name, value in values.items()}
    return RelationMeasurement(None, "L", 1.0, **{**none, **given})


@pytest.mark.parametrize(
    ("distance", "word"),
    [(-2.0, "abutment"), (0.0, "abutment"), (0.01, "close"), (1.0, "close"), (1.01, "none"), (8.0, "none")],
)
def test_contact_follows_the_smallest_distance(distance, word):
    suggestion = suggest_relation(measured(min_distance=distance), OWN).contact

    assert suggestion.word == word
    assert {one.metric for one in suggestion.evidence} == {"min_distance"}
    assert all(one.value == distance for one in suggestion.evidence)


@pytest.mark.parametrize(
    ("p95", "bow", "word"),
    [
        (4.99, 0.0, "none"),
        (5.0, 0.0, "mild"),
        (0.0, 5.0, "mild"),
        (9.99, 4.0, "mild"),
        (10.0, 0.0, "marked"),
        (2.0, 10.0, "marked"),
        (-6.0, 1.0, "none"),
    ],
)
def test_displacement_follows_the_larger_of_m3_and_m4_inclusively(p95, bow, word):
    suggestion = suggest_relation(measured(displacement_p95=p95, bow_difference=bow), OWN).displacement

    assert suggestion.word == word
    assert {"displacement_p95", "bow_difference"} <= {one.metric for one in suggestion.evidence}


def test_one_of_the_two_is_enough_and_the_other_is_named():
    suggestion = suggest_relation(measured(displacement_p95=7.0), OWN).displacement

    assert suggestion.word == "mild"
    assert suggestion.notes == ("bow_difference was not measured: not given",)


def test_without_numbers_there_is_a_reason_and_no_word():
    suggestion = suggest_relation(measured(), OWN)

    assert suggestion.contact.word is suggestion.displacement.word is None
    assert suggestion.contact.reason == "not given"


def test_near_a_cut_off_both_words_are_said_to_be_possible():
    assert suggest_relation(measured(min_distance=1.2), OWN).contact.notes
    assert not suggest_relation(measured(min_distance=1.31), OWN).contact.notes


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (None, "there is none"),
        ({}, "contact is not called yet"),
        ({"contact": "close"}, "displacement is not called yet"),
        ({"contact": "close", "displacement": None}, "displacement is not called yet"),
        ({"contact": "touching", "displacement": "none"}, "contact is one of"),
        ({**OWN, "side": "R"}, "about one side"),
    ],
)
def test_there_is_no_suggestion_before_the_readers_own_call(call, words):
    with pytest.raises(MeasurementError, match=words):
        suggest_relation(measured(min_distance=0.5), call)


def test_geometry_alone_never_suggests_invasion():
    suggestion = suggest_relation(measured(min_distance=-4.0, displacement_p95=12.0), OWN)

    assert "invasion" not in {one.name for one in fields(RelationSuggestion)}
    assert "no sign of invasion" in suggestion.contact.notes[-1]
    assert set(suggestion.to_json()) == {"own_call", "contact", "displacement"}


def test_a_suggestion_leaves_the_readers_call_as_it_was_and_names_where_it_differs():
    suggestion = suggest_relation(measured(min_distance=0.5, displacement_p95=12.0), OWN)

    assert suggestion.own_call == OWN
    assert suggestion.disagreements == ("displacement",)
    assert json.loads(json.dumps(suggestion.to_json()))["own_call"] == OWN


def test_a_call_that_was_not_assessable_counts_as_a_call():
    call = {"contact": "not_assessable", "displacement": "not_assessable"}

    assert suggest_relation(replace(measured(min_distance=0.5)), call).contact.word == "close"
