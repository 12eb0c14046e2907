"""Run the command line as a user does: in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def gist_imaging(*arguments: object) -> Ran:
    command = [sys.executable, "-m", "gist_imaging", *(str(argument) for argument in arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return Ran(finished.returncode, finished.stdout, finished.stderr)
