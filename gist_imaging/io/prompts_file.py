"""Prompts as a JSON file."""

from __future__ import annotations

from pathlib import Path

from gist_imaging.errors import PromptError
from gist_imaging.io.regular_file import open_regular
from gist_imaging.segment.prompts import PromptLog

__all__ = ["read_prompts"]

# A hundred strokes of ten thousand points each.
_AT_MOST_BYTES = 64 * 1024 * 1024


def read_prompts(path: str | Path) -> PromptLog:
    """Return the prompts in a JSON file `{"prompts": [{"kind", "points_mm", "include", "round"}]}`.

    Raises
    ------
    PromptError
        If the file is not there, too large, or holds something else.
    IntakeError
        If it is no regular file.
    """
    path = Path(path)
    if not path.exists():
        raise PromptError(
            f"prompts are in a JSON file {path.name}", "there is no such file", "correct its name"
        )
    stream, size = open_regular(str(path), path.name)
    with stream:
        if size > _AT_MOST_BYTES:
            raise PromptError(
                f"prompts take at most {_AT_MOST_BYTES} bytes",
                f"{path.name} has {size}",
                "give the right file",
            )
        return PromptLog.from_json(stream.read())
