"""The decoding process itself: reads calls from a pipe, answers them, and lives under limits."""

from __future__ import annotations

import faulthandler
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gist_imaging.errors import GistImagingError
from gist_imaging.io.private_pipes import private_pipes
from gist_imaging.io.worker_channel import receive_any, send

__all__ = ["main"]

# If the parent dies without killing us, a call that never ends would stay for ever.
_ORPHAN_GRACE_SECONDS = 10.0


def main() -> None:
    """Answer calls until the parent closes the pipe."""
    calls, answers = private_pipes()
    _keep_quiet()
    settings: dict[str, Any] = receive_any(calls)
    import numpy  # noqa: F401 - loaded before the memory limit is measured
    import pydicom  # noqa: F401

    _limit_memory(int(settings["memory_bytes"]))
    send(answers, ("ready", os.getpid()))
    functions: dict[str, Callable[..., Any]] = {}
    while True:
        try:
            task, arguments, seconds, folder = receive_any(calls)
        except EOFError:
            return
        if folder is not None:  # the caller may have moved since the last call; paths may be relative
            with suppress(OSError):
                os.chdir(folder)
        faulthandler.dump_traceback_later(seconds + _ORPHAN_GRACE_SECONDS, exit=True, file=sys.stderr)
        answer = _answer(task, arguments, str(settings["package"]), functions)
        try:
            send(answers, answer)
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - an answer that cannot be pickled; nothing was sent yet
            send(answers, ("failed", type(error).__name__))
        faulthandler.cancel_dump_traceback_later()
        del answer, arguments


def _answer(
    task: str, arguments: tuple[Any, ...], package: str, functions: dict[str, Callable[..., Any]]
) -> tuple[str, Any]:
    try:
        if task not in functions:
            functions[task] = _function(task, package)
        return "done", functions[task](*arguments)
    except GistImagingError as error:
        return "raised", error.with_traceback(None)
    except MemoryError:
        return "memory", None
    except RecursionError:
        return "depth", None
    except Exception as error:  # noqa: BLE001 - libraries raise anything; their texts may hold patient values
        return "failed", type(error).__name__


def _function(task: str, package: str) -> Callable[..., Any]:
    module_name, _, name = task.partition(":")
    if module_name != package and not module_name.startswith(package + "."):
        raise GistImagingError(f"a task of {package}", f"the task {task} lies outside it", "call it directly")
    found = getattr(importlib.import_module(module_name), name)
    if not callable(found):
        raise GistImagingError("a task is a function", f"{task} is none", "name a function")
    return found  # type: ignore[no-any-return]


def _keep_quiet() -> None:
    # pydicom's warnings print the values that it does not like.
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _limit_memory(memory_bytes: int) -> None:
    """Forbid core files (they hold patients) and cap the address space, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # macOS neither tells nor enforces the address space
        return
    limit = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
