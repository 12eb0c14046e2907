"""Opening files that are files: never a pipe, socket or device, which could block or flood."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from gist_imaging.errors import IntakeError
from gist_imaging.problems import Code, Problem

__all__ = ["open_descriptor", "open_regular"]

# Opening a pipe would wait for its writer; the bits are 0 where a system lacks them.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOCTTY", 0)
)


def open_descriptor(path: str, name: str) -> tuple[int, int]:
    """Return an open descriptor of the regular file at `path`, and its size in bytes.

    Raises
    ------
    IntakeError
        NOT_A_REGULAR_FILE when it is none, or cannot be opened; the message names `name`.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise IntakeError(
            Problem(Code.NOT_A_REGULAR_FILE, f"a file that can be read, but {_why(error)}", name)
        ) from None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise IntakeError(
            Problem(Code.NOT_A_REGULAR_FILE, f"a file was expected, but it is {kind_of(facts.st_mode)}", name)
        )
    return descriptor, facts.st_size


def open_regular(path: str, name: str) -> tuple[BinaryIO, int]:
    """Return an open stream of the regular file at `path`, and its size in bytes."""
    descriptor, size = open_descriptor(path, name)
    return os.fdopen(descriptor, "rb"), size


def kind_of(mode: int) -> str:
    """Return in words what a file mode stands for."""
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((word for is_it, word in kinds if is_it(mode)), "something else")


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "its permissions forbid that"
    if isinstance(error, FileNotFoundError):
        return "it is gone"
    return "the system cannot open it"
