"""How long a user waits before anything happens: the import and the help, beside a bare Python."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 7
CONTENDERS = {
    "bare Python": [sys.executable, "-c", "pass"],
    "import gist_imaging": [sys.executable, "-c", "import gist_imaging"],
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import pydicom": [sys.executable, "-c", "import pydicom"],
    "gist-imaging --help": [sys.executable, "-m", "gist_imaging", "--help"],
}


def main() -> None:
    """Time every contender in turn, so that a busy moment hurts all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, command in CONTENDERS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    bare = statistics.median(seconds["bare Python"])
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{name:22} {1000 * median:6.0f} ms   {median / bare:5.1f} x bare Python")


if __name__ == "__main__":
    main()
