"""Black figures with sides, scale, legends and few colours, for docs/levator.md."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke
from PIL import Image

from gist_imaging.anatomy.metric import Metric

IMAGES = Path(__file__).resolve().parent / "images"

# Okabe and Ito's colours: told apart by colour-blind people, and lighter than the pictures.
ORANGE, SKY, GREEN, YELLOW, PINK = "#e69f00", "#56b4e9", "#2fc69b", "#f0e442", "#e79ac5"
WHITE = "#ffffff"
COLOURS = (ORANGE, SKY, GREEN, YELLOW, PINK)
MAPS = ("cividis_r", "PuOr_r")
EDGED = [withStroke(linewidth=2.6, foreground="black")]


def draw_lines(pane: Any, lines: np.ndarray, colour: str, width: float = 1.6) -> None:
    """Draw pieces of line."""
    pane.add_collection(LineCollection(lines, colors=colour, linewidths=width, zorder=3))


def draw_dots(pane: Any, lines: np.ndarray, colour: str, apart_mm: float = 2.2) -> None:
    """Draw pieces of line as dots so far apart."""
    kept: list[np.ndarray] = []
    for place in lines.mean(axis=1):
        if all(np.linalg.norm(place - other) >= apart_mm for other in kept):
            kept.append(place)
    pane.plot(*np.array(kept).reshape(-1, 2).T, "o", color=colour, markersize=2.6, zorder=3)


def grey(
    pane: Any, image: np.ndarray, edges_mm: tuple[float, float, float, float], fat_signal: float
) -> None:
    """Draw an image (rows upwards) between its edges, fat in light grey."""
    pane.imshow(
        image,
        cmap="gray",
        vmin=0.0,
        vmax=1.5 * fat_signal,
        extent=edges_mm,
        origin="lower",
        interpolation="bilinear",
    )
    pane.set_xlim(edges_mm[:2])
    pane.set_ylim(edges_mm[2:])
    pane.set_aspect("equal")


def decorate(pane: Any, letters: str, bar_mm: float = 20.0) -> None:
    """Write the sides at the edges and draw a scale bar."""
    pane.set_xticks([])
    pane.set_yticks([])
    pane.set_facecolor("black")
    for spine in pane.spines.values():
        spine.set_visible(False)
    places = ((0.03, 0.5), (0.97, 0.5), (0.5, 0.96), (0.5, 0.035))
    for letter, (x, y) in zip(letters, places, strict=True):
        pane.text(
            x,
            y,
            letter,
            transform=pane.transAxes,
            color=WHITE,
            fontsize=11,
            ha="center",
            va="center",
            path_effects=EDGED,
        )
    low, high = pane.get_xlim()
    share = bar_mm / abs(high - low)
    pane.plot(
        [0.96 - share, 0.96],
        [0.045, 0.045],
        transform=pane.transAxes,
        color=WHITE,
        linewidth=2.0,
        path_effects=EDGED,
        zorder=5,
    )
    pane.text(
        0.96 - share / 2,
        0.06,
        f"{bar_mm:g} mm",
        transform=pane.transAxes,
        color=WHITE,
        fontsize=8.5,
        ha="center",
        va="bottom",
        path_effects=EDGED,
    )


def figure_of(*widths: float, rows: int, bar: bool = False, height: float = 4.0) -> tuple[Any, list[Any]]:
    """Return a figure with panes of these widths (inches) beside one another, and room for legends below."""
    below = 0.32 + 0.175 * rows + (0.62 if bar else 0.0)
    whole = height + 0.3 + below
    figure, panes = plt.subplots(
        1,
        len(widths),
        figsize=(sum(widths), whole),
        width_ratios=widths,
        facecolor="black",
        dpi=100,
        squeeze=False,
    )
    low, high = below / whole, 1.0 - 0.27 / whole
    figure.subplots_adjust(left=0.006, right=0.994, top=high, bottom=low, wspace=0.02)
    return figure, list(panes[0])


def title(pane: Any, words: str) -> None:
    """Write a pane's title."""
    pane.set_title(words, color=WHITE, fontsize=9.5, pad=4)


def legend(pane: Any, *lines: tuple[str, str]) -> None:
    """Write lines below a pane, each in the colour of what it names."""
    figure = pane.figure
    figure.canvas.draw()
    box, inch = pane.get_position(), 1.0 / figure.get_size_inches()[1]
    for row, (colour, words) in enumerate(lines):
        y = box.y0 - (0.13 + 0.175 * row) * inch
        figure.text(box.x0 + 0.004, y, words, color=colour, fontsize=9, va="center")


def colour_bar(pane: Any, drawn: Any, words: str) -> None:
    """Draw a colour bar at the bottom, below a pane's legend."""
    figure = pane.figure
    figure.canvas.draw()
    box, inch = pane.get_position(), 1.0 / figure.get_size_inches()[1]
    axis = figure.add_axes((box.x0 + 0.12 * box.width, 0.72 * inch, 0.76 * box.width, 0.1 * inch))
    bar = figure.colorbar(drawn, cax=axis, orientation="horizontal")
    bar.set_label(words, color=WHITE, fontsize=8.5, labelpad=1)
    bar.ax.tick_params(colors=WHITE, labelsize=8, pad=1)


def told(metric: Metric, digits: int = 1) -> str:
    """Return a metric as a person reads it."""
    if metric.value is None:
        return f"not measured: {metric.reason}"
    unit = {"deg": "°", "mm2": " mm²", "mm3": " mm³", "1": ""}.get(metric.unit, f" {metric.unit}")
    return f"{round(metric.value, digits) + 0.0:.{digits}f}{unit}"


def saved(figure: Any, name: str, note: str) -> None:
    """Write a figure with a palette of greys and our colours, so that it stays small."""
    figure.text(0.008, 0.05 / figure.get_size_inches()[1], note, color="#bdbdbd", fontsize=8, va="bottom")
    saved_small(figure, f"levator_{name}", COLOURS, greys=70, maps=MAPS)


def saved_small(
    figure: Any, name: str, colours: tuple[str, ...], greys: int, maps: tuple[str, ...] = ()
) -> None:
    """Write a figure with so many greys, shades of the colours, and colours of maps."""
    buffer = io.BytesIO()
    figure.savefig(buffer, facecolor="black")
    plt.close(figure)
    grey_at = np.linspace(0.0, 1.0, greys)[:, None] * np.ones(3)
    lines = np.array([to_rgb(colour) for colour in colours])
    shades = [lines * share + lit * (1 - share) for lit in (0.0, 0.7) for share in (1.0, 0.8, 0.6, 0.35)]
    mapped = [matplotlib.colormaps[one](np.linspace(0, 1, 56))[:, :3] for one in maps]
    palette = np.unique(np.rint(255 * np.concatenate([grey_at, *shades, *mapped])).astype(np.uint8), axis=0)
    held = Image.new("P", (1, 1))
    held.putpalette(palette.ravel().tolist())
    picture = Image.open(buffer).convert("RGB").quantize(palette=held, dither=Image.Dither.NONE)
    picture.save(IMAGES / f"{name}.png", optimize=True)
