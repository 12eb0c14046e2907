"""Messages between this program and its decoding process: pickles over a pipe, arrays beside them.

A message is the length of its pickle, the number of arrays, their lengths, then the pickle and the raw
arrays, so that a volume crosses the pipe without a second copy. What comes back from the decoding process
may only hold plain values, arrays and the values of gist_imaging: a hostile file that takes over the
decoding process cannot make this one run anything.
"""

from __future__ import annotations

import dataclasses
import enum
import io
import pickle
import struct
import sys
from typing import IO, Any

from gist_imaging.errors import GistImagingError

__all__ = ["receive_any", "receive_values", "send"]

_HEAD = struct.Struct("<QI")
_LENGTH = struct.Struct("<Q")
# Far more arrays than any answer has; a larger number is a broken channel.
_ARRAYS_AT_MOST = 1_000_000

_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "bytearray"),
    ("builtins", "complex"),
    ("builtins", "slice"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("pathlib", "Path"),
    ("pathlib", "PosixPath"),
    ("pathlib", "WindowsPath"),
    ("pathlib", "PurePosixPath"),
    ("pathlib._local", "PosixPath"),
    ("pathlib._local", "WindowsPath"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}


class _ValuesOnly(pickle.Unpickler):
    """Builds plain values, arrays and gist_imaging's own values; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.partition(".")[0] == "gist_imaging" and module in sys.modules and "." not in name:
            found = getattr(sys.modules[module], name, None)
            if isinstance(found, type) and (
                dataclasses.is_dataclass(found) or issubclass(found, enum.Enum | GistImagingError)
            ):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not a value")


def send(stream: IO[bytes], message: Any) -> None:
    """Write `message` to `stream`; arrays go as they lie in memory."""
    arrays: list[memoryview] = []

    def set_aside(array: pickle.PickleBuffer) -> None:
        arrays.append(array.raw())

    pickled = pickle.dumps(message, protocol=5, buffer_callback=set_aside)
    head = [_HEAD.pack(len(pickled), len(arrays)), *(_LENGTH.pack(array.nbytes) for array in arrays)]
    stream.write(b"".join([*head, pickled]))
    for array in arrays:
        stream.write(array)
    stream.flush()


def receive_any(stream: IO[bytes]) -> Any:
    """Read a message from a sender that is trusted.

    Raises
    ------
    EOFError
        If the sender is gone.
    """
    pickled, arrays = _parts(stream, at_most_bytes=None)
    return pickle.loads(pickled, buffers=arrays)  # noqa: S301 - our own parent process


def receive_values(stream: IO[bytes], at_most_bytes: int) -> Any:
    """Read a message from a sender that is not trusted: values only, bounded in size.

    Raises
    ------
    EOFError
        If the sender is gone.
    pickle.UnpicklingError
        If the message is too large, or holds more than values.
    """
    pickled, arrays = _parts(stream, at_most_bytes)
    return _ValuesOnly(io.BytesIO(pickled), buffers=arrays).load()


def _parts(stream: IO[bytes], at_most_bytes: int | None) -> tuple[bytearray, list[bytearray]]:
    length, n_arrays = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if n_arrays > _ARRAYS_AT_MOST:
        raise pickle.UnpicklingError("more arrays than any answer has")
    lengths = [_LENGTH.unpack(_exactly(stream, _LENGTH.size))[0] for _ in range(n_arrays)]
    if at_most_bytes is not None and length + sum(lengths) > at_most_bytes:
        raise pickle.UnpicklingError("the answer is larger than the decoding process may be")
    return _exactly(stream, length), [_exactly(stream, size) for size in lengths]


def _exactly(stream: IO[bytes], size: int) -> bytearray:
    buffer = bytearray(size)
    view = memoryview(buffer)
    done = 0
    while done < size:
        got = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError
        done += got
    return buffer
