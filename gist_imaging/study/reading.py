"""What one reader gave for one case: masks, prompts, calipers, landmarks and words.

A reading never changes: a change is a new revision that names the one before it by its hash. What is computed
from a reading (diameters, levator metrics, response) is no part of it and is kept by the reading's hash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.provenance import sha256_of
from gist_imaging.study.call_values import checked_object
from gist_imaging.study.levator_relation import LevatorRelation
from gist_imaging.study.marks import Fact, Mark, MaskReference
from gist_imaging.study.pelvic_findings import PelvicFindings

__all__ = ["Fact", "LevatorRelation", "Mark", "MaskReference", "PelvicFindings", "Reading"]

FORMAT = "gist_imaging.reading/1"
"""First line of defence of a file: what it claims to hold, and in which version."""

REVISIONS_AT_MOST = 1_000_000
"""More is a slip of a key, not a change of mind."""

_CASE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
_READER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader gave for one case.

    Parameters
    ----------
    reader : pseudonym of the reader, such as R1
    case : pseudonym of the patient, such as SYN-001
    blinded : whether the reader saw neither arm nor outcome, other readers' calls or the program's metrics
    revision : 1 for the first, then one more each time
    previous : SHA-256 of the revision before; None for the first
    reason : why there is a further revision, in the reader's words; None for the first. Stays at home
    relations, findings : the reader's words
    masks, prompts, calipers, landmarks : what the reader put on the images
    facts : what the reader stated beside the call: phase, quality, landmarks that are not visible, impression

    Raises
    ------
    ReadingError
        If a call is another reader's, or two calls are about the same thing.
    """

    reader: str
    case: str
    blinded: bool
    revision: int = 1
    previous: str | None = None
    reason: str | None = None
    relations: tuple[LevatorRelation, ...] = ()
    findings: tuple[PelvicFindings, ...] = ()
    masks: tuple[MaskReference, ...] = ()
    prompts: tuple[Mark, ...] = ()
    calipers: tuple[Mark, ...] = ()
    landmarks: tuple[Mark, ...] = ()
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        for name in _LISTS:
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not _CASE.fullmatch(self.case):
            raise ReadingError(
                "the case of a reading is a pseudonym of capitals, digits, _ and - (at most 32)",
                "got another form",
                "use the patient_id of the list of scans",
            )
        if not _READER.fullmatch(self.reader):
            raise ReadingError(
                "the reader of a reading is up to 32 letters, digits, _, . and -", "got another form"
            )
        if not isinstance(self.blinded, bool):
            raise ReadingError("blinded is true or false", f"got {type(self.blinded).__name__}", "say which")
        self._check_revision()
        others = {call.reader for call in self.calls} - {self.reader}
        if others:
            raise ReadingError(
                f"every call of a reading is by its reader {self.reader}",
                f"got calls by {', '.join(sorted(others))}",
                "keep one reading for each reader",
            )
        _once(((call.lesion, call.timepoint, call.side) for call in self.relations), "a levator relation")
        _once(((call.lesion, call.timepoint) for call in self.findings), "pelvic findings")
        _once(((one.name, one.timepoint or "", one.about or "") for one in self.facts), "a fact")

    def _check_revision(self) -> None:
        number = self.revision
        whole = isinstance(number, int) and not isinstance(number, bool)
        if not whole or not 1 <= number <= REVISIONS_AT_MOST:
            raise ReadingError(
                f"a revision is a whole number from 1 to {REVISIONS_AT_MOST}",
                "got something else",
                "correct it",
            )
        is_first = number == 1
        if is_first != (self.previous is None) or (self.reason is not None and is_first):
            raise ReadingError(
                "a further revision names the one before it, and the first names none",
                f"got revision {number} {'without' if self.previous is None else 'with'} previous",
                "make it with `revised`",
            )
        if self.previous is not None and not _SHA256.fullmatch(self.previous):
            raise ReadingError("previous is a SHA-256 of 64 hex digits", "got another form", "correct it")

    @property
    def calls(self) -> tuple[LevatorRelation | PelvicFindings, ...]:
        """Everything that the reader said in words."""
        return (*self.relations, *self.findings)

    @property
    def sha256(self) -> str:
        """SHA-256 of everything the reading holds; what is computed from it is kept by this."""
        return sha256_of(self.to_json())

    @property
    def questions(self) -> list[str]:
        """What the reader should be asked about the calls, one sentence each."""
        return [
            f"{call.place}: {rule.message} ({rule.code})" for call in self.calls for rule in call.questions
        ]

    def revised(self, reason: str, **changes: Any) -> Reading:
        """Return the next revision; this one stays as it is.

        Parameters
        ----------
        reason : why, in the reader's words
        changes : new values of the lists (relations, findings, masks, prompts, calipers, landmarks,
            facts), or of `blinded`

        Raises
        ------
        ReadingError
            If the reason is empty, or reader, case or revision should change.
        """
        fixed = sorted(changes.keys() - {*_LISTS, "blinded"})
        if fixed or not reason.strip():
            raise ReadingError(
                "a revision changes what was given, for a reason",
                f"asked to change {', '.join(fixed)}" if fixed else "got no reason",
                "begin a new reading, or write the reason",
            )
        return replace(
            self, revision=self.revision + 1, previous=self.sha256, reason=reason.strip(), **changes
        )

    def to_json(self) -> dict[str, Any]:
        """Return the reading as plain values for `json.dumps`; `facts` are left out where there are none."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        lists = {name: [item.to_json() for item in held[name]] for name in _LISTS}
        if not self.facts:
            del held["facts"], lists["facts"]
        return {"format": FORMAT, **held, **lists}

    @classmethod
    def from_json(cls, value: object) -> Reading:
        """Return the reading that `to_json` wrote; a list that is left out is empty.

        Raises
        ------
        ReadingError
            If it is of another format, or holds an unknown name or word; every call that is wrong is a line.
        """
        held = dict(checked_object(value, ["format", *(one.name for one in fields(cls))], "a reading"))
        if held.pop("format", None) != FORMAT:
            raise ReadingError(f"a reading says format {FORMAT}", "got another", "is it a reading?")
        missing = [name for name in ("reader", "case", "blinded") if held.get(name) is None]
        if missing or not all(isinstance(held[name], str) for name in ("reader", "case")):
            raise ReadingError(
                "a reading has reader and case (text) and blinded (true or false)",
                f"missing: {', '.join(missing) or 'none'}",
                "add it",
            )
        wrong: list[str] = []
        for name, read in _LISTS.items():
            held[name] = _items(held.get(name), name, read, wrong)
        if wrong:
            raise ReadingError("\n".join(wrong))
        for name in ("previous", "reason"):
            if not isinstance(held.get(name), str | None):
                raise ReadingError(f"{name} of a reading is text", "got something else", "correct it")
        return cls(**held)


_LISTS: dict[str, Callable[[object], Any]] = {
    "relations": LevatorRelation.from_json,
    "findings": PelvicFindings.from_json,
    "masks": MaskReference.from_json,
    "prompts": Mark.from_json,
    "calipers": Mark.from_json,
    "landmarks": Mark.from_json,
    "facts": Fact.from_json,
}


def _items(value: object, name: str, read: Callable[[object], Any], wrong: list[str]) -> tuple[Any, ...]:
    """Return what a list of the reading holds; what cannot be read is told in `wrong` by its place from 1."""
    if value is not None and not isinstance(value, list):
        wrong.append(f"{name} of a reading is a list; got something else; write a list")
        return ()
    found = []
    for number, item in enumerate(value or (), start=1):
        try:
            found.append(read(item))
        except ReadingError as error:
            wrong.append(f"{name} {number}: {error}")
    return tuple(found)


def _once(names: Iterable[tuple[str, ...]], what: str) -> None:
    twice = sorted(" ".join(name) for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ReadingError(
            f"{what} once for each lesion, visit and side",
            f"got several for {', '.join(twice)}",
            "keep the one that counts",
        )
