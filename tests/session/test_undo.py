"""Whatever a reader did: undo and redo are exact, and the journal alone gives the state again."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_cases import open_memory_case
from strategies import oblique_geometry

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError, ReadingError
from gist_imaging.session.snapshot import snapshot_of, state_of
from gist_imaging.session.state import replayed
from gist_imaging.spatial import Volume
from gist_imaging.spatial.register_transform import RigidTransform

GRIDS = {
    "baseline": oblique_geometry(shape=(6, 14, 11), flips=(-1, 1, 1)),
    "presurgery": oblique_geometry(
        shape=(5, 9, 12), spacing_mm=(4.0, 1.5, 0.6), angles_deg=(-30.0, 70.0, 12.0), flips=(1, -1, -1)
    ),
}

index = st.tuples(st.floats(0, 4), st.floats(0, 8), st.floats(0, 10))
visit = st.sampled_from(tuple(GRIDS))

MASK_ACTIONS = ("accept", "reject", "mark_none_visible", "clear_mask", "verify_mask")
AXIS_WORDS = (("contact", "none"), ("contact", "abutment"), ("invasion", "yes"), ("invasion", None))
OFTEN = ("stroke", "stroke", "brush", "brush", "grow", "largest", "accept", "accept", "undo", "undo", "redo")
SELDOM = (
    *MASK_ACTIONS,
    "lesion",
    "remove",
    "fate",
    "look",
    "ruler",
    "caliper",
    "landmark",
    "levator",
    "fact",
)
RARE = ("answer", "register", "commit")


def next_step(rng):
    """One step of a reader; mostly drawing at one place, so that steps meet."""
    name = str(rng.choice(rng.choice(np.array([OFTEN, OFTEN, SELDOM, RARE], dtype=object))))
    when = str(rng.choice(list(GRIDS), p=(0.8, 0.2)))
    who = str(rng.choice(["L1", "L2"], p=(0.8, 0.2)))
    at, to = (rng.uniform((0, 0, 0), (4, 8, 10)).tolist() for _ in range(2))
    more = {
        "lesion": (),
        "stroke": (who, when, [at, to], bool(rng.random() < 0.8)),
        "brush": (
            who,
            when,
            at,
            float(rng.uniform(0, 4)),
            bool(rng.random() < 0.3),
            bool(rng.random() < 0.5),
        ),
        "fate": (who, when, [None, "present", "resolved"][rng.integers(3)]),
        "remove": ("L2",),
        "look": (when,),
        "ruler": (when, at, to),
        "caliper": (who, when, at, to),
        "landmark": (when, "anal_verge", None if rng.random() < 0.2 else at),
        "levator": (when, "LR"[rng.integers(2)], at, to),
        "fact": (when, [None, "adequate", "suboptimal"][rng.integers(3)]),
        "answer": (when, who, "LR"[rng.integers(2)], AXIS_WORDS[rng.integers(len(AXIS_WORDS))]),
        "register": (float(rng.uniform(-50, 50)),),
        "commit": (),
        "undo": (),
        "redo": (),
    }
    return (name, *more.get(name, (who, when)))


def volumes():
    rng = np.random.default_rng(4)
    return {
        name: Volume(rng.normal(50, 10, grid.shape).astype(np.float32), grid) for name, grid in GRIDS.items()
    }


def commit(case):
    """Answer what is open by its last word, which judges nothing, and commit."""
    for question in workflow.open_questions(case):
        word = {"confidence": "low", "sphincter_lowest_third": "upper"}.get(question.field, "not_assessable")
        where = (question.visit, question.lesion, question.form, question.side, question.field)
        if question.form != "mask":
            workflow.answer(case, *where, word)
    workflow.commit_call(case)


def stroke(case, who, when, points, include):
    workflow.add_stroke(case, who, when, GRIDS[when].to_patient(points), include)


def brush(case, who, when, at, radius, erase, ball):
    workflow.brush(case, who, when, GRIDS[when].to_patient([at]), radius, erase=erase, ball=ball)


def caliper(case, who, when, *ends):
    workflow.set_caliper(case, who, when, "short_axis", GRIDS[when].to_patient(ends), "other")


def landmark(case, when, which, at):
    workflow.place_landmark(case, when, which, None if at is None else GRIDS[when].to_patient(at))


def levator(case, when, side, *ends):
    workflow.add_levator_stroke(case, when, side, GRIDS[when].to_patient(ends))


def register(case, shift_mm):
    matrix = np.eye(4)
    matrix[:3, 3] = shift_mm
    workflow.set_registration(case, RigidTransform(matrix, None, None, 0.5, 1.0))


ACTIONS = {
    "lesion": workflow.add_lesion,
    "remove": workflow.remove_lesion,
    "stroke": stroke,
    "brush": brush,
    "grow": lambda case, *where: workflow.propose(case, workflow.grow_job(case, *where).run()),
    "largest": lambda case, *where: workflow.propose(case, workflow.keep_largest_job(case, *where).run()),
    "fate": workflow.set_fate,
    "look": lambda case, when: workflow.remember_view(case, "place", {"visit": when}),
    "ruler": lambda case, when, *ends: workflow.add_ruler(case, when, GRIDS[when].to_patient(ends)),
    "caliper": caliper,
    "landmark": landmark,
    "levator": levator,
    "fact": lambda case, when, word: workflow.state_fact(case, when, "quality", word),
    "answer": lambda case, when, who, side, said: workflow.answer(case, when, who, "relation", side, *said),
    "register": register,
    "commit": commit,
    "undo": lambda case: case.undo(),
    "redo": lambda case: case.redo(),
    **{name: getattr(workflow, name) for name in MASK_ACTIONS},
}


def do(case, step):
    """One step of a reader; what is refused changes nothing."""
    name, *rest = step
    before = case.state.sha256
    try:
        ACTIONS[name](case, *rest)
    except GistImagingError:
        # Committing answers first what is open, and may then wait for a proposal.
        assert name == "commit" or case.state.sha256 == before


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1), st.integers(15, 40))
def test_undo_and_redo_of_everything_are_exact_and_the_journal_gives_the_state(seed, count):
    case, rng = open_memory_case(volumes()), np.random.default_rng(seed)
    for name in ("L1", "L2"):
        assert workflow.add_lesion(case) == name
    for _ in range(count):
        do(case, next_step(rng))
    end, n_steps = case.state.sha256, len(case.state.done)
    seen = [end]
    for _ in range(n_steps):
        case.undo()
        seen.append(case.state.sha256)
    for earlier in reversed(seen[:-1]):
        case.redo()
        assert case.state.sha256 == earlier

    assert case.close()
    events = case.journal.events()
    again = replayed(events)
    assert again.sha256 == case.state.sha256 == end
    by_number = {event.seq: event for event in events}
    restored = state_of(snapshot_of(case.state), lambda numbers: [by_number[seq] for seq in numbers])
    assert (restored.sha256, restored.seq) == (end, case.state.seq)
    assert [event.seq for event in restored.done] == [event.seq for event in again.done]


@settings(max_examples=40, deadline=None)
@given(visit, index, st.floats(0, 6), st.booleans())
def test_a_brush_event_comes_back_from_its_stored_form_and_gives_the_same_mask(when, point, radius, ball):
    case = open_memory_case(volumes())
    workflow.add_lesion(case)
    workflow.brush(case, "L1", when, GRIDS[when].to_patient([point]), radius, ball=ball)
    made = case.state.mask("L1", when)
    assert case.close()
    stored = replayed(case.journal.events())

    assert stored.mask("L1", when).sha256() == made.sha256()
    assert stored.mask("L1", when).provenance == made.provenance
    last = case.journal.events()[-1]
    assert last.details["tool"] == "brush"
    assert last.details["radius_mm"] == radius
    assert (last.details["slice_axis"] is None) == ball


def test_with_nothing_done_there_is_nothing_to_undo_or_redo():
    case = open_memory_case(volumes())
    with pytest.raises(ReadingError, match="a step that can be undone; there is none"):
        case.undo()
    with pytest.raises(ReadingError, match="a step that can be redone; there is none"):
        case.redo()
    case.close()


def test_a_read_only_case_can_be_looked_at_and_not_changed():
    case = open_memory_case(volumes(), read_only="another window has it open")
    with pytest.raises(ReadingError, match="a case that can be changed; another window has it open"):
        workflow.add_lesion(case)
    assert not case.state.cells
    case.close()
