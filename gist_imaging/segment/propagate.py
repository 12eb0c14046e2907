"""Carry a baseline mask to the follow-up scan as a proposal that a reader has yet to check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gist_imaging.errors import GeometryError, MaskError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial import Geometry, Mask
from gist_imaging.spatial.difference import in_one_frame
from gist_imaging.spatial.register_transform import RigidTransform
from gist_imaging.spatial.resample import resample_mask
from gist_imaging.watched import watched

__all__ = ["is_verified", "propagate", "verified"]


def propagate(
    mask: Mask,
    transform: RigidTransform,
    onto: Geometry,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> Mask:
    """Return the baseline `mask` where the transform puts it on the follow-up grid, unverified.

    The structure is moved, not measured: its shape is the baseline's, resampled once at the iso-0.5 surface.
    A tumour that shrank is smaller than the proposal. What lies beyond the follow-up scan is cut off; the
    provenance counts those voxels.

    Parameters
    ----------
    mask : on the baseline scan (the transform's fixed frame)
    transform : baseline to follow-up
    onto : the follow-up grid (the transform's moving frame)
    cancelled : asked first and then every 20 ms

    Returns
    -------
    Mask on `onto` whose provenance says `verified: false`, the transform and its error

    Raises
    ------
    GeometryError
        If mask, transform and grid do not share their frames of reference.
    MaskError
        If the whole structure lies beyond the follow-up scan.
    Cancelled
        If `cancelled` answers true.
    """
    return watched(lambda _tick, _stop: _carried(mask, transform, onto), None, cancelled)


def _carried(mask: Mask, transform: RigidTransform, onto: Geometry) -> Mask:
    if not in_one_frame(onto.frame_uid, transform.moving_frame_uid):
        raise GeometryError(
            "a grid in the frame of reference that the transform leads to",
            "it lies in another one",
            "register the baseline with this follow-up scan",
        )
    carried = replace(mask, geometry=replace(transform.carried(mask.geometry), frame_uid=onto.frame_uid))
    carried, n_beyond = _within(carried, onto)
    moved = resample_mask(carried, onto)
    provenance = Provenance(
        "propagate",
        {
            "verified": False,
            "transform": transform.to_json(),
            "baseline": mask.provenance.to_json(),
            "voxels_beyond_followup": n_beyond,
        },
        (f"sha256:{mask.sha256()}",),
    )
    return moved.described(provenance=provenance)


def is_verified(mask: Mask) -> bool:
    """Return False for a proposal that no reader has touched or accepted; True for every other mask."""
    return bool(mask.provenance.parameters.get("verified", True))


def verified(mask: Mask, author: str) -> Mask:
    """Return the proposal as accepted by a reader, voxels unchanged.

    Parameters
    ----------
    author : pseudonym of the reader who checked it
    """
    parameters = dict(mask.provenance.parameters) | {"verified": True}
    return mask.described(provenance=replace(mask.provenance, parameters=parameters, author=author))


def _within(mask: Mask, onto: Geometry) -> tuple[Mask, int]:
    """Return the part of the structure whose voxel centres lie in `onto`, and how many voxels do not."""
    inside = mask.indices
    indices = onto.to_index(mask.geometry.to_patient(inside))
    is_beyond = ((indices < -0.5) | (indices > np.asarray(onto.shape) - 0.5)).any(axis=1)
    n_beyond = int(is_beyond.sum())
    if not n_beyond:
        return mask, 0
    if n_beyond == len(inside):
        raise MaskError(
            "a follow-up scan that shows where the structure was",
            "the whole structure lies beyond it",
            "choose a series that covers that place",
        )
    voxels = mask.voxels.copy()
    voxels[tuple(inside[is_beyond].T)] = False
    return replace(mask, voxels=voxels), n_beyond
