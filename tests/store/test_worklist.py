"""The worklist says what each case needs, in an order that is the reader's own when blinded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from store_cases import CASE, READER, made_study, one_case, series, step, visit

from gist_imaging.session.event import Event, changed
from gist_imaging.session.state import CaseState
from gist_imaging.store import StudyStore
from gist_imaging.study.reading import Reading

CASES = tuple(f"SYN-{n:03d}" for n in range(1, 13))


def _order(store: StudyStore, reader: str) -> list[str]:
    rows = store.worklist(reader)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    return [row.case for row in rows]


def test_an_open_study_lists_cases_as_they_came(tmp_path: Path) -> None:
    with made_study(tmp_path / "s", *CASES) as store:
        assert _order(store, "R1") == _order(store, "R2") == list(CASES)


def test_a_blinded_study_gives_each_reader_an_own_lasting_order(tmp_path: Path) -> None:
    with made_study(tmp_path / "s", *CASES, blinded=True) as store:
        first, second = _order(store, "R1"), _order(store, "R2")

    assert sorted(first) == sorted(second) == list(CASES)
    assert first != second
    with StudyStore.open(tmp_path / "s") as again:
        assert _order(again, "R1") == first


def test_status_goes_from_not_started_by_draft_to_committed_for_this_reader_only(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store:
        assert store.worklist(READER)[0].status == "not_started"
        with store.journal(CASE, READER) as journal:
            look = Event("view", "look", "look", (changed(("view", "slice"), None, 3),), seq=1, at_utc="t1")
            journal.append([look])
            assert store.worklist(READER)[0].status == "not_started"
            act = step(CaseState().applying(look), np.random.default_rng(4))
            journal.append([act])
        row = store.worklist(READER)[0]
        assert (row.status, row.n_events, row.interrupted) == ("draft", 2, False)
        assert row.last_utc == max(act.at_utc, "t1")
        store.add_reading(Reading(READER, CASE, blinded=False), [])

        assert store.worklist(READER)[0].status == "committed"
        assert store.worklist("R2")[0].status == "not_started"


def test_a_visit_that_cannot_be_measured_blocks_its_case_and_says_so(tmp_path: Path) -> None:
    gaps = series("2.25.31", problems=("MISSING_SLICES",), measurable=False)
    visits = (one_case().visits[0], visit("presurgery", "follow_up", 180, gaps))
    with made_study(tmp_path / "s") as store:
        store.take_in(one_case("SYN-002", visits=visits, problems=("both scans lie on one side",)))
        row = store.worklist(READER)[1]

    assert row.status == "blocked"
    assert row.flags == (
        "blocked: presurgery has no series that can be measured",
        "both scans lie on one side",
    )
    assert row.modality == "CT"
