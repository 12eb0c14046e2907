"""Every error that gist_imaging raises on purpose.

::

    GistImagingError
    ├── GeometryError        a voxel grid that cannot be placed in a patient, or two that do not fit
    ├── IntakeError          a file that is refused; carries a frozen code (see gist_imaging.problems)
    ├── SeriesError          a series that cannot be measured; carries its problems
    ├── RegistrationError    two scans whose positions could not be matched; nothing is assumed instead
    ├── MaskError            a mask that does not lie on its image, or holds no such structure
    ├── PromptError          strokes, points or outlines that cannot be used on this image
    ├── IdentityError        two scans that may belong to different patients; asks a question
    ├── MeasurementError     a number that the definition does not give
    ├── TableError           rows that break the cohort format; carries every problem at once
    └── Cancelled            the user stopped the work; nothing was lost

A message has three parts: what was expected, what was found, what to do. It names the series or the
file, never the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        super().__init__(str(problem))

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
        reasons = "; ".join(str(problem) for problem in problems)
        super().__init__(f"series {series_uid} cannot be measured: {reasons}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.series_uid, self.problems))


class RegistrationError(GistImagingError):
    """The positions of two scans could not be matched; no transform is assumed instead."""


class MaskError(GistImagingError):
    """A mask does not lie on its image, or holds no such structure."""


class PromptError(GistImagingError):
    """Strokes, points or outlines cannot be used on this image."""


class IdentityError(GistImagingError):
    """Two scans may belong to different patients; `differing` names the attributes, never their values."""

    def __init__(self, differing: tuple[str, ...]) -> None:
        self.differing = differing
        super().__init__(
            "both scans should belong to one patient",
            f"they differ in {', '.join(differing)}",
            "are these the same patient? If so, say so with --same-patient and a reason",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.differing,))


class MeasurementError(GistImagingError):
    """A number that the definition does not give for this input."""


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
