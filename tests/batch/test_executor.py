from __future__ import annotations

import os
import signal
from contextlib import closing

import batch_tasks
import pytest

from gist_imaging.batch.executor import InProcess, OutcomeKind
from gist_imaging.batch.local_processes import LocalProcesses
from gist_imaging.errors import Cancelled, GistImagingError

posix = pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")
JOBS = range(6)


def outcomes_of(executor, function, jobs=JOBS, **limits):
    return {outcome.index: outcome for outcome in executor.map_unordered(function, jobs, **limits)}


def kinds_of(outcomes):
    return {index: outcome.kind for index, outcome in sorted(outcomes.items())}


def all_done_but(index, kind):
    return {job: kind if job == index else OutcomeKind.DONE for job in JOBS}


@pytest.mark.parametrize("executor", [InProcess(), LocalProcesses(2)], ids=["in process", "two processes"])
def test_every_job_has_one_outcome(executor):
    outcomes = outcomes_of(executor, batch_tasks.square)

    assert {index: outcome.value for index, outcome in outcomes.items()} == {n: n * n for n in JOBS}


def test_no_jobs_start_no_process():
    assert list(LocalProcesses(2).map_unordered(batch_tasks.square, [])) == []


def test_processes_are_kept_from_job_to_job():
    outcomes = outcomes_of(LocalProcesses(1), batch_tasks.pid_of)

    assert len({outcome.value for outcome in outcomes.values()}) == 1


def test_a_process_is_replaced_after_its_share_of_cases():
    outcomes = outcomes_of(LocalProcesses(1, cases_per_process=2), batch_tasks.pid_of)

    assert len({outcome.value for outcome in outcomes.values()}) == 3


def test_each_process_works_with_one_thread():
    (outcome,) = outcomes_of(LocalProcesses(1), batch_tasks.thread_limits, [0]).values()

    assert outcome.value["OMP_NUM_THREADS"] == "1"
    assert outcome.value["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] == "1"
    assert outcome.value["MKL_NUM_THREADS"] == "1"


def test_what_a_library_prints_breaks_nothing_and_is_not_seen(capfd):
    outcomes = outcomes_of(LocalProcesses(1), batch_tasks.print_everywhere)

    assert kinds_of(outcomes) == all_done_but(None, None)
    assert "MARKER" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("executor", [InProcess(), LocalProcesses(1)], ids=["in process", "one process"])
def test_an_error_is_told_by_its_class_only(executor):
    (outcome,) = outcomes_of(executor, batch_tasks.leak_a_name, [0]).values()

    assert (outcome.kind, outcome.value) == (OutcomeKind.RAISED, "ValueError")


@posix
def test_a_killed_process_costs_its_own_case_only():
    outcomes = outcomes_of(LocalProcesses(2), batch_tasks.die_on_three)

    assert kinds_of(outcomes) == all_done_but(3, OutcomeKind.DIED)
    assert {index: outcome.attempts for index, outcome in outcomes.items()} == {
        job: 2 if job == 3 else 1 for job in JOBS
    }


@posix
def test_a_case_whose_process_was_killed_once_is_tried_again(tmp_path):
    outcomes = outcomes_of(LocalProcesses(2), batch_tasks.die_once, [(job, tmp_path) for job in JOBS])

    assert {index: outcome.value for index, outcome in outcomes.items()} == {job: job for job in JOBS}
    assert outcomes[3].attempts == 2


@posix
def test_a_process_killed_from_outside_costs_no_case():
    iterator = LocalProcesses(1).map_unordered(batch_tasks.pid_of, JOBS)
    with closing(iterator) as outcomes:
        first = next(outcomes)
        os.kill(first.value, signal.SIGKILL)
        others = list(outcomes)

    assert {outcome.kind for outcome in others} == {OutcomeKind.DONE}
    assert len(others) == len(JOBS) - 1


def test_a_case_that_hangs_is_ended_and_harms_no_other():
    outcomes = outcomes_of(LocalProcesses(2), batch_tasks.hang_on_three, timeout_s=2.0)

    assert kinds_of(outcomes) == all_done_but(3, OutcomeKind.TIMED_OUT)
    assert outcomes[3].attempts == 1


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="only Linux limits the address space")  # noqa: PTH110
def test_a_case_that_swallows_memory_is_stopped_and_harms_no_other():
    outcomes = outcomes_of(LocalProcesses(2), batch_tasks.hog_on_three, memory_mb=400.0)

    assert kinds_of(outcomes) == all_done_but(3, OutcomeKind.OUT_OF_MEMORY)


def test_cancelling_stops_what_still_runs():
    with pytest.raises(Cancelled):
        list(LocalProcesses(2).map_unordered(batch_tasks.hang, JOBS, cancelled=lambda: True))


def test_closing_the_outcomes_ends_the_processes():
    with closing(LocalProcesses(1).map_unordered(batch_tasks.pid_of, JOBS)) as outcomes:
        process = next(outcomes).value

    with pytest.raises(OSError, match="No such process"):
        os.kill(process, 0)


def test_a_job_that_cannot_be_sent_is_an_error_of_the_program():
    with pytest.raises(Exception, match="pickle"):
        list(LocalProcesses(1).map_unordered(batch_tasks.square, [lambda: None]))


def test_less_than_one_process_is_refused():
    with pytest.raises(GistImagingError, match="at least one process"):
        LocalProcesses(0)
