"""What an edit changed, as data: small, storable, and undone exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import MaskError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.difference import how_grids_differ
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask

__all__ = ["Edit", "Part", "check_one_grid", "edited", "edited_part", "joined", "n_different", "with_part"]

Part = tuple[slice, slice, slice]
"""A part of a grid: an index along k, j and i."""


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """The voxels that an edit changed, as runs along the image's columns, with their old and new value.

    Parameters
    ----------
    name : what was done, such as "brush"; for an undo list
    shape : (k, j, i) of the grid
    runs : (n, 3) int64, rising: first voxel (flat index in C order), length, and the new value, 0 or 1.
        The old value is the other one. Copied, and read-only afterwards
    before, after : provenance of the mask on either side

    Raises
    ------
    MaskError
        If the runs are not such rows, overlap, or leave the grid.
    """

    name: str
    shape: tuple[int, int, int]
    runs: npt.NDArray[np.int64] = field(repr=False)
    before: Provenance = field(default_factory=lambda: Provenance("unknown"))
    after: Provenance = field(default_factory=lambda: Provenance("unknown"))

    def __post_init__(self) -> None:
        runs = np.array(self.runs, dtype=np.int64).reshape(-1, 3)
        ends = runs[:, 0] + runs[:, 1]
        fits = (
            (runs[:, 0] >= 0).all()
            and (runs[:, 1] > 0).all()
            and np.isin(runs[:, 2], (0, 1)).all()
            and (ends[:-1] <= runs[1:, 0]).all()
            and (not len(runs) or ends[-1] <= np.prod(self.shape, dtype=np.int64))
        )
        if not fits:
            raise MaskError(
                "runs of an edit rise, do not overlap and lie in the grid",
                f"got {len(runs)} runs that do not, for shape {self.shape}",
                "take the edit from its unchanged record",
            )
        runs.flags.writeable = False
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "runs", runs)

    @classmethod
    def between(cls, before: Mask, after: Mask, name: str) -> Edit:
        """Return what makes `after` of `before`.

        Raises
        ------
        MaskError
            If the masks lie on different grids.
        """
        check_one_grid(before.geometry, after.geometry)
        part = joined([before.slices, after.slices])
        old, new = np.ravel(before.voxels[part]), np.ravel(after.voxels[part])
        at = _where_they_differ(old, new)
        values = new[at]
        changed = _of_grid(at, part, before.geometry.shape)
        # A run ends where the next changed voxel is no neighbour, or is changed the other way.
        ends = (np.diff(changed) != 1) | (values[1:] != values[:-1])
        first = np.flatnonzero(np.r_[True, ends]) if len(changed) else np.zeros(0, dtype=np.int64)
        lengths = np.diff(np.r_[first, len(changed)])
        runs = np.stack([changed[first], lengths, values[first]], axis=1)
        return cls(name, before.geometry.shape, runs, before.provenance, after.provenance)

    @property
    def n_added(self) -> int:
        """How many voxels the edit adds."""
        return int(self.runs[self.runs[:, 2] == 1, 1].sum())

    @property
    def n_removed(self) -> int:
        """How many voxels the edit removes."""
        return int(self.runs[self.runs[:, 2] == 0, 1].sum())

    def apply(self, mask: Mask) -> Mask:
        """Return `mask` with the edit.

        Raises
        ------
        MaskError
            If it is not the mask that the edit was made on: another shape, or a changed voxel already has
            its new value.
        """
        return self._with(mask, self.runs[:, 2] == 1, self.after)

    def undo(self, mask: Mask) -> Mask:
        """Return `mask` as it was before the edit, provenance included.

        Raises
        ------
        MaskError
            If it is not the mask that the edit made.
        """
        return self._with(mask, self.runs[:, 2] == 0, self.before)

    def to_json(self) -> dict[str, Any]:
        """Return the edit as plain values for `json.dumps`."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "runs": self.runs.tolist(),
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Edit:
        """Return the edit that `to_json` wrote."""
        k, j, i = value["shape"]
        runs = np.array(value["runs"], dtype=np.int64).reshape(-1, 3)
        before, after = (_provenance(value[side]) for side in ("before", "after"))
        return cls(value["name"], (k, j, i), runs, before, after)

    def _with(self, mask: Mask, values: npt.NDArray[np.bool_], provenance: Provenance) -> Mask:
        if mask.geometry.shape != self.shape:
            raise MaskError(
                f"the edit was made on a grid of {self.shape}",
                f"the mask has {mask.geometry.shape}",
                "apply it to the mask that it was made on",
            )
        lengths = self.runs[:, 1]
        # Positions of all changed voxels: each run's first, counted on from there.
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        changed = np.unravel_index(np.repeat(self.runs[:, 0], lengths) + offsets, self.shape)
        wanted = np.repeat(values, lengths)
        part = _around_voxels(changed)
        inside = mask.voxels[part].copy()
        k, j, i = (at - side.start for at, side in zip(changed, part, strict=True))
        wrong = int(np.count_nonzero(inside[k, j, i] == wanted))
        if wrong:
            raise MaskError(
                "an edit changes the mask that it was made on",
                f"{wrong} of {len(wanted)} voxels are not as they were",
                "undo the later edits first",
            )
        inside[k, j, i] = wanted
        return with_part(mask, part, inside, provenance)


