"""Set everything up in an environment of its own, then run the demo or the tests.

    python3 .ci/bootstrap.py demo     the main job on sample_scans/
    python3 .ci/bootstrap.py test     every check the project has

Needs Python 3.11 or newer and nothing else. The environment is made once, in .venv, and used again
while pyproject.toml and constraints.txt stay the same.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
# What a window on a screen that nobody sees needs, beside Qt's own wheels (names of Debian and Ubuntu).
SCREEN_PACKAGES = [
    "xvfb", "openbox", "xdotool", "fonts-dejavu-core", "libegl1", "libgl1", "libgl1-mesa-dri", "libglx-mesa0",
    "libopengl0", "libxkbcommon0", "libxkbcommon-x11-0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0",
    "libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0", "libxcb-xinerama0",
    "libxcb-xkb1", "libdbus-1-3", "libfontconfig1",
]  # fmt: skip


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("job", choices=("demo", "test", "setup"))
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where the environment lies")
    parser.add_argument("--out", type=Path, default=ROOT / "demo_out", help="where the demo writes")
    chosen = parser.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        print(
            f"Python 3.11 or newer is needed, this is {found}: run python3.11 .ci/bootstrap.py {chosen.job}"
        )
        return 2
    if not prepare(chosen.venv):
        return 2
    if chosen.job == "demo":
        return run(chosen.venv, "gist_imaging", "demo", "--scans", ROOT / "sample_scans", "--out", chosen.out)
    return check(chosen.venv) if chosen.job == "test" else 0


def prepare(venv: Path) -> bool:
    """Make the environment in `venv` unless it is there and up to date; return whether it is ready."""
    wanted = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        wanted.update((ROOT / name).read_bytes())
    mark = venv / "gist_imaging_setup.sha256"
    if mark.is_file() and mark.read_text() == wanted.hexdigest() and python_of(venv).is_file():
        return True
    try:
        import ensurepip  # noqa: F401 - Debian and Ubuntu ship venv without it
        import venv as _venv  # noqa: F401
    except ImportError:
        print("Python's venv is missing. Run: sudo apt-get install -y python3-venv")
        return False
    print(f"Setting up {venv} (a few minutes, once) ...", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(python_of(venv)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    finished = subprocess.run([*pip, "-c", "constraints.txt", "-e", ".[test]"], cwd=ROOT)
    if finished.returncode:
        print("The packages could not be installed; see pip's message above (is there a network?).")
        return False
    mark.write_text(wanted.hexdigest())
    return True


def screen_ready() -> bool:
    """Install what the tests of the window need, where that is possible; return whether they can run."""
    if all(shutil.which(program) for program in ("Xvfb", "openbox", "xdotool")):
        return True
    if sys.platform.startswith("linux") and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing a virtual screen for the tests of the window ...", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", *SCREEN_PACKAGES]):
            subprocess.run(["apt-get", "-q", *words], check=False, env=quiet, stdout=subprocess.DEVNULL)
        if shutil.which("Xvfb"):
            return True
    print("The tests of the window need a virtual screen. Run:")
    print(f"  sudo apt-get install -y --no-install-recommends {' '.join(SCREEN_PACKAGES)}")
    return False


def python_of(venv: Path) -> Path:
    """Return the interpreter of the environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(venv: Path, module: str, *arguments: object) -> int:
    """Run a module in the environment and show what it prints; return its exit code."""
    command = [str(python_of(venv)), "-m", module, *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=ROOT).returncode


def check(venv: Path) -> int:
    """Run every check, all of them even when one fails; return 0 when all pass."""
    steps: list[tuple[str, tuple[object, ...]]] = [
        ("ruff", ("check", ".")),
        ("ruff", ("format", "--check", ".")),
        ("importlinter.cli", ("lint",)),
        ("mypy", ()),
        ("pytest", ("-n", "2", "--dist", "loadfile", "-q")),
    ]
    failed = [] if screen_ready() else ["virtual screen"]
    for module, arguments in steps:
        title = " ".join([module.split(".")[0], *(str(argument) for argument in arguments)])
        print(f"\n== {title}", flush=True)
        if run(venv, module, *arguments):
            failed.append(title)
    print("\nAll checks passed." if not failed else f"\nFAILED: {'; '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
