"""Everything that a reader has given to an open case so far, and what can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from gist_imaging.errors import ReadingError
from gist_imaging.provenance import sha256_of
from gist_imaging.session.cells import MASK_KINDS, CellKey, Plain, Value
from gist_imaging.session.event import Change, Event, MaskChange
from gist_imaging.spatial.mask import Mask

__all__ = ["CaseState", "replayed"]


def _nothing() -> Mapping[CellKey, Value]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class CaseState:
    """The cells of a case after its events so far.

    Parameters
    ----------
    cells : key to plain value or mask; see `cells.CELL_KINDS`
    done : events that undo would take back, the last one first to go
    undone : events that redo would bring back, the last one first to come
    seq : number of the last event
    """

    cells: Mapping[CellKey, Value] = field(default_factory=_nothing)
    done: tuple[Event, ...] = field(default=(), repr=False)
    undone: tuple[Event, ...] = field(default=(), repr=False)
    seq: int = 0

    def plain(self, *key: str) -> Plain:
        """Return the value of a plain cell, or None."""
        value = self.cells.get(key)
        return None if isinstance(value, Mask) else value

    def mask(self, lesion: str, visit: str) -> Mask | None:
        """Return the accepted mask of a lesion at a visit, or None where nobody has outlined it."""
        return self._mask(("mask", lesion, visit))

    def proposal(self, lesion: str, visit: str) -> Mask | None:
        """Return the mask that waits to be accepted, or None."""
        return self._mask(("proposal", lesion, visit))

    def _mask(self, key: CellKey) -> Mask | None:
        value = self.cells.get(key)
        return value if isinstance(value, Mask) else None

    def under(self, *start: str) -> Iterator[tuple[CellKey, Value]]:
        """Return the cells whose key begins with these words, in the order of their keys."""
        n = len(start)
        return iter(sorted((pair for pair in self.cells.items() if pair[0][:n] == start), key=lambda p: p[0]))

    def plain_under(self, *start: str) -> Iterator[tuple[CellKey, Plain]]:
        """Return the cells with plain values whose key begins with these words, by their keys."""
        return ((key, value) for key, value in self.under(*start) if not isinstance(value, Mask))

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, for people; None where there is nothing."""
        return self.done[-1].label if self.done else None

    @property
    def redo_label(self) -> str | None:
        """What redo would bring back, for people; None where there is nothing."""
        return self.undone[-1].label if self.undone else None

    @property
    def sha256(self) -> str:
        """SHA-256 of all cells but where the reader looks; equal states have equal hashes."""
        held = [
            [list(key), value.sha256() if isinstance(value, Mask) else value]
            for key, value in sorted(self.cells.items(), key=lambda pair: pair[0])
            if key[0] != "view"
        ]
        return sha256_of(held)

    def undo(self) -> Event:
        """Return the event that takes the last step back.

        Raises
        ------
        ReadingError
            If there is nothing to undo.
        """
        if not self.done:
            raise ReadingError("a step that can be undone", "there is none", "a committed call is revised")
        last = self.done[-1]
        return Event("undo", "undo", f"undo {last.label}", of=last.seq)

    def redo(self) -> Event:
        """Return the event that brings the step back that was undone last.

        Raises
        ------
        ReadingError
            If there is nothing to redo.
        """
        if not self.undone:
            raise ReadingError("a step that can be redone", "there is none", "a new step ends redoing")
        last = self.undone[-1]
        return Event("redo", "redo", f"redo {last.label}", of=last.seq)

    def applying(self, event: Event) -> CaseState:
        """Return the state after `event`, whose number is the next one.

        Raises
        ------
        ReadingError, MaskError
            If the event does not fit: another number, a cell that holds something else, an undo of another
            step than the last.
        """
        if event.seq != self.seq + 1:
            raise ReadingError(
                f"event {self.seq + 1} follows event {self.seq}", f"got {event.seq}", "replay in order"
            )
        if event.kind == "undo":
            last = self._last(self.done, event)
            cells = self._with([change.reversed() for change in reversed(last.changes)])
            return CaseState(cells, self.done[:-1], (*self.undone, last), event.seq)
        if event.kind == "redo":
            last = self._last(self.undone, event)
            return CaseState(self._with(last.changes), (*self.done, last), self.undone[:-1], event.seq)
        cells = self._with(event.changes)
        if event.kind == "view":
            return replace(self, cells=cells, seq=event.seq)
        if event.kind == "barrier":
            return CaseState(cells, (), (), event.seq)
        return CaseState(cells, (*self.done, event.bare()), (), event.seq)

    def _last(self, steps: tuple[Event, ...], event: Event) -> Event:
        if not steps or steps[-1].seq != event.of:
            raise ReadingError(
                f"{event.kind} of the last step",
                f"got event {event.of}, the last is {steps[-1].seq if steps else 'none'}",
                "replay in order",
            )
        return steps[-1]

    def _with(self, changes: Iterable[Change | MaskChange]) -> Mapping[CellKey, Value]:
        cells = dict(self.cells)
        for change in changes:
            held = cells.get(change.key)
            new: Value
            if isinstance(change, MaskChange):
                new = change.applied(held if isinstance(held, Mask) else None)
            else:
                if held != change.old:
                    raise ReadingError(
                        f"cell {' '.join(change.key)} holds what this step changed",
                        "it holds something else",
                        "replay the journal from its beginning",
                    )
                new = change.new
            if new is None:
                cells.pop(change.key, None)
            else:
                cells[change.key] = new
        return MappingProxyType(cells)


def replayed(events: Iterable[Event], start: CaseState | None = None) -> CaseState:
    """Return the state after `events`, in their order, from `start` or from nothing."""
    state = start if start is not None else CaseState()
    for event in events:
        state = state.applying(event)
    return state


def is_mask_key(key: CellKey) -> bool:
    """Return whether a cell of this key holds a mask."""
    return key[0] in MASK_KINDS
