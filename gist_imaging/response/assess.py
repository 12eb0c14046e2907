"""The one call for every set of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gist_imaging.errors import MeasurementError
from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.response.change import Response
from gist_imaging.response.choi import ChoiOptions, assess_choi
from gist_imaging.response.recist import assess_recist
from gist_imaging.response.visit import Visit
from gist_imaging.response.volumetric import VOLUME_CUT_OFFS_PCT, assess_volume
from gist_imaging.response.who import assess_who
from gist_imaging.study.case import ContrastPhase

__all__ = ["CRITERIA", "ResponseOptions", "assess_every_visit", "assess_response"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseOptions:
    """What the sets of rules leave open; each criterion takes what concerns it.

    Parameters
    ----------
    choi : for Choi and modified Choi
    who_growth_from : "nadir" or "baseline"
    repeatability_mm3 : of the volume; PD by volume then needs more growth than that
    """

    choi: ChoiOptions = field(default_factory=ChoiOptions)
    who_growth_from: str = "nadir"
    repeatability_mm3: float | None = None


Judge = Callable[[Sequence[Visit], ResponseOptions], tuple[Response, ...]]


def _by_volume(criterion: str) -> Judge:
    return lambda visits, options: assess_volume(visits, criterion, options.repeatability_mm3)


_JUDGES: dict[str, Judge] = {
    "recist11": lambda visits, _: assess_recist(visits),
    "choi": lambda visits, options: assess_choi(visits, options=options.choi),
    "mchoi": lambda visits, options: assess_choi(visits, modified=True, options=options.choi),
    "who": lambda visits, options: assess_who(visits, options.who_growth_from),
    **{criterion: _by_volume(criterion) for criterion in VOLUME_CUT_OFFS_PCT},
}
CRITERIA = tuple(_JUDGES)
"""Names of the sets of rules."""


def assess_response(
    series_of_measurements: Sequence[LesionMeasurement | Visit],
    criterion: str = "recist11",
    *,
    days: Sequence[int] | None = None,
    phase: ContrastPhase | str | None = None,
    options: ResponseOptions | None = None,
) -> Response:
    """Return what a set of rules calls the last visit.

    Parameters
    ----------
    series_of_measurements : baseline first, then every follow-up in time order; a measurement stands for a
        visit with that one target lesion and no flags
    criterion : one of `CRITERIA`
    days : of the visits on the treatment clock
    phase : contrast phase of all scans, as the reader states it; Choi needs "portal_venous"
    options : what the rules leave open

    Raises
    ------
    MeasurementError
        If there is no follow-up, the criterion is unknown, or days do not increase.
    """
    return assess_every_visit(series_of_measurements, criterion, days=days, phase=phase, options=options)[-1]


def assess_every_visit(
    series_of_measurements: Sequence[LesionMeasurement | Visit],
    criterion: str = "recist11",
    *,
    days: Sequence[int] | None = None,
    phase: ContrastPhase | str | None = None,
    options: ResponseOptions | None = None,
) -> tuple[Response, ...]:
    """Return what a set of rules calls every follow-up, in time order (see `assess_response`)."""
    if criterion not in _JUDGES:
        raise MeasurementError(f"a criterion is one of {', '.join(CRITERIA)}", f"got {criterion!r}")
    visits = [held if isinstance(held, Visit) else Visit.of(held) for held in series_of_measurements]
    if days is not None:
        if len(days) != len(visits):
            raise MeasurementError(
                "every visit has a day", f"got {len(days)} days for {len(visits)} visits", "give one for each"
            )
        visits = [replace(visit, day=day) for visit, day in zip(visits, days, strict=True)]
    if phase is not None:
        visits = [replace(visit, phase=ContrastPhase(phase)) for visit in visits]
    return _JUDGES[criterion](visits, options or ResponseOptions())
