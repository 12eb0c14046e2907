"""Masks of an open case: jobs that make proposals, and what a reader does with these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import ReadingError
from gist_imaging.workflow.reading_lesions import canvas_of

if TYPE_CHECKING:
    from gist_imaging.session.canvas import Canvas
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.proposals import InputKey, Job, Proposal, ProposalWarning, Stop, Tick
    from gist_imaging.spatial.mask import Mask

__all__ = [
    "between_job",
    "copy_job",
    "grow_job",
    "import_job",
    "islands_job",
    "keep_largest_job",
    "propose",
    "smooth_job",
]


def grow_job(case: OpenCase, lesion: str, visit: str) -> Job[Proposal]:
    """Return the work that grows a mask from everything drawn for the lesion at the visit.

    The mask is that of `gist_imaging.segment(volume, prompts)`; the engine keeps the last rounds, so that
    one more stroke costs one more stroke.

    Raises
    ------
    PromptError
        If nothing was drawn.
    """
    from gist_imaging.errors import PromptError
    from gist_imaging.session.drawing import prompts_of
    from gist_imaging.session.making import grown

    canvas = canvas_of(case, lesion, visit)
    log = prompts_of(case.state, lesion, visit)
    if not any(prompt.include or prompt.kind == "loop" for prompt in log.prompts):
        raise PromptError(
            f"a stroke inside {lesion} at {visit}",
            f"{len(log)} strokes, none inside" if len(log) else "nothing is drawn",
            "draw one stroke inside the tumour on three slices, and one outside",
        )
    engine = case.memory.engine(lesion, visit, case.measured_volume(visit))

    def work(progress: Tick | None, cancelled: Stop | None) -> _Made:
        return grown(engine, log, canvas.slice_axis, progress, cancelled)

    return _job(case, canvas, "grow", "Grow", "region_grow", [canvas.prompts_key], work)


def between_job(case: OpenCase, lesion: str, visit: str) -> Job[Proposal]:
    """Return the work that fills between outlines, or between painted slices where there are none."""
    from gist_imaging.session.drawing import prompts_of
    from gist_imaging.session.making import between_drawn

    canvas = canvas_of(case, lesion, visit)
    log, drawn = prompts_of(case.state, lesion, visit), _shown(case, canvas)
    volume = case.measured_volume(visit)

    def work(progress: Tick | None, cancelled: Stop | None) -> _Made:
        return between_drawn(volume, log, drawn, canvas.slice_axis, progress, cancelled), ()

    inputs = [canvas.prompts_key, canvas.mask_key, canvas.proposal_key]
    return _job(case, canvas, "between", "Fill between", "interpolation", inputs, work)


def copy_job(case: OpenCase, lesion: str, from_visit: str, to_visit: str) -> Job[Proposal]:
    """Return the work that carries an accepted mask to another visit, as an unverified proposal.

    Both scans are registered first where no registration of them is kept. Where they cannot be matched the
    work is refused with what to do; no transform is made up.

    Raises
    ------
    ReadingError
        If there is no mask to copy, or the reader has found the registration wrong.
    """
    from gist_imaging.session.making import carried, found_registration
    from gist_imaging.session.registering import (
        entry_between,
        registration_entry,
        transform_between,
        with_registration,
    )
    from gist_imaging.workflow.reading_registration import measured_pair

    source, canvas = canvas_of(case, lesion, from_visit), canvas_of(case, lesion, to_visit)
    mask = case.state.mask(lesion, from_visit)
    if from_visit == to_visit or mask is None or mask.is_empty:
        raise ReadingError(
            f"an accepted mask of {lesion} at another visit to copy from",
            "both are the same visit" if from_visit == to_visit else f"there is none at {from_visit}",
            f"outline {lesion} at {from_visit} and accept it first",
        )
    fixed, moving = case.measured_volume(from_visit), case.measured_volume(to_visit)
    pair = measured_pair(case, from_visit, to_visit)
    cell = case.state.plain("registration")
    known = transform_between(cell, pair)
    checked = known is not None and (entry_between(cell, pair) or {}).get("state") == "ok"
    new_cell: dict[str, Any] = {}

    def work(progress: Tick | None, cancelled: Stop | None) -> _Made:
        transform = known
        if transform is None:
            transform = found_registration(fixed, moving, progress, cancelled)
            new_cell.update(with_registration(cell, registration_entry(transform, pair)))
        return carried(mask, transform, moving, checked, cancelled)

    inputs: list[InputKey] = [source.mask_key, ("series", from_visit), ("registration",)]
    return _job(
        case,
        canvas,
        "copy",
        f"Copy from {from_visit}",
        "mixed",
        inputs,
        work,
        unverified=True,
        registration=new_cell,
    )


def import_job(
    case: OpenCase,
    lesion: str,
    visit: str,
    path: Path,
    label: int | str | None = None,
    *,
    resample: bool = False,
) -> Job[Proposal]:
    """Return the work that reads a mask from a file: NIfTI, NRRD, DICOM SEG or RTSTRUCT.

    Parameters
    ----------
    label : number or name of the structure, where the file holds several
    resample : put a mask of another grid, in the same frame of reference, on the image's grid
    """
    from gist_imaging.io.read import read_mask

    canvas, volume = canvas_of(case, lesion, visit), case.measured_volume(visit)

    def work(_progress: Tick | None, _cancelled: Stop | None) -> _Made:
        return read_mask(path, like=volume, label=label, resample=resample), ()

    return _job(case, canvas, "import", "Import a mask", "imported", [], work)


def smooth_job(case: OpenCase, lesion: str, visit: str, sd_mm: float = 1.0) -> Job[Proposal]:
    """Return the work that smooths the proposal or mask by a Gaussian of `sd_mm`, volume kept."""
    from gist_imaging.segment.refine_shape import smoothed

    return _refine_job(
        case, lesion, visit, "smooth", f"Smooth {sd_mm:g} mm", lambda mask: smoothed(mask, sd_mm)
    )


def islands_job(case: OpenCase, lesion: str, visit: str, smaller_than_mm3: float = 50.0) -> Job[Proposal]:
    """Return the work that drops pieces smaller than a volume."""
    from gist_imaging.segment.refine_parts import remove_islands

    return _refine_job(
        case, lesion, visit, "islands", "Remove islands", lambda mask: remove_islands(mask, smaller_than_mm3)
    )


def keep_largest_job(case: OpenCase, lesion: str, visit: str) -> Job[Proposal]:
    """Return the work that keeps the largest piece alone."""
    from gist_imaging.segment.refine_parts import keep_largest

    return _refine_job(case, lesion, visit, "keep_largest", "Keep largest", keep_largest)


def propose(case: OpenCase, proposal: Proposal) -> Event:
    """Put what a job made on the screen, to be accepted or rejected.

    Raises
    ------
    ReadingError
        If what it was made from has changed meanwhile; it is dropped, and the message says what changed.
    """
    from gist_imaging.session.proposals import proposed

    canvas = canvas_of(case, proposal.lesion, proposal.visit)
    return case.act(proposed(case.state, canvas, proposal, _series_of(case)))


_Made = tuple["Mask", "tuple[ProposalWarning, ...]"]


def _job(
    case: OpenCase,
    canvas: Canvas,
    name: str,
    label: str,
    method: str,
    inputs: Sequence[InputKey],
    work: Callable[[Tick | None, Stop | None], _Made],
    *,
    unverified: bool = False,
    edited: bool = False,
    registration: dict[str, Any] | None = None,
) -> Job[Proposal]:
    """Return the job; hashes of its inputs are taken now, before anything else can change them."""
    from gist_imaging.session.proposals import Job, Proposal, input_sha256

    hashes = {
        key: input_sha256(case.state, key, _series_of(case)) for key in [*inputs, ("series", canvas.visit)]
    }

    def run(progress: Tick | None, cancelled: Stop | None) -> Proposal:
        mask, warnings = work(progress, cancelled)
        return Proposal(
            canvas.lesion,
            canvas.visit,
            mask,
            method,
            label,
            hashes,
            warnings,
            unverified,
            edited,
            dict(registration) if registration else None,
        )

    return Job(name, label, run)


def _refine_job(
    case: OpenCase, lesion: str, visit: str, name: str, label: str, change: Callable[[Mask], Mask]
) -> Job[Proposal]:
    from gist_imaging.session.mask_facts import MaskState, method_after

    canvas = canvas_of(case, lesion, visit)
    mask = _shown(case, canvas)
    waits = case.state.proposal(lesion, visit) is not None
    if mask is None or mask.is_empty:
        raise ReadingError(
            f"a proposal or mask of {lesion} at {visit}", "there is none", "grow, paint or copy one first"
        )
    facts = case.state.plain(*(canvas.proposal_facts_key if waits else canvas.facts_key))
    unverified = facts["unverified"] if waits else facts["state"] == MaskState.UNVERIFIED

    def work(_progress: Tick | None, _cancelled: Stop | None) -> _Made:
        return change(mask), ()

    # A rule is a method of its own, but for a model it is a correction like one by hand.
    method = method_after(facts["method"], "manual" if facts["method"].startswith("model") else name)
    inputs = [canvas.proposal_key if waits else canvas.mask_key]
    return _job(
        case, canvas, name, label, method, inputs, work, unverified=unverified, edited=facts["edited"]
    )


def _shown(case: OpenCase, canvas: Canvas) -> Mask | None:
    waiting = case.state.proposal(canvas.lesion, canvas.visit)
    return waiting if waiting is not None else case.state.mask(canvas.lesion, canvas.visit)


def _series_of(case: OpenCase) -> Callable[[str], str | None]:
    return lambda visit: case.visit(visit).measured
