"""An open case as a whole: where the reader looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase

__all__ = ["remember_view"]


def remember_view(case: OpenCase, name: str = "place", value: Any = None, **words: Any) -> Event:
    """Keep where the reader is, to come back to it after a restart; never a step to undo.

    Parameters
    ----------
    name : what is kept, such as place
    value : plain values; `words` are joined to it where it is a mapping or left out
    """
    from gist_imaging.session.event import Event, changed

    new = {**(value or {}), **words} if words else value
    key = ("view", name)
    return case.act(
        Event("view", "remember_view", f"look: {name}", (changed(key, case.state.plain(*key), new),))
    )
