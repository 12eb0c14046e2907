"""The tools of the reading screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["TOOLS", "Tool", "ToolFacts"]


class Tool(StrEnum):
    """What the left button does."""

    PAN = "pan"
    WINDOW = "window"
    STROKE = "stroke"
    LOOP = "loop"
    OUTLINE = "outline"
    BRUSH = "brush"
    ERASE = "erase"
    RANGE_BRUSH = "range_brush"
    CALIPER = "caliper"
    RULER = "ruler"
    BIDIMENSIONAL = "bidimensional"
    ELLIPSE = "ellipse"
    LANDMARK = "landmark"
    LEVATOR = "levator"


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """How a tool is named on the screen.

    Parameters
    ----------
    word : on its button
    hint : one sentence for the tooltip, without the key
    needs_lesion : choosing it without a lesion creates one
    """

    word: str
    hint: str
    needs_lesion: bool = False


TOOLS: dict[Tool, ToolFacts] = {
    Tool.PAN: ToolFacts("Pan", "Drag to move both images."),
    Tool.WINDOW: ToolFacts("W/L", "Drag sideways for width, up and down for level; right-drag always does."),
    Tool.STROKE: ToolFacts("Stroke", "Draw inside the tumour; with Ctrl, outside it. Then Grow.", True),
    Tool.LOOP: ToolFacts("Loop", "Draw loosely around the tumour on one slice.", True),
    Tool.OUTLINE: ToolFacts("Outline", "Draw the tumour's edge on a few slices, then Between.", True),
    Tool.BRUSH: ToolFacts("Brush", "Paint tumour; with Ctrl, erase.", True),
    Tool.ERASE: ToolFacts("Erase", "Take tumour away; with Ctrl, paint.", True),
    Tool.RANGE_BRUSH: ToolFacts(
        "Range", "Paint only where the value lies in the range set under More.", True
    ),
    Tool.CALIPER: ToolFacts("Caliper", "Drag an end of the longest diameter or of its perpendicular.", True),
    Tool.RULER: ToolFacts("Ruler", "Drag from one point to another: their distance in mm."),
    Tool.BIDIMENSIONAL: ToolFacts("2 axes", "Drag the long axis, then the short one: measured without mask."),
    Tool.ELLIPSE: ToolFacts("Ellipse", "Drag from corner to corner: mean and SD inside, without mask."),
    Tool.LANDMARK: ToolFacts("Landmark", "Click the point that the panel names."),
    Tool.LEVATOR: ToolFacts("Levator", "Trace the levator ani of the chosen side on this slice."),
}
