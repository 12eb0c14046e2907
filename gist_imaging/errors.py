"""Every error that gist_imaging raises on purpose.

::

    GistImagingError
    ├── GeometryError        a voxel grid that cannot be placed in a patient, or two that do not fit
    ├── IntakeError          a file that is refused; carries a frozen code (see gist_imaging.problems)
    ├── SeriesError          a series that cannot be measured; carries its problems
    ├── RegistrationError    two scans whose positions could not be matched; nothing is assumed instead
    ├── MaskError            a mask that does not lie on its image, or cannot be used
    │   └── LabelError       the structure that was asked for is not in the mask, or several are
    ├── PromptError          strokes, points or outlines that cannot be used on this image
    ├── ReadingError         a reader's call that contradicts itself or holds an unknown word
    ├── IdentityError        two scans that may belong to different patients; asks a question
    ├── MeasurementError     a number that the definition does not give
    ├── StoreError           a study on disk that cannot be read or written now; says why in one sentence
    ├── TableError           rows that break the cohort format; carries every problem at once
    └── Cancelled            the user stopped the work; nothing was lost

A message has three parts: what was expected, what was found, what to do. It names the series or the
file, never the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gist_imaging.problems import Code, Problem


class GistImagingError(Exception):
    """Root of every error raised on purpose.

    Parameters
    ----------
    expected, found, advice : sentences
        What was expected, what was found and what to do. A single argument is a whole message.
    """

    def __init__(self, expected: str, found: str = "", advice: str = "") -> None:
        self.expected = expected
        self.found = found
        self.advice = advice
        super().__init__("; ".join(part for part in (expected, found, advice) if part))

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross the border of the decoding process, so they must survive pickling.
        return (type(self), (self.expected, self.found, self.advice))


class GeometryError(GistImagingError):
    """A voxel grid cannot be placed in the patient, or two grids do not fit."""


class IntakeError(GistImagingError):
    """A file is refused.

    Parameters
    ----------
    problem : the frozen code with its message; `problem.file` is the path relative to the given root
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        place = f"{problem.file}: " if problem.file else ""
        super().__init__(
            f"{place}a file that can be read", f"{problem.code}: {problem.message}", problem.advice
        )

    @property
    def code(self) -> Code:
        """The frozen code of the refusal."""
        return self.problem.code

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.problem,))


class SeriesError(GistImagingError):
    """A series cannot be measured; `problems` says why, each with its frozen code."""

    def __init__(self, series_uid: str, problems: tuple[Problem, ...]) -> None:
        self.series_uid = series_uid
        self.problems = problems
        blocking = [problem for problem in problems if problem.severity != "warning"] or list(problems)
        super().__init__(
            f"a series that can be measured; series {series_uid} cannot",
            "; ".join(f"{problem.code}: {problem.message}" for problem in blocking),
            "; ".join(dict.fromkeys(problem.advice for problem in blocking)),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.series_uid, self.problems))


class RegistrationError(GistImagingError):
    """The positions of two scans could not be matched; no transform is assumed instead."""


class MaskError(GistImagingError):
    """A mask does not lie on its image, or cannot be used."""


class LabelError(MaskError):
    """The structure that was asked for is not in the mask, or several fit; lists what the mask holds.

    Parameters
    ----------
    choices : number of each structure that the mask holds, and what to call it
    """

    def __init__(
        self, expected: str, found: str = "", advice: str = "", choices: Mapping[int, str] | None = None
    ) -> None:
        self.choices = dict(choices or {})
        super().__init__(expected, found, advice)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.expected, self.found, self.advice, self.choices))


class PromptError(GistImagingError):
    """Strokes, points or outlines cannot be used on this image."""


class ReadingError(GistImagingError):
    """A reader's call contradicts itself, or holds something that no closed list knows."""


class IdentityError(GistImagingError):
    """Scans, or the images of one series, may belong to different patients.

    Parameters
    ----------
    differing : DICOM names of the attributes, never their values
    in_series : the images of one series differ among themselves
    where : which case, by its pseudonym, where there are several
    """

    def __init__(self, differing: tuple[str, ...], in_series: bool = False, where: str = "") -> None:
        self.differing = differing
        self.in_series = in_series
        self.where = where
        said_with = "--override-reason" if in_series else "--same-patient and a reason"
        expected = (
            "all images of a series should belong to one patient"
            if in_series
            else "all scans of a case should belong to one patient"
            if where
            else "both scans should belong to one patient"
        )
        super().__init__(
            f"{where}: {expected}" if where else expected,
            f"they differ in {', '.join(differing)}",
            f"are these the same patient? If so, say so with {said_with}",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.differing, self.in_series, self.where))


class MeasurementError(GistImagingError):
    """A number that the definition does not give for this input."""


class StoreError(GistImagingError):
    """A study on disk cannot be read or written now.

    Parameters
    ----------
    reason : one word for programs, such as disk_full, read_only, no_permission, gone, locked, damaged
    sentence : the same for people, with what to do
    """

    def __init__(self, reason: str, sentence: str) -> None:
        self.reason = reason
        super().__init__(sentence)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.reason, self.expected))


class TableError(GistImagingError):
    """Rows break the cohort format; `problems` holds every one, each with its place."""

    def __init__(self, table: str, problems: tuple[str, ...]) -> None:
        self.table = table
        self.problems = problems
        listed = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{table}: {len(problems)} problem(s)\n{listed}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.table, self.problems))


class Cancelled(GistImagingError):  # noqa: N818 - a decision of the user, not a fault
    """The user stopped the work."""

    def __init__(self) -> None:
        super().__init__("stopped at your request; what was finished before is kept")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), ())