def joined(parts: Iterable[Part]) -> Part:
    """Return the smallest part of a grid that holds all `parts`; parts without extent do not count."""
    held = [part for part in parts if all(side.stop > side.start for side in part)]
    if not held:
        return slice(0, 0), slice(0, 0), slice(0, 0)
    k, j, i = (
        slice(min(side.start for side in sides), max(side.stop for side in sides))
        for sides in zip(*held, strict=True)
    )
    return k, j, i


def n_different(one: Mask, other: Mask) -> int:
    """Return how many voxels only one of two masks on one grid holds."""
    part = joined([one.slices, other.slices])
    return int(np.count_nonzero(one.voxels[part] != other.voxels[part]))


def with_part(mask: Mask, part: Part, inside: npt.NDArray[np.bool_], provenance: Provenance) -> Mask:
    """Return `mask` with other voxels in one part of its grid; outside the part it stays as it is.

    Parameters
    ----------
    inside : bool, of the shape of `part`; copied
    """
    whole = joined([mask.slices, part])
    first_k, first_j, first_i = (side.start for side in whole)
    voxels = mask.voxels[whole].copy()
    k, j, i = part
    voxels[
        k.start - first_k : k.stop - first_k,
        j.start - first_j : j.stop - first_j,
        i.start - first_i : i.stop - first_i,
    ] = inside
    return Mask.of_part(
        voxels, (first_k, first_j, first_i), mask.geometry, mask.structure, mask.lesion_id, provenance
    )


def _around_voxels(at: Sequence[npt.NDArray[np.int64]]) -> Part:
    """Return the smallest part of the grid that holds voxels given as k, j and i."""
    if not len(at[0]):
        return slice(0, 0), slice(0, 0), slice(0, 0)
    k, j, i = (slice(int(along.min()), int(along.max()) + 1) for along in at)
    return k, j, i


def _of_grid(at: npt.NDArray[np.int64], part: Part, shape: tuple[int, int, int]) -> npt.NDArray[np.int64]:
    """Return flat indices of a part as flat indices of the whole grid."""
    size = [side.stop - side.start for side in part]
    k, j, i = np.unravel_index(at, size)
    first = (part[0].start * shape[1] + part[1].start) * shape[2] + part[2].start
    return np.asarray(first + (k * shape[1] + j) * shape[2] + i, dtype=np.int64)


def _where_they_differ(old: npt.NDArray[np.bool_], new: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the rising indices at which two flat arrays differ; eight voxels are compared at once."""
    whole = old.size // 8 * 8
    words = np.flatnonzero(old[:whole].view(np.uint64) != new[:whole].view(np.uint64))
    near = np.concatenate([(words[:, None] * 8 + np.arange(8)).ravel(), np.arange(whole, old.size)])
    return np.asarray(near[old[near] != new[near]], dtype=np.int64)


def _provenance(value: Mapping[str, Any]) -> Provenance:
    return Provenance(**{**value, "inputs": tuple(value["inputs"])})


def edited(
    mask: Mask, voxels: npt.NDArray[np.bool_], method: str, parameters: Mapping[str, Any] | None = None
) -> Mask:
    """Return `mask` with other voxels, and how that came about in its provenance.

    The provenance names the last edit; its inputs are those of the mask, and the chain of edits is the list
    of `Edit` that led here.
    """
    provenance = _by(mask, method, parameters)
    if voxels is mask.voxels:
        return mask.described(provenance=provenance)
    return replace(mask, voxels=voxels, provenance=provenance)


def edited_part(
    mask: Mask,
    part: Part,
    inside: npt.NDArray[np.bool_],
    method: str,
    parameters: Mapping[str, Any] | None = None,
) -> Mask:
    """Return `mask` with other voxels in one part of its grid; see `edited` and `with_part`."""
    return with_part(mask, part, inside, _by(mask, method, parameters))


def _by(mask: Mask, method: str, parameters: Mapping[str, Any] | None) -> Provenance:
    return Provenance(f"refine:{method}", parameters or {}, mask.provenance.inputs)


def check_one_grid(one: Geometry, other: Geometry) -> None:
    """Raise MaskError unless both are the same voxels of the same patient space."""
    difference = how_grids_differ(one, other)
    if difference is not None:
        raise MaskError("both lie on one grid", difference, "resample one of them onto the other's grid")
