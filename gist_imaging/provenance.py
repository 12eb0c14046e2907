"""Which tool, version, method, parameters, author and inputs made a result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gist_imaging._version import __version__

__all__ = ["Provenance", "canonical_json", "sha256_of"]


def canonical_json(value: Any) -> str:
    """Return `value` as JSON text that is the same for equal values.

    >>> canonical_json({"b": 1, "a": [1.5, None]})
    '{"a":[1.5,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: Any) -> str:
    """Return the SHA-256 (64 hex digits) of `value` in its canonical JSON form."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a result came about.

    Parameters
    ----------
    method : what made it, for example "manual", "file:nifti" or "measure"
    parameters : names and values that changed the result; kept as canonical JSON
    inputs : SOP or series UIDs, or "sha256:…" of what went in; never a path
    author : pseudonym of the reader, where a person made it
    tool, version : the program
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    inputs: tuple[str, ...] = ()
    author: str | None = None
    tool: str = "gist_imaging"
    version: str = __version__

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain values for `json.dumps`."""
        return {
            "tool": self.tool,
            "version": self.version,
            "method": self.method,
            "parameters": dict(self.parameters),
            "inputs": list(self.inputs),
            "author": self.author,
        }
