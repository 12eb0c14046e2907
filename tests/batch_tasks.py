"""What a case may do to the process it runs in; called there by the tests of the batch."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from gist_imaging.batch.runner import CaseJob, measure_case


def square(number: int) -> int:
    return number * number


def pid_of(_job: int) -> int:
    return os.getpid()


def thread_limits(_job: int) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.endswith("_THREADS")}


def print_everywhere(job: int) -> int:
    print("MARKER^NAME")  # noqa: T201
    os.write(1, b"MARKER^NAME")
    return job


def leak_a_name(_job: int) -> None:
    raise ValueError("MARKER^NAME")


def die_on_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(job: tuple[int, Path]) -> int:
    number, folder = job
    if number == 3 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def hang_on_three(number: int) -> int:
    while number == 3:
        time.sleep(0.01)
    return number


def hog_on_three(number: int) -> int:
    if number == 3:
        held = [np.ones(64 * 1024 * 1024, dtype=np.uint8) for _ in range(1000)]
        return len(held)
    return number


def hang(_job: Any) -> None:
    time.sleep(600)


def kill_marked_case(job: CaseJob) -> dict[str, Any]:
    """Measure, save the one lesion whose id asks for another end."""
    if job.row.lesion == "DIES":
        os.kill(os.getpid(), signal.SIGKILL)
    while job.row.lesion == "HANGS":
        time.sleep(0.01)
    if job.row.lesion == "RAISES":
        raise ValueError("MARKER^NAME")
    return measure_case(job)


def measure_slowly(job: CaseJob) -> dict[str, Any]:
    result = measure_case(job)
    time.sleep(0.3)
    return result


def measure_never(_job: CaseJob) -> dict[str, Any]:
    raise ValueError("was measured again")


def hang_on_relations(job: CaseJob) -> dict[str, Any]:
    while job.relation_sha256 is not None:
        time.sleep(0.01)
    return measure_case(job)


def hog_on_relations(job: CaseJob) -> dict[str, Any]:
    if job.relation_sha256 is not None:
        return {"held": [np.ones(64 * 1024 * 1024, dtype=np.uint8) for _ in range(1000)]}
    return measure_case(job)


def die_on_relations(job: CaseJob) -> dict[str, Any]:
    if job.relation_sha256 is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_case(job)


def measure_no_lesion(job: CaseJob) -> dict[str, Any]:
    if job.relation_sha256 is None:
        raise ValueError("a lesion was measured again")
    return measure_case(job)
