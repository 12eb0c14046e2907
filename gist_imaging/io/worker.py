"""A warm child process in which everything untrusted is decoded, under limits of memory and time.

A file that makes a decoder crash, loop or swallow memory costs that process, never this one: the call
raises IntakeError with a frozen code, the process is started again, and the next call works.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from gist_imaging.errors import GistImagingError, IntakeError
from gist_imaging.io.limits import Limits
from gist_imaging.io.worker_channel import receive_values, send
from gist_imaging.problems import Code, Problem

__all__ = ["Worker", "shared_worker"]

_START_SECONDS = 120.0
_PIPE_BYTES = 1024 * 1024
# The folder that Python was started in stays out of the search path: it may be a folder of scans.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from gist_imaging.io.worker_main import main; main()"
)
# One thread is enough for decoding, and thread stacks would eat the address space.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Worker:
    """A decoding process; starts at the first call, restarts itself after a death, ends with `close`.

    Parameters
    ----------
    limits : memory of the process and seconds of a call
    package : only functions of this package are called
    """

    def __init__(self, limits: Limits | None = None, package: str = "gist_imaging.io") -> None:
        self.limits = limits or Limits()
        self._package = package
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._one_call_at_a_time = threading.RLock()

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin to start the process, and do not wait for it."""
        with self._one_call_at_a_time:
            self._living()

    def close(self) -> None:
        """End the process; a later call starts a new one."""
        with self._one_call_at_a_time:
            self._stop()

    def call(self, task: str, *args: Any, timeout_s: float | None = None, file: str | None = None) -> Any:
        """Return what the function `task` returns for `args` in the decoding process.

        Parameters
        ----------
        task : "gist_imaging.io.module:function"
        args : plain values, arrays and values of gist_imaging
        timeout_s : seconds after which the process is killed; by default those of the limits
        file : the file to name in a refusal, relative to the given root

        Raises
        ------
        IntakeError
            LIMIT_TIME, LIMIT_MEMORY or LIMIT_DEPTH when a limit was hit; DECODE_FAILED when the process
            died or a library raised (its class is named, never its text: that may hold patient values).
        GistImagingError
            What the task raised on purpose crosses unchanged.
        """
        seconds = self.limits.call_seconds if timeout_s is None else timeout_s
        with self._one_call_at_a_time:
            status, value = self._exchange((task, args, seconds, _folder()), seconds, file)
        if status == "done":
            return value
        if status == "raised" and isinstance(value, GistImagingError):
            raise value
        if status == "memory":
            raise _refusal(Code.LIMIT_MEMORY, "decoding asked for more memory than is allowed", file)
        if status == "depth":
            raise _refusal(Code.LIMIT_DEPTH, "its parts are nested deeper than can be read", file)
        raise _refusal(Code.DECODE_FAILED, f"it should decode, but the decoder failed ({value})", file)

    def _exchange(self, message: Any, seconds: float, file: str | None) -> tuple[str, Any]:
        process = self._begin(message)
        watchdog = _Watchdog(process, seconds)
        try:
            answer: tuple[str, Any] = receive_values(_answers(process), self.limits.worker_memory_bytes)
        except EOFError:
            watchdog.stop()
            raise self._death(process, watchdog.fired, seconds, file) from None
        except pickle.UnpicklingError:
            self._stop()
            raise _refusal(Code.DECODE_FAILED, "the decoder's answer makes no sense", file) from None
        except BaseException:
            # Interrupted in mid-answer: what is left in the pipe belongs to no later call.
            self._stop()
            raise
        finally:
            watchdog.stop()
        return answer

    def _begin(self, message: Any) -> subprocess.Popen[bytes]:
        """Send a call to a live process and return it; one that died while idle is replaced."""
        for _attempt in range(2):
            try:
                process = self._living()
                if not self._ready:
                    self._await_ready(process)
                send(_calls(process), message)
            except (BrokenPipeError, EOFError):
                self._stop()
            except BaseException:
                # Half a call in the pipe belongs to no later one.
                self._stop()
                raise
            else:
                return process
        raise _not_started()

    def _living(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = self._spawned()
        return self._process

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        watchdog = _Watchdog(process, _START_SECONDS)
        try:
            receive_values(_answers(process), self.limits.worker_memory_bytes)
        finally:
            watchdog.stop()
        self._ready = True

    def _spawned(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-P", "-c", _START, json.dumps([entry for entry in sys.path if entry])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ENVIRONMENT},
            pipesize=_PIPE_BYTES,
            # Ctrl+C is for the parent, which then ends the child.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        settings = {"memory_bytes": self.limits.worker_memory_bytes, "package": self._package}
        send(_calls(process), settings)
        return process

    def _stop(self) -> None:
        process, self._process = self._process, None
        self._ready = False
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (_calls(process), _answers(process)):
            # A half-written call cannot be flushed to a dead process.
            with contextlib.suppress(OSError):
                stream.close()

    def _death(
        self, process: subprocess.Popen[bytes], timed_out: bool, seconds: float, file: str | None
    ) -> IntakeError:
        code = process.wait()
        self._stop()
        if timed_out:
            return _refusal(Code.LIMIT_TIME, f"decoding took longer than {seconds:g} s", file)
        if os.name == "posix" and code == -signal.SIGKILL:
            # Linux ends the process that takes the last of the memory in this way.
            return _refusal(Code.LIMIT_MEMORY, "the system ended decoding, as it does without memory", file)
        return _refusal(Code.DECODE_FAILED, "it should decode, but the decoder crashed", file)

    def forget(self) -> None:
        """Let go of a process that belongs to the parent of a forked process, without ending it."""
        process, self._process = self._process, None
        self._ready = False
        self._one_call_at_a_time = threading.RLock()
        if process is not None:
            os.close(_calls(process).fileno())
            os.close(_answers(process).fileno())
            # It is the parent's child: neither waited for nor warned about here.
            process.returncode = 0


class _Watchdog:
    """Kills a process after some seconds, unless stopped before."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.fired = False
        self._process = process
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        self.fired = True
        self._process.kill()

    def stop(self) -> None:
        self._timer.cancel()


_shared: Worker | None = None
_shared_lock = threading.Lock()


def shared_worker() -> Worker:
    """Return the decoding process of this program, started at its first call and ended at exit."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Worker()
            atexit.register(_shared.close)
        return _shared


def _forget_after_fork() -> None:
    global _shared, _shared_lock
    _shared_lock = threading.Lock()
    if _shared is not None:
        _shared.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


def _folder() -> str | None:
    """Return the folder that relative paths start from now; None where it was removed."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return None


def _calls(process: subprocess.Popen[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", process.stdin)


def _answers(process: subprocess.Popen[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", process.stdout)


def _refusal(code: Code, message: str, file: str | None) -> IntakeError:
    return IntakeError(Problem(code, message, file))


def _not_started() -> GistImagingError:
    return GistImagingError(
        "the decoding process should start",
        f"it ended at once ({sys.executable})",
        "run `gist-imaging doctor`; often the memory is full or the installation is incomplete",
    )
