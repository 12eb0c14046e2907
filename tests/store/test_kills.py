"""A program that is killed at any moment loses no acknowledged action, and the study stays whole."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from store_cases import CASE, READER, made_study, step

from gist_imaging.session.snapshot import snapshot_of
from gist_imaging.session.state import CaseState, replayed
from gist_imaging.store import StudyStore
from gist_imaging.store.verify import verify_study

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and SIGKILL are of POSIX")

KILLS = 200
SNAPSHOT_EVERY = 10


def _reads_on(folder: Path, seed: int, acknowledge: Callable[[int], None], pause_s: float = 0.0) -> None:
    """Open the case, go on reading without end, and say after each append what is on disk."""
    rng = np.random.default_rng(seed)
    store = StudyStore.open(folder)
    journal = store.journal(CASE, READER)
    state = store.last_state(CASE, READER)
    while True:
        event = step(state, rng)
        state = state.applying(event)
        journal.append([event])
        acknowledge(event.seq)
        time.sleep(pause_s)
        if state.seq % SNAPSHOT_EVERY == 0:
            journal.snapshot(state.seq, snapshot_of(state))


def _killed_child(folder: Path, seed: int, after_acks: int, after_s: float) -> int:
    """Let a process read until it is killed; return the number of its last acknowledged action.

    It is killed `after_s` after so many actions, or after its start where they are 0.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.close(read_end)
            _reads_on(folder, seed, lambda seq: os.write(write_end, b"%d\n" % seq) and None)
        finally:
            os._exit(1)
    os.close(write_end)
    told = b""
    while told.count(b"\n") < after_acks and (part := os.read(read_end, 65536)):
        told += part
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    while part := os.read(read_end, 65536):
        told += part
    os.close(read_end)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child ended by itself"
    return int(told.split(b"\n")[-2]) if b"\n" in told else 0


@pytest.mark.slow
def test_no_acknowledged_action_is_lost_in_two_hundred_kills(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    made_study(folder).close()
    moments = random.Random(20261126)
    expected = CaseState()
    acknowledged = interrupted = 0
    for kill in range(KILLS):
        # One in six is killed while it starts and opens the case, the others amid their actions.
        after_acks = moments.randrange(12) if kill % 6 else 0
        told = _killed_child(folder, kill, after_acks, moments.uniform(0.0, 0.015))
        acknowledged = max(acknowledged, told)

        # Opening runs SQLite's quick_check.
        with StudyStore.open(folder) as store:
            expected = replayed(store.events(CASE, READER, after=expected.seq), expected)
            assert expected.seq >= acknowledged
            assert store.last_state(CASE, READER).sha256 == expected.sha256
            interrupted += store.worklist(READER)[0].interrupted
            if kill % 40 == 39:
                assert verify_study(store).problems == ()
    assert acknowledged > 3 * KILLS
    assert interrupted > KILLS / 2


def test_another_program_reads_whole_states_while_one_writes(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    made_study(folder).close()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            # Faster than any hand; without a pause the file would be locked all the time.
            _reads_on(folder, 5, lambda _: None, pause_s=0.02)
        finally:
            os._exit(1)
    try:
        seen = []
        ends = time.monotonic() + 300.0
        while (len(seen) < 20 or seen[-1] < 40) and time.monotonic() < ends:
            with StudyStore.open(folder, read_only=True) as store:
                events = store.events(CASE, READER)
                state = store.last_state(CASE, READER)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert state.seq >= len(events)
            seen.append(state.seq)
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the writer was stopped by the reader"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert seen == sorted(seen)
    assert seen[-1] >= 40


def test_one_window_at_a_time_has_a_case_and_a_kill_frees_it(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    made_study(folder).close()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            _reads_on(folder, 5, lambda seq: os.write(write_end, b".") and None)
        finally:
            os._exit(1)
    try:
        os.read(read_end, 1)
        with StudyStore.open(folder) as store:
            with pytest.raises(Exception, match="open for R1 in another window"):
                store.journal(CASE, READER)
            assert not store.worklist(READER)[0].interrupted
            store.journal(CASE, "R2").close()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read_end)
        os.close(write_end)

    with StudyStore.open(folder) as store:
        assert store.worklist(READER)[0].interrupted
        with store.journal(CASE, READER) as journal:
            assert journal.interrupted
        with store.journal(CASE, READER) as journal:
            assert not journal.interrupted
        assert not store.worklist(READER)[0].interrupted
