"""Run the command line as a user does, in a process of its own, or many times quickly in this one."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any
from unittest.mock import patch


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


def gist_imaging_here(*arguments: object) -> Ran:
    """Run it in this process, for tests that run it many times; `gist_imaging` is what a user has."""
    from gist_imaging.cli import main

    out, err = StringIO(), StringIO()
    words = ["gist-imaging", *(str(argument) for argument in arguments)]
    with patch.object(sys, "argv", words), redirect_stdout(out), redirect_stderr(err):
        try:
            main.run()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())
