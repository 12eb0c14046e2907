"""The masks that an action made are taken over as they are, and nothing keeps them afterwards."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace

import numpy as np
from strategies import oblique_geometry

from gist_imaging.session.event import Event, MaskChange, mask_changed
from gist_imaging.session.state import CaseState, replayed
from gist_imaging.spatial import Mask

KEY = ("mask", "L1", "baseline")


def mask(*at: int) -> Mask:
    voxels = np.zeros((9, 24, 20), np.bool_)
    voxels[at] = True
    return Mask(voxels, GRID, "tumour", "L1")


GRID = oblique_geometry(shape=(9, 24, 20))


def act(change: MaskChange, seq: int) -> Event:
    return Event("act", "brush", "brush", (change,), seq=seq)


def test_the_mask_that_was_made_is_the_mask_of_the_state_and_equals_its_replay():
    first, second = mask(3, 7, 5), mask(4, 8, 6)
    events = [
        act(mask_changed(KEY, None, first, "brush"), 1),
        act(mask_changed(KEY, first, second, "brush"), 2),
    ]

    state = replayed(events)
    stored = [Event.from_bytes(event.to_bytes(), event.seq, "") for event in events]

    assert state.mask("L1", "baseline") is second
    assert replayed(stored).sha256 == state.sha256
    assert np.array_equal(replayed(stored).mask("L1", "baseline").voxels, second.voxels)


def test_a_step_that_can_be_undone_keeps_no_whole_mask():
    first = mask(3, 7, 5)
    state = CaseState().applying(act(mask_changed(KEY, None, first, "brush"), 1))

    assert all(change.made is None for event in state.done for change in event.changes)
    gc.collect()
    # Held here, by the state's cell, and by the call itself.
    assert sys.getrefcount(first) == 3


def test_a_mask_of_another_structure_is_made_as_a_replay_makes_it():
    first = mask(3, 7, 5)
    second = replace(mask(4, 8, 6), structure="levator_ani")
    change = mask_changed(KEY, first, second, "brush")

    assert change.made is None
    assert change.applied(first).structure == "tumour"
