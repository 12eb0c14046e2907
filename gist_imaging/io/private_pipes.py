"""The two pipes over which a child process talks with its parent, out of reach of what libraries print."""

from __future__ import annotations

import os
import sys
from typing import IO

__all__ = ["private_pipes"]


def private_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Take the two pipes away from standard input and output, so that no library prints into them."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(requests, os.O_BINARY)
        msvcrt.setmode(answers, os.O_BINARY)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")
