"""The process that carries out cases: reads jobs from a pipe, answers them, and lives under limits."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gist_imaging.io.private_pipes import private_pipes
from gist_imaging.io.worker_channel import receive_any, send

__all__ = ["THREAD_LIMITS", "main"]

THREAD_LIMITS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
}
"""Environment of the process, set before numpy loads: N processes use N cores, and sums add up alike."""

_BYTES_PER_MB = 1_000_000


def main() -> None:
    """Answer jobs until the parent closes the pipe."""
    jobs, answers = private_pipes()
    # Warnings of libraries print the values that they do not like.
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    module, name, memory_mb = receive_any(jobs)
    function = getattr(importlib.import_module(module), name)
    import numpy  # noqa: F401 - loaded before the memory limit is measured

    _limit_memory(memory_mb)
    send(answers, ("ready", os.getpid(), None))
    while True:
        try:
            job = receive_any(jobs)
        except EOFError:
            return
        kind, value = _answer(function, job)
        try:
            send(answers, (kind, value, _peak_memory_mb()))
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - a value that cannot be pickled; nothing was sent yet
            send(answers, ("raised", type(error).__name__, _peak_memory_mb()))
        del job, value


def _answer(function: Callable[[Any], Any], job: Any) -> tuple[str, Any]:
    try:
        return "done", function(job)
    except MemoryError:
        return "out_of_memory", None
    except Exception as error:  # noqa: BLE001 - the texts of foreign errors may hold patient values
        return "raised", type(error).__name__


def _limit_memory(memory_mb: float | None) -> None:
    """Forbid core files (they hold patients) and cap the address space, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_mb is None:
        return
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # macOS neither tells nor enforces the address space
        return
    limit = pages * resource.getpagesize() + int(memory_mb * _BYTES_PER_MB)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    # The soft limit only: the decoding process below this one sets its own.
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _peak_memory_mb() -> float | None:
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _BYTES_PER_MB


if __name__ == "__main__":
    main()
