"""Paper of a case sheet: positions in mm from its upper left corner, text measured before it is set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["DPI", "PAGE_MM", "Pen"]

PAGE_MM = (210.0, 297.0)
DPI = 150
INCH_MM = 25.4
_POINT_MM = INCH_MM / 72.0
_LINE = 1.32
# Without a user's own settings: the font that comes with matplotlib.
_FONT = "DejaVu Sans"


class Pen:
    """Writes on one page; widths are measured with the font that is used."""

    def __init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        width, height = PAGE_MM
        self.figure: Any = Figure(figsize=(width / INCH_MM, height / INCH_MM), dpi=DPI, facecolor="white")
        canvas: Any = FigureCanvasAgg(self.figure)
        self._renderer = canvas.get_renderer()
        self._widths: dict[tuple[str, float, bool], float] = {}

    def width_mm(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return how wide a line of text is."""
        key = (text, size, bold)
        if key not in self._widths:
            pixels = self._renderer.get_text_width_height_descent(text, _font(size, bold), False)[0]
            self._widths[key] = float(pixels) * INCH_MM / DPI
        return self._widths[key]

    def line_mm(self, size: float) -> float:
        """Return how far lines of text lie apart."""
        return size * _POINT_MM * _LINE

    def wrapped(self, text: str, size: float, width_mm: float, *, bold: bool = False) -> list[str]:
        """Return the lines of a text that is no wider than told; a word that is too long is cut."""
        lines: list[str] = []
        held = ""
        # A number keeps its percent sign.
        for word in re.split(r"[ \t\r\n]+", text.replace(" %", "\u00a0%").strip()):
            for piece in self._pieces(word, size, width_mm, bold):
                longer = f"{held} {piece}" if held else piece
                if held and self.width_mm(longer, size, bold=bold) > width_mm:
                    lines.append(held)
                    held = piece
                else:
                    held = longer
        return [*lines, held] if held else lines or [""]

    def _pieces(self, word: str, size: float, width_mm: float, bold: bool) -> list[str]:
        pieces = []
        while self.width_mm(word, size, bold=bold) > width_mm and len(word) > 1:
            n = next(
                n
                for n in range(len(word) - 1, 0, -1)
                if n == 1 or self.width_mm(word[:n], size, bold=bold) <= width_mm
            )
            pieces.append(word[:n])
            word = word[n:]
        return [*pieces, word]

    def shortened(self, text: str, size: float, width_mm: float, *, bold: bool = False) -> str:
        """Return the text on one line, ended by … where it does not fit."""
        if self.width_mm(text, size, bold=bold) <= width_mm:
            return text
        while text and self.width_mm(text + "…", size, bold=bold) > width_mm:
            text = text[:-1]
        return text.rstrip() + "…"

    def text(
        self,
        x_mm: float,
        y_mm: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: str = "#111111",
        right: bool = False,
    ) -> None:
        """Write one line whose upper left (or right) corner lies there."""
        width, height = PAGE_MM
        self.figure.text(
            x_mm / width,
            1.0 - y_mm / height,
            text,
            fontproperties=_font(size, bold),
            color=colour,
            ha="right" if right else "left",
            va="top",
            parse_math=False,
        )

    def rule(self, x_mm: float, y_mm: float, width_mm: float, *, colour: str = "#B5BBC2") -> None:
        """Draw a thin line across."""
        from matplotlib.lines import Line2D

        width, height = PAGE_MM
        at = 1.0 - y_mm / height
        self.figure.add_artist(
            Line2D([x_mm / width, (x_mm + width_mm) / width], [at, at], lw=0.5, color=colour)
        )

    def axes(self, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> Any:
        """Return axes whose upper left corner lies there."""
        width, height = PAGE_MM
        return self.figure.add_axes(
            (x_mm / width, 1.0 - (y_mm + height_mm) / height, width_mm / width, height_mm / height)
        )

    def table(
        self,
        x_mm: float,
        y_mm: float,
        widths_mm: Sequence[float],
        rows: Sequence[tuple[Sequence[str], bool]],
        size: float,
        *,
        right_from: int | None = None,
        until_mm: float = PAGE_MM[1],
    ) -> float:
        """Write rows of wrapped cells, each with whether it is bold; return where they end.

        Parameters
        ----------
        right_from : columns from this one on are set to the right
        until_mm : rows that would reach further down are counted instead
        """
        for number, (cells, bold) in enumerate(rows):
            lines = [
                self.wrapped(cell, size, width - 1.5, bold=bold)
                for cell, width in zip(cells, widths_mm, strict=False)
            ]
            n_lines = max(len(held) for held in lines)
            rest = len(rows) - number
            if y_mm + (n_lines + (rest > 1)) * self.line_mm(size) > until_mm:
                self.text(x_mm, y_mm, f"…  {rest} more; they stand in the tables.", size, bold=True)
                return y_mm + self.line_mm(size)
            left = x_mm
            for n, (held, width) in enumerate(zip(lines, widths_mm, strict=False)):
                to_right = right_from is not None and n >= right_from
                for row, line in enumerate(held):
                    at = left + width - 1.5 if to_right else left
                    self.text(at, y_mm + row * self.line_mm(size), line, size, bold=bold, right=to_right)
                left += width
            y_mm += n_lines * self.line_mm(size)
        return y_mm


def _font(size: float, bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=_FONT, size=size, weight="bold" if bold else "normal")
