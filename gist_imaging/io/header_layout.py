"""Stretches of a header whose layout was met before: checked and taken in one step.

The headers of a series differ in values and hardly in layout. A stretch holds the element headers (tag, VR
and length) of some neighbouring elements and where they lie. When a later file has exactly the same
element headers at the same places, it has the same elements there, and the walk may pass over all of them.
"""

from __future__ import annotations

import struct

__all__ = ["Layouts", "Stretch"]

# Layouts of one start that are tried, the last used first.
_VARIANTS_AT_MOST = 8
# Forgotten all at once when there are more, so that memory stays bounded.
_STARTS_AT_MOST = 1000
_START_BYTES = 8


class Stretch:
    """Neighbouring elements: what their headers are, and where the wanted values lie."""

    __slots__ = ("_expected", "_headers", "_tags", "_values", "first", "last", "size")

    def __init__(
        self, elements: list[tuple[int, int, int | None]], first: int, last: int, buffer: bytes, at: int
    ) -> None:
        """Learn a stretch.

        Parameters
        ----------
        elements : of each, the bytes of its header and of its value, and its tag if it is wanted, else None
        first, last : first and last tag, as numbers that grow through a header
        buffer, at : the header that it was met in, and where it begins there
        """
        headers, values, tags = ["<"], ["<"], []
        for header_bytes, value_bytes, wanted in elements:
            headers.append(f"{header_bytes}s{value_bytes}x")
            values.append(f"{header_bytes}x{value_bytes}{'x' if wanted is None else 's'}")
            if wanted is not None:
                tags.append(wanted)
        layout = struct.Struct("".join(headers))
        self._headers = layout.unpack_from
        self._expected = layout.unpack_from(buffer, at)
        self._values = struct.Struct("".join(values)).unpack_from
        self._tags = tuple(tags)
        self.first, self.last, self.size = first, last, layout.size

    def take(self, buffer: bytes, at: int, found: dict[int, bytes]) -> bool:
        """Put the wanted values into `found`, if the elements at `at` are those of this stretch."""
        if at + self.size > len(buffer) or self._headers(buffer, at) != self._expected:
            return False
        found.update(zip(self._tags, self._values(buffer, at), strict=True))
        return True


class Layouts:
    """The stretches met so far, by the header of their first element."""

    __slots__ = ("_by_start",)

    def __init__(self) -> None:
        self._by_start: dict[bytes, list[Stretch]] = {}

    def met(self, buffer: bytes, at: int, found: dict[int, bytes]) -> Stretch | None:
        """Return the known stretch that begins at `at`, its wanted values put into `found`, or None."""
        variants = self._by_start.get(buffer[at : at + _START_BYTES])
        if variants is None:
            return None
        for position, stretch in enumerate(variants):
            if stretch.take(buffer, at, found):
                if position:
                    variants.insert(0, variants.pop(position))
                return stretch
        return None

    def learn(self, stretch: Stretch, buffer: bytes, at: int) -> None:
        """Keep a stretch that begins at `at`."""
        if len(self._by_start) >= _STARTS_AT_MOST:
            self._by_start.clear()
        variants = self._by_start.setdefault(buffer[at : at + _START_BYTES], [])
        variants.insert(0, stretch)
        del variants[_VARIANTS_AT_MOST:]
