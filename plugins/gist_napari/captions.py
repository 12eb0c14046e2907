"""What stands above each image: time point, day, what its series is for, and how both panes go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gist_napari.facts import day_words

if TYPE_CHECKING:
    from gist_imaging.session.open_case import SeriesFacts, VisitFacts
    from gist_napari.link import PaneLink

__all__ = ["link_chip", "pane_title", "unlike_slices"]

# Slices whose thickness differs by more than this factor show the ends of a tumour differently.
_THICKER_THAN = 1.5

_BRIDGES = {"registration": "linked, registered", "one frame": "linked by position"}


def pane_title(at: int, visit: VisitFacts | None, series: SeriesFacts | None, reformat: bool) -> str:
    """Return the header of pane 0 (PRE) or 1 (POST); the name of the series stands on the image."""
    mark, tag = ("▌", "PRE") if at == 0 else ("┆", "POST")
    if visit is None:
        return f"{mark}{tag}  no scan"
    words = [visit.label, day_words(visit.day)]
    if series is not None:
        words.append("measured" if series.key == visit.measured else "looking only")
        words.append("reformat" if reformat else "")
    return f"{mark}{tag}  " + " · ".join(word for word in words if word)


def unlike_slices(one: SeriesFacts | None, other: SeriesFacts | None) -> str:
    """Return what makes two series less comparable, such as "slices 5.0 vs 3.0 mm", or ""."""
    if one is None or other is None:
        return ""
    thin, thick = sorted((one.spacing_mm[0], other.spacing_mm[0]))
    is_unlike = thick > _THICKER_THAN * thin
    return f"slices {one.spacing_mm[0]:.1f} vs {other.spacing_mm[0]:.1f} mm" if is_unlike else ""


def link_chip(link: PaneLink) -> tuple[str, str]:
    """Return how the panes go together: in a few words, and in a sentence."""
    words = link.words
    offset = words.rpartition(", ")[2] if words.endswith(" mm") else ""
    bridge = link.bridge
    if not link.enabled:
        short = "parted"
    elif link.parted:
        short = "not linked"
    else:
        short = _BRIDGES.get("" if bridge is None else bridge.how, "linked, not registered")
    return f"{short} {offset}".strip(), words[:1].upper() + words[1:]
