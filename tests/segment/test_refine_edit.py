import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import oblique_geometry

from gist_imaging.errors import MaskError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.refine_edit import Edit, joined, n_different, with_part
from gist_imaging.spatial import Mask

SHAPE = (3, 5, 4)
GRID = oblique_geometry(SHAPE)


def mask_of(seed, part=0.4, method="manual"):
    voxels = np.random.default_rng(seed).random(SHAPE) < part
    return Mask(voxels, GRID, "tumour", "L1", Provenance(method))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 1.0]))
def test_undo_and_apply_give_back_what_was_there(seed, other, part):
    before, after = mask_of(seed, part), mask_of(other, method="refine:brush")

    edit = Edit.between(before, after, "brush")
    done, undone = edit.apply(before), edit.undo(after)

    np.testing.assert_array_equal(done.voxels, after.voxels)
    np.testing.assert_array_equal(undone.voxels, before.voxels)
    assert (done.provenance, undone.provenance) == (after.provenance, before.provenance)
    assert (undone.structure, undone.lesion_id) == ("tumour", "L1")
    assert (edit.n_added, edit.n_removed) == (
        int((after.voxels & ~before.voxels).sum()),
        int((before.voxels & ~after.voxels).sum()),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_other_voxels_in_one_part_leave_the_rest(seed, data):
    mask = mask_of(seed)
    start = [data.draw(st.integers(0, n)) for n in SHAPE]
    part = tuple(
        slice(first, data.draw(st.integers(first, n))) for first, n in zip(start, SHAPE, strict=True)
    )
    inside = mask_of(seed + 1).voxels[part]
    expected = mask.voxels.copy()
    expected[part] = inside

    made = with_part(mask, part, inside, Provenance("refine:brush"))

    np.testing.assert_array_equal(made.voxels, expected)
    assert made.bounding_box == Mask(expected, GRID).bounding_box
    assert n_different(mask, made) == int((mask.voxels != expected).sum())


def test_parts_without_extent_do_not_widen_what_holds_all():
    nothing, one = (slice(0, 0), slice(0, 0), slice(0, 0)), (slice(1, 2), slice(3, 4), slice(2, 3))

    assert joined([nothing, one]) == one
    assert joined([one, (slice(0, 1), slice(4, 5), slice(2, 4))]) == (slice(0, 2), slice(3, 5), slice(2, 4))
    assert joined([]) == joined([nothing]) == nothing


def test_runs_of_masks_in_a_corner_of_a_large_grid_count_from_the_grids_first_voxel():
    grid = oblique_geometry((40, 50, 60))
    inside = np.random.default_rng(7).random((3, 4, 5)) < 0.5
    before, after = (Mask.of_part(part, (37, 46, 55), grid) for part in (inside, ~inside))

    edit = Edit.between(before, after, "brush")

    first, lengths, new = edit.runs.T
    flat = np.concatenate([np.arange(at, at + n) for at, n in zip(first, lengths, strict=True)])
    np.testing.assert_array_equal(np.sort(flat), np.flatnonzero(before.voxels != after.voxels))
    np.testing.assert_array_equal(np.repeat(new, lengths) == 1, after.voxels.ravel()[flat])
    np.testing.assert_array_equal(edit.apply(before).voxels, after.voxels)


def test_a_chain_of_edits_is_undone_in_reverse():
    states = [mask_of(seed) for seed in range(6)]
    edits = [Edit.between(a, b, "step") for a, b in pairwise(states)]

    mask = states[-1]
    for edit in reversed(edits):
        mask = edit.undo(mask)

    np.testing.assert_array_equal(mask.voxels, states[0].voxels)


def test_an_edit_survives_being_written_as_json():
    before, after = mask_of(1), mask_of(2, method="refine:brush")
    edit = Edit.between(before, after, "brush")

    copy = Edit.from_json(json.loads(json.dumps(edit.to_json())))

    np.testing.assert_array_equal(copy.apply(before).voxels, after.voxels)
    assert (copy.name, copy.before, copy.after) == (edit.name, edit.before, edit.after)


def test_a_solid_stroke_takes_one_run_for_each_row():
    before = Mask(np.zeros(SHAPE, dtype=bool), GRID)
    voxels = np.zeros(SHAPE, dtype=bool)
    voxels[1, 1:4, 1:3] = True

    edit = Edit.between(before, Mask(voxels, GRID), "brush")

    assert edit.runs.tolist() == [[25, 2, 1], [29, 2, 1], [33, 2, 1]]


def test_an_edit_that_changes_nothing_is_empty():
    mask = mask_of(3)

    edit = Edit.between(mask, mask, "brush")

    assert len(edit.runs) == edit.n_added == edit.n_removed == 0
    np.testing.assert_array_equal(edit.undo(mask).voxels, mask.voxels)


def test_an_edit_is_not_done_twice_nor_to_another_mask():
    before, after = mask_of(4), mask_of(5)
    edit = Edit.between(before, after, "brush")

    with pytest.raises(MaskError, match="not as they were"):
        edit.apply(after)
    with pytest.raises(MaskError, match="not as they were"):
        edit.undo(before)
    with pytest.raises(MaskError, match="made on a grid"):
        edit.apply(Mask(np.zeros((3, 5, 5), dtype=bool), oblique_geometry((3, 5, 5))))


@pytest.mark.parametrize(
    "runs",
    [[[5, 2, 1], [4, 1, 1]], [[0, 2, 1], [1, 1, 0]], [[59, 2, 1]], [[-1, 1, 1]], [[0, 0, 1]], [[0, 1, 2]]],
)
def test_a_damaged_record_is_refused(runs):
    with pytest.raises(MaskError, match="rise"):
        Edit("brush", SHAPE, np.array(runs))
