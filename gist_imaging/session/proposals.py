"""Proposals: what a long computation made, from what, and whether that still holds when it arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gist_imaging.errors import Cancelled, ReadingError
from gist_imaging.provenance import sha256_of
from gist_imaging.segment.refine_edit import n_different
from gist_imaging.session.canvas import Canvas, apart_from_others, named_slices
from gist_imaging.session.drawing import prompts_of
from gist_imaging.session.event import Change, Event, MaskChange, changed, mask_changed
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.difference import how_grids_differ
from gist_imaging.spatial.mask import Mask

__all__ = ["NOT_THERE", "InputKey", "Job", "Proposal", "ProposalWarning", "input_sha256", "proposed"]

T = TypeVar("T")
Tick = Callable[[int, int], None]
Stop = Callable[[], bool]
InputKey = tuple[str, ...]
"""What went in: (prompts | mask | proposal, lesion, visit), (series, visit) or (registration,)."""

NOT_THERE = "none"
_INPUT_WORDS = {
    "prompts": "the strokes",
    "mask": "the mask",
    "proposal": "the proposal",
    "registration": "the registration",
    "series": "the measured series",
}


@dataclass(frozen=True, slots=True, eq=False)
class Job(Generic[T]):
    """A long computation that touches no case and may run in any thread.

    Parameters
    ----------
    name : such as grow or copy
    label : the same for people
    work : called with progress and cancelled
    """

    name: str
    label: str
    work: Callable[[Tick | None, Stop | None], T] = field(repr=False)

    def run(self, progress: Tick | None = None, cancelled: Stop | None = None) -> T:
        """Return the result.

        Parameters
        ----------
        progress : called with (done, total)
        cancelled : asked now and then whether to stop

        Raises
        ------
        Cancelled
            If `cancelled` answered true, before or during the work.
        """
        if cancelled is not None and cancelled():
            raise Cancelled
        return self.work(progress, cancelled)


@dataclass(frozen=True, slots=True)
class ProposalWarning:
    """One thing to look at.

    Parameters
    ----------
    text : a sentence
    slices : first and last slice concerned, from 0 along the slice axis; None where it cannot be told
    """

    text: str
    slices: tuple[int, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the warning as plain values."""
        return {"text": self.text, "slices": None if self.slices is None else list(self.slices)}


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A mask for a reader to accept or to reject.

    Parameters
    ----------
    lesion, visit : whose it is
    mask : on the grid of the visit's measured series
    method : word of the cohort's list mask_method
    label : what was done, for people
    inputs : what it was made from, each with its hash then
    warnings : what to look at
    unverified : it was carried here from another visit, and nobody has looked
    edited : whether it holds voxels that were set by hand
    registration : a registration that was found on the way, as the cell ("registration",) holds it
    """

    lesion: str
    visit: str
    mask: Mask
    method: str
    label: str
    inputs: Mapping[InputKey, str]
    warnings: tuple[ProposalWarning, ...] = ()
    unverified: bool = False
    edited: bool = False
    registration: Mapping[str, Any] | None = None


def input_sha256(state: CaseState, key: InputKey, series: Callable[[str], str | None]) -> str:
    """Return the hash of an input as it is now; `NOT_THERE` where there is none.

    Parameters
    ----------
    series : visit to the key of its measured series
    """
    kind = key[0]
    if kind == "prompts":
        return prompts_of(state, key[1], key[2]).sha256()
    if kind == "series":
        return series(key[1]) or NOT_THERE
    value = state.cells.get(key)
    if isinstance(value, Mask):
        return value.sha256()
    return NOT_THERE if value is None else sha256_of(value)


def proposed(
    state: CaseState, canvas: Canvas, proposal: Proposal, series: Callable[[str], str | None]
) -> Event:
    """Return the event that puts a proposal on the screen.

    Voxels of other lesions' masks are left out and counted in `details["locked_voxels"]` and in a warning, so
    that accepting gives what is seen.

    Raises
    ------
    ReadingError
        If what it was made from has changed since; names what.
    """
    late = [key for key, sha in proposal.inputs.items() if input_sha256(state, key, series) != sha]
    if late:
        what = " and ".join(dict.fromkeys(_INPUT_WORDS[key[0]] for key in late))
        raise ReadingError(
            "a proposal made from what is there now", f"{what} changed while it was made", "ask for it again"
        )
    whole = proposal.mask.described(structure="tumour", lesion_id=canvas.lesion)
    mask, taken = apart_from_others(state, canvas, whole)
    warnings = list(proposal.warnings)
    if n_locked := taken.n_voxels:
        where = named_slices(taken, canvas.slice_axis)
        warnings.append(
            ProposalWarning(f"{n_locked} voxels belong to another lesion and were left out ({where})")
        )
    held = state.plain(*canvas.facts_key)
    if held is not None and held["edited"] and not proposal.edited:
        own = state.mask(canvas.lesion, canvas.visit)
        n_lost = 0 if own is None else n_different(own, mask)
        if n_lost:
            warnings.append(
                ProposalWarning(
                    f"accepting replaces a mask that was corrected by hand ({n_lost} voxels differ)"
                )
            )
    old, old_facts = state.proposal(canvas.lesion, canvas.visit), state.plain(*canvas.proposal_facts_key)
    if old is not None and how_grids_differ(old.geometry, mask.geometry) is not None:
        raise ReadingError(
            f"the waiting proposal of {canvas.lesion} on the series that is measured",
            "it was made on another one",
            "reject it first",
        )
    facts = {
        "method": proposal.method,
        "label": proposal.label,
        "warnings": [warning.to_json() for warning in warnings],
        "replaces": state.mask(canvas.lesion, canvas.visit) is not None,
        "prompts_sha256": prompts_of(state, canvas.lesion, canvas.visit).sha256(),
        "edited": proposal.edited,
        "unverified": proposal.unverified,
        "inputs": {" ".join(key): sha for key, sha in proposal.inputs.items()},
    }
    changes: list[Change | MaskChange] = [
        mask_changed(canvas.proposal_key, old, mask, "propose"),
        changed(canvas.proposal_facts_key, old_facts, facts),
    ]
    if proposal.registration is not None:
        changes.append(changed(("registration",), state.plain("registration"), dict(proposal.registration)))
    return Event(
        "act",
        "propose",
        f"{proposal.label} {canvas.lesion} {canvas.visit}",
        tuple(changes),
        details={"locked_voxels": n_locked, "n_voxels": mask.n_voxels, "method": proposal.method},
    )
