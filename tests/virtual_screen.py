"""A screen of its own for tests that open windows: Xvfb and a small window manager, one a process."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator

SCREEN = "1920x1200x24"


@contextlib.contextmanager
def virtual_screen() -> Iterator[str]:
    """Start Xvfb on a free display and name it in DISPLAY; fail where there is none, never skip.

    GIST_IMAGING_DISPLAY=own uses the display that is there already.
    """
    if os.environ.get("GIST_IMAGING_DISPLAY") == "own":
        if not os.environ.get("DISPLAY"):
            raise RuntimeError("GIST_IMAGING_DISPLAY=own needs DISPLAY; none is set; leave the variable out")
        yield os.environ["DISPLAY"]
        return
    if shutil.which("Xvfb") is None:
        raise RuntimeError(
            "tests of the window need Xvfb; it is not installed; "
            "python3 .ci/bootstrap.py test installs it, or says with which command"
        )
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(write_end),
            "-screen",
            "0",
            SCREEN,
            "+extension",
            "GLX",
            "-nolisten",
            "tcp",
        ],
        pass_fds=(write_end,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as told:
        number = told.readline().strip()
    if not number:
        raise RuntimeError(f"Xvfb ended with {server.wait()} before it had a display")
    display = f":{number}"
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = display
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    manager = None
    if shutil.which("openbox"):
        manager = subprocess.Popen(["openbox"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
    try:
        yield display
    finally:
        for process in (manager, server):
            if process is not None:
                process.terminate()
                process.wait(10)
        if before is None:
            os.environ.pop("DISPLAY", None)
        else:
            os.environ["DISPLAY"] = before
