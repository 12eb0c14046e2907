"""The state of a case at one moment as bytes, so that opening it need not replay every event."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.provenance import Provenance
from gist_imaging.session.cells import CellKey, Value, checked_key
from gist_imaging.session.event import Event, geometry_of
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask, PackedMask

__all__ = ["snapshot_of", "state_of"]

FORMAT = 1


def snapshot_of(state: CaseState) -> bytes:
    """Return the stored form of a state; the undo list is kept as numbers of events."""
    held = {
        "format": FORMAT,
        "seq": state.seq,
        "done": [event.seq for event in state.done],
        "undone": [event.seq for event in state.undone],
        "sha256": state.sha256,
        "cells": [
            [list(key), packed_json(value) if isinstance(value, Mask) else {"plain": value}]
            for key, value in state.cells.items()
        ],
    }
    return zlib.compress(json.dumps(held, separators=(",", ":"), allow_nan=False).encode(), 1)


def state_of(stored: bytes, events: Callable[[Sequence[int]], Sequence[Event]]) -> CaseState:
    """Return the state that `snapshot_of` stored.

    Parameters
    ----------
    events : gives the events of these numbers, in their order

    Raises
    ------
    ReadingError
        If the bytes are damaged: what they hold has another hash than they say.
    """
    try:
        held = json.loads(zlib.decompress(stored))
        if held["format"] != FORMAT:
            raise ReadingError(
                f"a snapshot of format {FORMAT}", f"found {held['format']}", "use a newer version"
            )
        cells: dict[CellKey, Value] = {
            checked_key(key): value["plain"] if "plain" in value else mask_of(value)
            for key, value in held["cells"]
        }
        done, undone = tuple(events(held["done"])), tuple(events(held["undone"]))
        state = CaseState(MappingProxyType(cells), done, undone, int(held["seq"]))
    except (zlib.error, KeyError, TypeError, ValueError) as error:
        raise ReadingError(
            "a snapshot that can be read", f"found {type(error).__name__}", "replay the events instead"
        ) from error
    if state.sha256 != held["sha256"]:
        raise ReadingError("a snapshot that is whole", "its hash differs", "replay the events instead")
    return state


def packed_json(mask: Mask) -> dict[str, Any]:
    """Return a mask as plain values: cropped, one bit a voxel, packed."""
    packed = mask.packed()
    return {
        "bits": base64.b64encode(zlib.compress(packed.bits, 1)).decode("ascii"),
        "start": list(packed.start),
        "box": list(packed.box),
        "grid": packed.geometry.to_json(),
        "structure": packed.structure,
        "lesion_id": packed.lesion_id,
        "provenance": packed.provenance.to_json(),
    }


def mask_of(held: Mapping[str, Any]) -> Mask:
    """Return the mask that `packed_json` gave."""
    provenance = held["provenance"]
    start, box = ((int(a), int(b), int(c)) for a, b, c in (held["start"], held["box"]))
    return PackedMask(
        zlib.decompress(base64.b64decode(held["bits"])),
        start,
        box,
        geometry_of(held["grid"]),
        held["structure"],
        held["lesion_id"],
        Provenance(**{**provenance, "inputs": tuple(provenance["inputs"])}),
    ).unpacked()
