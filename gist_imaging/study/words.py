"""What a closed list of a reader's words is made of: a word, its definition and exactly one code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from gist_imaging.errors import ReadingError

__all__ = ["ConceptCode", "Word"]

_LONGEST_CODE = 16  # Code Value and Coding Scheme Designator are SH, PS3.5 table 6.2-1
_LONGEST_MEANING = 64  # Code Meaning is LO
_LONGEST_QUOTE = 40


@dataclass(frozen=True, slots=True)
class ConceptCode:
    """A concept as DICOM codes it (PS3.3 section 8).

    Parameters
    ----------
    value : Code Value (0008,0100)
    scheme : Coding Scheme Designator (0008,0102), such as SCT, MDC or 99GISTIMG
    meaning : Code Meaning (0008,0104)
    definition : what the concept is, in a sentence
    version : version of a private scheme that first held it; None for schemes of DICOM

    Raises
    ------
    ReadingError
        If DICOM could not store it.
    """

    value: str
    scheme: str
    meaning: str
    definition: str
    version: str | None = None

    def __post_init__(self) -> None:
        too_long = (
            max(len(self.value), len(self.scheme)) > _LONGEST_CODE or len(self.meaning) > _LONGEST_MEANING
        )
        if too_long or not (self.value and self.scheme and self.meaning and self.definition):
            raise ReadingError(
                f"a code has a value and scheme of 1 to {_LONGEST_CODE} characters, a meaning of 1 to "
                f"{_LONGEST_MEANING}, and a definition",
                f"got {self.scheme}:{self.value}",
                "shorten it",
            )


class Word(StrEnum):
    """A word of a closed list; what is stored is the word, never its number on a keyboard.

    Attributes
    ----------
    code : the one code that stands for the word
    key : digit that chooses it in a form, or None
    """

    code: ConceptCode
    key: str | None

    def __new__(cls, word: str, code: ConceptCode, key: str | None = None) -> Self:
        """Make a member of a list that inherits from this one."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.code = code
        member.key = key
        return member

    @property
    def definition(self) -> str:
        """What the word says, in a sentence."""
        return self.code.definition

    @classmethod
    def read(cls, text: object, field: str) -> Self:
        """Return the word that `text` is.

        Raises
        ------
        ReadingError
            If the list does not hold it; names the field and the text.
        """
        for word in cls:
            if text == word.value:
                return word
        raise ReadingError(
            f"{field} is one of {', '.join(word.value for word in cls)}",
            f"got {str(text)[:_LONGEST_QUOTE]!r}",
            "write one of these words, or null where it was not asked",
        )
