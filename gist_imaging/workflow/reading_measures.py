"""Numbers of an open case: of masks, calipers, rulers and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gist_imaging.errors import MaskError
from gist_imaging.workflow.reading_lesions import canvas_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.session.calipers import Caliper
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.regions import RoiNumbers
    from gist_imaging.session.state import CaseState
    from gist_imaging.spatial.mask import Mask

__all__ = [
    "add_roi",
    "add_ruler",
    "clear_caliper",
    "live_numbers",
    "numbers_state",
    "proposal_numbers",
    "remove_mark",
    "roi_numbers",
    "set_caliper",
    "shown_calipers",
]


def live_numbers(case: OpenCase, lesion: str, visit: str) -> LesionMeasurement | None:
    """Return every number of the accepted mask, or None where nothing is outlined.

    Computed once for the same mask and image.
    """
    return numbers_in(case, case.state, lesion, visit)


def numbers_in(case: OpenCase, state: CaseState, lesion: str, visit: str) -> LesionMeasurement | None:
    """Return the numbers of a mask as it is in `state`, for a thread that must not mix two states."""
    mask = state.mask(lesion, visit)
    if mask is None:
        return None
    held, inputs = _measured(case, mask, visit)
    case.memory.note_last(("lesion", lesion, visit), inputs)
    return held


def proposal_numbers(case: OpenCase, lesion: str, visit: str) -> LesionMeasurement | None:
    """Return every number of the proposal that waits, to judge it by; they count only once it is accepted."""
    proposal = case.state.proposal(lesion, visit)
    return None if proposal is None else _measured(case, proposal, visit)[0]


def _measured(case: OpenCase, mask: Mask, visit: str) -> tuple[LesionMeasurement, tuple[str, str]]:
    from gist_imaging.measure.lesion import measure_lesion

    volume = case.measured_volume(visit)
    inputs = (case.memory.mask_sha256(mask), case.memory.image_sha256(volume))
    held: LesionMeasurement | None = case.memory.kept(("lesion", *inputs))
    if held is None:
        held = measure_lesion(volume, mask)
        case.memory.keep(("lesion", *inputs), held)
    return held, inputs


def numbers_state(case: OpenCase, lesion: str, visit: str) -> Literal["fresh", "stale", "none"]:
    """Return whether the numbers given last are those of the mask and image as they are now."""
    last = case.memory.last_of(("lesion", lesion, visit))
    mask = case.state.mask(lesion, visit)
    if last is None:
        return "none"
    if mask is None:
        return "stale"
    now = (case.memory.mask_sha256(mask), case.memory.image_sha256(case.measured_volume(visit)))
    return "fresh" if last == now else "stale"


def set_caliper(
    case: OpenCase, lesion: str, visit: str, measure: str, points_mm: npt.ArrayLike, why: str
) -> Event:
    """Measure a diameter by hand beside the proposed one; both are kept.

    Parameters
    ----------
    measure : one of `session.calipers.MEASURES`
    why : edge_judged, vessel, artefact or other

    Returns
    -------
    The event; `details["note"]` says where a short axis stands far from a right angle
    """
    from dataclasses import replace

    from gist_imaging.session.calipers import caliper_set, calipers_shown

    canvas = canvas_of(case, lesion, visit)
    event = caliper_set(case.state, canvas.geometry, lesion, visit, measure, points_mm, why, case.reader)
    after = replace(case.state, cells={**case.state.cells, event.changes[0].key: event.changes[0].new})  # type: ignore[union-attr]
    shown = calipers_shown(
        after, lesion, visit, live_numbers(case, lesion, visit), _mask_sha256(case, lesion, visit)
    )
    note = next((caliper.note for caliper in shown if caliper.measure == "short_axis"), None)
    return case.act(replace(event, details={"note": note}))


def clear_caliper(case: OpenCase, lesion: str, visit: str, measure: str) -> Event:
    """Let the proposed diameter stand again."""
    from gist_imaging.session.calipers import caliper_cleared

    return case.act(caliper_cleared(case.state, lesion, visit, measure))


def shown_calipers(case: OpenCase, lesion: str, visit: str, *, wait: bool = True) -> tuple[Caliper, ...]:
    """Return longest diameter and short axis, proposed and by hand; none where there is nothing to show.

    Parameters
    ----------
    wait : measure the mask now where nobody has; False shows proposals only once `live_numbers` is done
    """
    from gist_imaging.session.calipers import calipers_shown

    if not lesion or case.state.plain("lesion", lesion) is None:
        return ()
    try:
        known = wait or numbers_state(case, lesion, visit) == "fresh"
        measured = live_numbers(case, lesion, visit) if known else None
    except MaskError:  # the mask was made on a series that is no longer the measured one
        measured = None
    return calipers_shown(case.state, lesion, visit, measured, _mask_sha256(case, lesion, visit))


def add_ruler(case: OpenCase, visit: str, points_mm: npt.ArrayLike) -> Event:
    """Keep the distance between two points."""
    from gist_imaging.session.regions import ruler_added

    return case.act(ruler_added(case.state, case.visit(visit).label, points_mm))


def add_roi(case: OpenCase, visit: str, shape: str, points_mm: npt.ArrayLike) -> Event:
    """Keep a region without a mask on the measured series: "bidimensional" or "ellipse"."""
    from gist_imaging.measure.region import slice_axis
    from gist_imaging.session.regions import roi_added

    volume = case.measured_volume(visit)
    axis = slice_axis(volume.geometry, from_dicom=bool(volume.series_uid))
    return case.act(roi_added(case.state, volume.geometry, axis, visit, shape, points_mm))


def roi_numbers(case: OpenCase, visit: str, number: str | int) -> RoiNumbers:
    """Return what a region measures on the measured series.

    Raises
    ------
    ReadingError
        If there is no such region.
    """
    from gist_imaging.errors import ReadingError
    from gist_imaging.session.regions import roi_numbers as numbers_of

    held = case.state.plain("roi", visit, str(number))
    if held is None:
        known = ", ".join(key[2] for key, _ in case.state.under("roi", visit)) or "none"
        raise ReadingError(f"a region of {visit}: {known}", f"got {number!r}", "choose one on the image")
    return numbers_of(held, case.measured_volume(visit))


def remove_mark(case: OpenCase, key: tuple[str, ...]) -> Event:
    """Take a ruler, region, landmark or levator stroke away by its key."""
    from gist_imaging.session.calipers import mark_removed

    return case.act(mark_removed(case.state, key))


def _mask_sha256(case: OpenCase, lesion: str, visit: str) -> str | None:
    mask = case.state.mask(lesion, visit)
    return None if mask is None else case.memory.mask_sha256(mask)
