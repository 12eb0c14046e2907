"""A case of three visits: which one stands beside the baseline, and that it is kept."""

from __future__ import annotations

import numpy as np
import opened_cases
import pytest

from gist_imaging.session.open_case import OpenCase
from gist_imaging.spatial.volume import Volume
from gist_napari.session import Session
from gist_napari.widgets.followup_row import FollowupRow

pytestmark = pytest.mark.gui


@pytest.fixture
def session(qapp):
    visits = (
        opened_cases.visit("baseline", "baseline", -12),
        opened_cases.visit("week12", "follow_up", 84),
        opened_cases.visit("presurgery", "follow_up", 182),
    )
    volumes = {
        one.label: Volume(np.zeros(opened_cases.SHAPE, np.int16), opened_cases.grid(one.label), modality="MR")
        for one in visits
    }
    made = Session()
    made.case = OpenCase(
        "SYN-017", "R1", visits, opened_cases.MemoryImages(volumes), opened_cases.MemoryJournal()
    )
    yield made
    made.case.close()


def test_the_chosen_visit_stands_beside_the_baseline_and_is_kept(session):
    row = FollowupRow(session)
    told = []
    session.pair_changed.connect(lambda: told.append(session.pair[1].label))
    session.active_visit = "week12"

    assert not row.isHidden()
    assert [row.choice.itemText(n) for n in range(row.choice.count())] == ["week12", "presurgery"]
    assert row.choice.currentText() == "week12"

    row.choice.activated.emit(1)

    assert told == ["presurgery"]
    assert session.tag_of("presurgery") == "POST"
    assert session.tag_of("week12") == "week12"
    assert session.active_visit == "presurgery"
    assert session.case.state.plain("view", "followup") == "presurgery"
    assert session.case.state.undo_label is None


def test_with_one_follow_up_there_is_nothing_to_choose(qapp):
    session = Session()
    session.case = opened_cases.opened()

    assert FollowupRow(session).isHidden()
    session.case.close()
