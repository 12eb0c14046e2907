"""What a decoder may do to the process it runs in; called there by the tests of the worker."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import numpy as np

from gist_imaging.errors import GeometryError, IntakeError
from gist_imaging.problems import Code, Problem


def answer(value: Any) -> Any:
    return value


def ramp(n_voxels: int) -> Any:
    return np.arange(n_voxels, dtype=np.int16)


def pid() -> int:
    return os.getpid()


def die(signal_number: int) -> None:
    os.kill(os.getpid(), signal_number)
    signal.pause()


def leave() -> None:
    os._exit(7)


def loop_for_ever() -> None:
    while True:
        pass


def hog_memory() -> int:
    held = [np.ones(64 * 1024 * 1024, dtype=np.uint8) for _ in range(1000)]
    return len(held)


def recurse() -> int:
    return 1 + recurse()


def leak_a_name() -> None:
    raise ValueError("MARKER^NAME is not a date")


def print_everywhere() -> int:
    print("MARKER^NAME")  # noqa: T201
    os.write(1, b"MARKER^NAME")
    os.write(2, b"MARKER^NAME")
    sys.stdout.flush()
    return 5


def refuse_a_file() -> None:
    raise IntakeError(Problem(Code.TRUNCATED, "it ends too early", "a/b.dcm"))


def refuse_a_grid() -> None:
    raise GeometryError("expected", "found", "advice")


class Trap:
    def __reduce__(self) -> Any:
        return (os.system, ("true",))


def send_a_trap() -> Trap:
    return Trap()


def read_standard_input() -> bytes:
    return os.read(0, 10)
