"""Long computations that make a proposal: pure functions of images, strokes and masks, for any thread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import MaskError, PromptError, RegistrationError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.between_slices import fill_between, mask_between_outlines
from gist_imaging.segment.confidence import RIM_TO, Confidence, confidence_of
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.segment.propagate import propagate
from gist_imaging.segment.seeded import SeededEngine, SeededResult
from gist_imaging.session.proposals import ProposalWarning, Stop, Tick
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.register import register
from gist_imaging.spatial.register_transform import RigidTransform
from gist_imaging.spatial.volume import Volume

__all__ = [
    "between_drawn",
    "carried",
    "found_registration",
    "grown",
]

BoolArray = npt.NDArray[np.bool_]

# A slice is named in a warning when so much of its outline's inside is uncertain (inclusive). Ours.
_UNCERTAIN_SHARE = 0.5


def grown(
    engine: SeededEngine, log: PromptLog, slice_axis: int, progress: Tick | None, cancelled: Stop | None
) -> tuple[Mask, tuple[ProposalWarning, ...]]:
    """Return the mask that strokes give, equal to `gist_imaging.segment`, and what to look at.

    Raises
    ------
    PromptError
        If nothing says where tumour is, or nothing grew.
    """

    def tell(share: float) -> None:
        if progress is not None:
            progress(round(100 * share), 100)

    result = engine.update(log, progress=tell, cancelled=cancelled)
    if result.mask.is_empty:
        n_drawn = int(np.count_nonzero(result.drawn > 0))
        raise PromptError(
            "a tumour that grows from the strokes",
            f"nothing grew: the strokes inside cover {n_drawn} voxels",
            "draw at least 10 mm inside the tumour, on three slices",
        )
    rounds = log.rounds()
    before = engine.update(log.up_to(rounds[-2][0]), cancelled=cancelled) if len(rounds) > 1 else None
    return result.mask, _warnings(result, confidence_of(result, log, before), slice_axis)


def between_drawn(
    volume: Volume,
    log: PromptLog,
    drawn: Mask | None,
    slice_axis: int,
    progress: Tick | None,
    cancelled: Stop | None,
) -> Mask:
    """Return the mask between outlines; without outlines on two slices, between the slices of `drawn`.

    Raises
    ------
    PromptError
        If neither outlines nor painted slices are there on two slices.
    """
    outlines = tuple(prompt for prompt in log.prompts if prompt.kind == "outline")
    if outlines:
        return mask_between_outlines(volume, outlines, progress=progress, cancelled=cancelled)
    painted = {} if drawn is None else _slices_of(drawn, slice_axis)
    if drawn is None or len(painted) < 2:
        raise PromptError(
            "outlines, or painted slices, on two slices or more",
            f"got {len(painted)}",
            "outline the first and the last slice of the tumour and some between",
        )
    others = [one for one in range(3) if one != slice_axis]
    spacing = volume.geometry.spacing_mm
    turned = (spacing[slice_axis], spacing[others[0]], spacing[others[1]])
    stack = np.moveaxis(volume.voxels, slice_axis, 0)
    filled = fill_between(stack, turned, painted, progress=progress, cancelled=cancelled)
    voxels = np.ascontiguousarray(np.moveaxis(filled, 0, slice_axis))
    provenance = Provenance(
        "between_slices", {"painted_slices": sorted(painted)}, (f"sha256:{drawn.sha256()}",)
    )
    return replace(drawn, voxels=voxels, provenance=provenance)


def found_registration(
    fixed: Volume, moving: Volume, progress: Tick | None, cancelled: Stop | None
) -> RigidTransform:
    """Return the transform that carries positions of one visit to another; see docs/registration.md.

    Raises
    ------
    RegistrationError
        If the images cannot be matched; says what to do, and no transform is made up.
    """
    try:
        return register(fixed, moving, progress=progress, cancelled=cancelled)
    except RegistrationError as error:
        raise RegistrationError(
            "two scans that can be brought together",
            str(error).rstrip("."),
            "nothing was copied: outline the tumour on this visit itself, or pin a series of the same kind",
        ) from error


def carried(
    mask: Mask, transform: RigidTransform, onto: Volume, checked: bool, cancelled: Stop | None
) -> tuple[Mask, tuple[ProposalWarning, ...]]:
    """Return a mask carried to another visit, unverified, and what to look at."""
    moved = propagate(mask, transform, onto.geometry, cancelled=cancelled)
    if moved.is_empty:
        raise MaskError("a tumour that is still seen when carried over", "nothing is left", "outline it here")
    bound = transform.error_95_mm
    how_far = "by an unknown distance" if bound is None else f"by up to {bound:.1f} mm (95 %)"
    told = [ProposalWarning(f"copied, not measured: it may be off {how_far}, and has the old size")]
    if not checked:
        told.append(ProposalWarning("nobody has looked at the registration yet"))
    n_beyond = int(moved.provenance.parameters["voxels_beyond_followup"])
    if n_beyond:
        told.append(ProposalWarning(f"{n_beyond} voxels lie beyond this scan and were cut off"))
    return moved, tuple(told)


def _warnings(result: SeededResult, confidence: Confidence, slice_axis: int) -> tuple[ProposalWarning, ...]:
    inside = result.signed_mm > 0
    start = result.box.start[slice_axis]
    told = []
    for reason in confidence.leak_reasons:
        if "edge" in reason:
            told.append(ProposalWarning(f"{reason}: is it cut off?", _at_border(inside, slice_axis, start)))
        else:
            unsure = inside & (confidence.probability < RIM_TO)
            told.append(
                ProposalWarning(
                    f"it may have left the tumour: {reason}", _uncertain(inside, unsure, slice_axis, start)
                )
            )
    touching = _at_border(result.mask.voxels, slice_axis, 0)
    if touching is not None:
        told.append(ProposalWarning("it reaches the edge of the image: the tumour may be cut off", touching))
    return tuple(told)


def _across(axis: int) -> tuple[int, int]:
    one, other = (each for each in range(3) if each != axis)
    return one, other


def _uncertain(inside: BoolArray, unsure: BoolArray, axis: int, start: int) -> tuple[int, int] | None:
    """Return the first and last slice of which half or more is uncertain; None where that is all of them."""
    n_inside, n_unsure = inside.sum(axis=_across(axis)), unsure.sum(axis=_across(axis))
    found = np.flatnonzero((n_inside > 0) & (n_unsure >= _UNCERTAIN_SHARE * n_inside))
    if not 0 < len(found) < np.count_nonzero(n_inside):
        return None
    return start + int(found[0]), start + int(found[-1])


def _at_border(voxels: BoolArray, axis: int, start: int) -> tuple[int, int] | None:
    """Return the first and last slice on which a mask reaches the border of its grid; None if it does not."""
    turned = np.moveaxis(voxels, axis, 0)
    touches = np.asarray(turned[:, [0, -1], :].any(axis=(1, 2)) | turned[:, :, [0, -1]].any(axis=(1, 2)))
    if len(turned) > 1:
        touches[[0, -1]] = touches[[0, -1]] | turned[[0, -1]].any(axis=(1, 2))
    found = np.flatnonzero(touches)
    return (start + int(found[0]), start + int(found[-1])) if len(found) else None


def _slices_of(mask: Mask, axis: int) -> dict[int, BoolArray]:
    turned = np.moveaxis(mask.voxels, axis, 0)
    return {int(at): np.array(turned[at]) for at in mask.occupied(axis)}
