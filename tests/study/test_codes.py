"""The reader's words: closed lists, one code each, frozen."""

from __future__ import annotations

import json
import pickle
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from private_codes_frozen import VERSION_1
from pydicom.sr.codedict import codes as dicom_codes
from pydicom.sr.coding import Code

from gist_imaging.errors import ReadingError
from gist_imaging.study.call_rules import FINDINGS_RULES, RELATION_RULES
from gist_imaging.study.codes import (
    VOCABULARIES,
    HeightRule,
    LevatorContact,
    LevatorDisplacement,
    LevatorInvasion,
    Side,
)
from gist_imaging.study.height import height_class
from gist_imaging.study.private_codes import PRIVATE_CODES, SCHEME, SCHEME_VERSION
from gist_imaging.study.reading import Reading
from gist_imaging.study.words import ConceptCode

WORDS = [(name, word) for name, held in VOCABULARIES.items() for word in held.words]
CODES = [word.code for _, word in WORDS] + [held.concept for held in VOCABULARIES.values()]
OF_DICOM = [code for code in CODES if code.scheme != SCHEME]


def meanings(scheme: str) -> dict[str, set[str]]:
    """What pydicom's copy of PS3.16 calls each code of a scheme."""
    of_scheme = getattr(dicom_codes, scheme)
    found: dict[str, set[str]] = defaultdict(set)
    for name in dir(of_scheme):
        held = getattr(of_scheme, name)
        if isinstance(held, Code):
            found[held.value].add(held.meaning)
    return found


DICTIONARY = {scheme: meanings(scheme) for scheme in sorted({code.scheme for code in OF_DICOM})}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("levator_contact", ["none", "close", "abutment", "not_assessable"]),
        ("levator_displacement", ["none", "mild", "marked", "not_assessable"]),
        ("levator_invasion", ["no", "equivocal", "yes", "not_assessable"]),
        ("levator_component", ["puborectalis", "pubococcygeus", "iliococcygeus", "coccygeus"]),
        ("side", ["L", "R", "midline"]),
        ("image_quality", ["adequate", "suboptimal", "non_diagnostic"]),
        ("height_class", ["low", "mid", "high"]),
    ],
)
def test_a_list_holds_the_words_of_the_ruling(name, words):
    assert [word.value for word in VOCABULARIES[name].words] == words


@pytest.mark.parametrize("code", OF_DICOM, ids=lambda code: f"{code.scheme}:{code.value}")
def test_a_code_of_dicom_stands_in_pydicoms_dictionary_with_the_same_meaning(code):
    in_dicom = DICTIONARY[code.scheme]

    assert code.meaning in in_dicom[code.value]


def test_the_private_codes_are_those_that_were_frozen():
    held = {(code.value, code.meaning, code.definition) for code in PRIVATE_CODES.values()}
    of_version_1 = {value for value, code in PRIVATE_CODES.items() if code.version == "1"}

    assert set(VERSION_1) <= held
    assert {value for value, _, _ in VERSION_1} == of_version_1
    assert len(VERSION_1) == len(of_version_1)
    assert max(code.version for code in PRIVATE_CODES.values()) == SCHEME_VERSION


def test_every_private_code_is_used():
    assert {code.value for code in CODES if code.scheme == SCHEME} == set(PRIVATE_CODES)


def test_no_code_and_no_meaning_stands_for_two_words_or_questions():
    assert [code for code, count in Counter((c.scheme, c.value) for c in CODES).items() if count > 1] == []
    assert [text for text, count in Counter(c.meaning.lower() for c in CODES).items() if count > 1] == []


def test_every_code_can_be_stored_in_dicom():
    for code in CODES:
        # PS3.5 table 6.2-1: Code Value and Coding Scheme Designator are SH, Code Meaning is LO.
        assert len(code.value) <= 16
        assert len(code.scheme) <= 16
        assert len(code.meaning) <= 64
        assert "\\" not in code.value + code.scheme + code.meaning
    with pytest.raises(ReadingError, match="shorten it"):
        ConceptCode("LEVCON-MUCH-TOO-LONG", SCHEME, "x", "x")


def test_keys_choose_one_word_of_a_list_and_are_never_what_is_stored():
    for held in VOCABULARIES.values():
        keys = [word.key for word in held.words if word.key is not None]
        assert len(set(keys)) == len(keys)
    for _, word in WORDS:
        assert not word.value.isdigit()
        assert str(word) == word.value
    assert [word.key for word in LevatorContact] == ["0", "1", "2", "9"]
    assert [word.key for word in LevatorDisplacement] == ["0", "1", "2", "9"]
    assert [word.key for word in LevatorInvasion] == ["0", "1", "2", "9"]


def test_every_word_has_a_definition_and_survives_pickling():
    for _, word in WORDS:
        assert word.definition
        assert pickle.loads(pickle.dumps(word)) is word


@pytest.mark.parametrize("text", ["touching", "1", "NONE", "", None, 2, ["none"]])
def test_what_is_not_a_word_is_refused_by_name(text):
    with pytest.raises(
        ReadingError, match="contact is one of none, close, abutment, not_assessable"
    ) as refusal:
        LevatorContact.read(text, "contact")

    assert str(text)[:20] in str(refusal.value)


def test_a_word_is_read_from_its_text():
    assert Side.read("midline", "side") is Side.MIDLINE


@pytest.mark.parametrize(
    ("rule", "distance_mm", "expected"),
    [
        (HeightRule.CCO, -5.0, "low"),
        (HeightRule.CCO, 50.0, "low"),
        (HeightRule.CCO, 50.01, "mid"),
        (HeightRule.CCO, 100.0, "mid"),
        (HeightRule.CCO, 100.01, "high"),
        (HeightRule.CCO, 150.0, "high"),
        (HeightRule.CCO, 150.01, None),
        (HeightRule.SEER, 60.0, "low"),
        (HeightRule.SEER, 60.01, "mid"),
        (HeightRule.SEER, 119.99, "mid"),
        (HeightRule.SEER, 120.0, "high"),
        (HeightRule.SEER, 160.0, "high"),
        (HeightRule.SEER, 160.01, None),
    ],
)
def test_a_height_class_follows_the_cut_offs_of_its_rule(rule, distance_mm, expected):
    assert height_class(distance_mm, rule) == expected


def test_the_page_on_calls_names_every_word_with_its_code_and_every_rule():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reader_calls.md").read_text("utf-8")

    for name, word in WORDS:
        row = f"| {name} | `{word.value}` | {word.key or ''} | {word.code.scheme} {word.code.value} | "
        assert f"{row}{word.definition} |" in page
    for rule in (*RELATION_RULES, *FINDINGS_RULES):
        said = "refused" if rule.refuses else "asked"
        assert f"| `{rule.code}` | {rule.field} | {said} | {rule.message} |" in page
    assert "These binarisations are ours; the paper's definition is unknown" in page


def test_the_example_on_the_page_is_a_reading():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reader_calls.md").read_text("utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)

    reading = Reading.from_json(json.loads(example))

    assert [call.side.value for call in reading.relations] == ["L", "R", "midline"]
    assert [fact.name for fact in reading.facts] == ["phase", "landmark", "impression"]
    assert reading.questions == []
