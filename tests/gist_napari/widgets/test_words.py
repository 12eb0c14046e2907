"""The words of the screen: each answer has one digit of its own, which is that of the closed list."""

from __future__ import annotations

import pytest

from gist_imaging.study.codes import VOCABULARIES
from gist_napari.widgets.words import SIDE_WORDS, WORDS, told

_LISTS = {
    "contact": "levator_contact",
    "displacement": "levator_displacement",
    "invasion": "levator_invasion",
    "components": "levator_component",
    "sphincter_depth": "sphincter_depth",
    "sphincter_lowest_third": "anal_canal_third",
    "organs": "organ_invasion",
    "confidence": "reader_confidence",
}


@pytest.mark.parametrize("field", WORDS)
def test_no_digit_answers_twice(field):
    digits = [option.key for option in WORDS[field]]

    assert len(set(digits)) == len(digits)
    assert all(digit in "0123456789" and len(digit) == 1 for digit in digits)


@pytest.mark.parametrize(("field", "vocabulary"), _LISTS.items())
def test_a_field_offers_every_word_of_its_closed_list_with_the_lists_own_digit(field, vocabulary):
    offered = {option.word: option.key for option in WORDS[field]}
    words = VOCABULARIES[vocabulary].words

    assert set(offered) == {word.value for word in words}
    assert all(offered[word.value] == word.key for word in words if word.key is not None)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_words_that_read_alike_are_told_by_their_own_list(vocabulary):
    words = [told(word) for word in VOCABULARIES[vocabulary].words]

    assert len(set(words)) == len(words)


def test_the_patients_right_lies_on_the_left_of_the_screen():
    assert list(SIDE_WORDS) == ["R", "midline", "L"]
