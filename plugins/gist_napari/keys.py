"""All keys of the reading screen, in one table.

Nothing else binds a key: the key sheet (F1), the tooltips, the user's own keys and the test against napari's
tables are made from this table. `key_ring.py` applies it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from qtpy.QtCore import QStandardPaths
from qtpy.QtGui import QKeySequence

from gist_imaging.errors import GistImagingError

__all__ = [
    "BINDINGS", "MEANT_TO_WIN", "MOUSE", "Binding", "Context", "bindings_of_user", "collisions", "key_words",
    "keys_file", "normal", "rebound", "save_keys", "tips",
]  # fmt: skip

FORMAT = 1


class Context(StrEnum):
    """Where a key is taken; a widget that claims a key for itself keeps it everywhere."""

    EVERYWHERE = "everywhere"
    """On the whole reading screen, in text fields too: never a key that writes or edits."""
    READING = "reading"
    """On the whole reading screen but in text fields and lists."""
    FORM = "form"
    """Only in the form: its fields take these keys themselves; they stand here for the key sheet."""
    WORKLIST = "worklist"
    """Only on the worklist, which takes these keys itself."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One action and its keys.

    Parameters
    ----------
    action : id of the action; one word with underscores
    keys : in Qt's portable spelling, such as "Shift+T"; the first is the one that is shown
    words : for the key sheet, without the key
    group : heading on the key sheet
    context : where it is taken
    hold : acts while the key is down: the action gets True when it goes down and False when it comes up
    repeats : acts again while the key is held down
    """

    action: str
    keys: tuple[str, ...]
    words: str
    group: str
    context: Context = Context.READING
    hold: bool = False
    repeats: bool = False


def _look(action: str, keys: str, words: str, *, hold: bool = False, repeats: bool = False) -> Binding:
    return Binding(action, tuple(keys.split()), words, "Looking", hold=hold, repeats=repeats)


def _tool(action: str, keys: str, words: str, *, repeats: bool = False) -> Binding:
    return Binding(action, tuple(keys.split()), words, "Tools", repeats=repeats)


def _mask(action: str, keys: str, words: str) -> Binding:
    return Binding(action, tuple(keys.split()), words, "Segmenting")


def _case(action: str, keys: str, words: str, context: Context = Context.EVERYWHERE) -> Binding:
    return Binding(action, tuple(keys.split()), words, "Case", context)


def _form(action: str, keys: str, words: str) -> Binding:
    return Binding(action, tuple(keys.split()), words, "Form", Context.FORM)


def _list(action: str, keys: str, words: str) -> Binding:
    return Binding(action, tuple(keys.split()), words, "Worklist", Context.WORKLIST)


BINDINGS: tuple[Binding, ...] = (
    _look("slice_up", "Up Left", "slice before", repeats=True),
    _look("slice_down", "Down Right", "next slice", repeats=True),
    _look("slice_first", "Home", "first slice"),
    _look("slice_last", "End", "last slice"),
    _look("stage_next", "PgDown", "next stage of the hanging protocol"),
    _look("stage_previous", "PgUp", "stage before"),
    _look("series_next", "Shift+PgDown", "next series in the active pane"),
    _look("series_previous", "Shift+PgUp", "series before"),
    _look("plane_axial", "Shift+A", "axial in both panes"),
    _look("plane_coronal", "Shift+C", "coronal in both panes"),
    _look("plane_sagittal", "Shift+S", "sagittal in both panes"),
    _look("other_pane", "T", "other pane active"),
    _look("blink", "Shift+T", "show the other time point here", hold=True),
    _look("link", "Ctrl+L", "link or part the panes"),
    _look("reference", "Shift+R", "reference row on or off"),
    _look("three_d", "Shift+D", "tumour and levator ani in 3D"),
    _look("jump_longest", "J", "slice of the longest diameter"),
    _look("jump_unverified", "Shift+J", "next thing that is not verified"),
    _look("window_hold", "W", "left button sets width and level", hold=True),
    *(_look(f"preset_{n}", f"Shift+{n}", f"window preset {n}") for n in range(1, 6)),
    _look("invert", "Ctrl+I", "invert grey"),
    _look("window_reset", "C", "width and level of the image itself"),
    _look("hide", "H", "hide masks", hold=True),
    _look("outline", "O", "outlines without filling"),
    _look("zoom_in", "Ctrl++ Ctrl+=", "zoom in, both panes", repeats=True),
    _look("zoom_out", "Ctrl+-", "zoom out, both panes", repeats=True),
    _look("fit", "Ctrl+0 Ctrl+R", "fit both panes"),
    _tool("tool_pan", "Z 6", "Pan"),
    _tool("tool_stroke", "S", "Stroke; with Ctrl outside the tumour"),
    _tool("tool_loop", "A", "Loop around the tumour"),
    _tool("tool_outline", "3", "Outline of the edge"),
    _tool("tool_brush", "2 P", "Brush; with Ctrl erase"),
    _tool("tool_erase", "1 E", "Erase; with Ctrl paint"),
    _tool("tool_range_brush", "R", "Range brush"),
    _tool("tool_caliper", "D", "Caliper: correct the diameters"),
    _tool("tool_ruler", "Shift+E", "Ruler"),
    _tool("tool_bidimensional", "Shift+B", "2 axes without mask"),
    _tool("tool_ellipse", "Shift+O", "Ellipse region"),
    _tool("tool_landmark", "Shift+P", "Landmark that the panel names"),
    _tool("tool_levator", "Q", "Levator stroke"),
    _tool("brush_smaller", "[", "brush smaller by a fifth", repeats=True),
    _tool("brush_larger", "]", "brush larger by a fifth", repeats=True),
    _mask("grow", "G", "Grow from the strokes"),
    _mask("between", "I", "fill between the outlines"),
    _mask("keep_largest", "K", "keep the largest piece"),
    _mask("accept", "Return", "accept the proposal"),
    _mask("escape", "Esc", "stop, else reject the proposal, else Pan"),
    _mask("undo", "Ctrl+Z", "undo"),
    _mask("redo", "Ctrl+Y Ctrl+Shift+Z", "redo"),
    Binding(
        "answer",
        ("0", "1", "2", "9"),
        "none, close, abuts, cannot judge",
        "Form",
        Context.FORM,
    ),
    Binding(
        "answer_rest", ("Shift+0",), "none for all that is still open on this axis", "Form", Context.FORM
    ),
    Binding("answer_back", ("Backspace",), "back to the field before", "Form", Context.FORM),
    _case("page_look", "F2", "Look"),
    _case("page_segment", "F3", "Segment"),
    _case("page_measure", "F4", "Measure"),
    _case("page_levator", "F5", "Levator"),
    _case("page_report", "F6", "Report"),
    _case("commit", "Ctrl+Return", "commit the call"),
    _case("next_case", "N", "leave as draft, next case", Context.READING),
    _case("save", "Ctrl+S", "say when it was saved"),
    _case("key_sheet", "F1", "this sheet"),
    _list("open_case", "Return", "open the case"),
    _list("next_to_do", "N", "open the next case that is not committed"),
)
"""Every key of the reading screen."""

MOUSE: tuple[tuple[str, str], ...] = (
    ("wheel", "slices; one notch is one slice"),
    ("Alt + wheel", "slices of this pane alone"),
    ("Ctrl + wheel", "zoom about the pointer"),
    ("Shift + wheel", "size of the brush"),
    ("right-drag", "width (sideways) and level (up, down)"),
    ("middle-drag", "pan"),
    ("left-drag", "the tool; without one, pan"),
    ("Ctrl + left", "the opposite: outside, erase, paint"),
    ("move", "crosshair in the other pane"),
    ("double-click", "this pane alone, and back"),
    ("Ctrl + double-click", "width and level of the image itself"),
)
"""What the mouse does on an image."""

MEANT_TO_WIN: Mapping[str, str] = {
    "Ctrl+S": "napari opens a file dialog; here everything is saved already, and people press it from habit",
    "Ctrl+Y": "napari switches to 3D; here it is redo, as everywhere else",
    "Ctrl+Z": "napari undoes its own layers; here every step of the reader has one list",
    "Ctrl+Shift+Z": "as Ctrl+Z",
    "Ctrl+R": "napari resets one view; here both panes keep the same mm per pixel",
    "Ctrl+0": "napari's main canvas is put away; zoom stays equal in both panes",
    "Ctrl+=": "as Ctrl+0",
    "Ctrl+-": "as Ctrl+0",
    "Left": "the same: slice before",
    "Right": "the same: next slice",
    "C": "napari's contrast once of an image layer; the same thing here",
    "1": "the same as in napari's Labels: erase",
    "E": "as 1",
    "2": "the same as in napari's Labels: paint",
    "P": "as 2",
    "3": "the same as in napari's Labels: polygon",
    "6": "the same as in napari's Labels: pan",
    "Z": "as 6",
    "[": "the same as in napari's Labels: brush smaller",
    "]": "the same as in napari's Labels: brush larger",
    "Return": "napari completes a polygon; here there is none of its polygons, and it accepts the proposal",
    "Esc": "napari resets a polygon; as Return",
    "T": "napari's Shapes layers only, and none is active on the reading screen",
    "R": "as T", "S": "as T", "A": "as T", "D": "as T", "I": "as T", "Shift+P": "as T", "Shift+A": "as T",
    "O": "napari's plane mode of an image in 3D only",
}  # fmt: skip
"""Keys that napari uses too and that the reading screen takes, each with the reason."""


def normal(key: str) -> str:
    """Return a key in Qt's portable spelling; "" where it is no key.

    >>> normal("shift+t"), normal("Enter"), normal("ctrl+return")
    ('Shift+T', 'Return', 'Ctrl+Return')
    """
    spelled = QKeySequence(key, QKeySequence.SequenceFormat.PortableText).toString(
        QKeySequence.SequenceFormat.PortableText
    )
    head, _, last = spelled.rpartition("+")
    return f"{head}+Return".lstrip("+") if last == "Enter" else spelled


def key_words(key: str) -> str:
    """Return a key as it stands on the key sheet.

    >>> key_words("Ctrl+Return"), key_words("PgDown"), key_words("Up")
    ('Ctrl+Enter', 'Page down', '↑')
    """
    shown = {"Return": "Enter", "PgDown": "Page down", "PgUp": "Page up", "Up": "↑", "Down": "↓", "Left": "←",
             "Right": "→", "-": "−"}  # fmt: skip
    head, plus, last = ("Ctrl", "+", "+") if key == "Ctrl++" else key.rpartition("+")
    return f"{head}{plus}{shown.get(last, last)}"


def tips(bindings: Iterable[Binding] = BINDINGS) -> dict[str, str]:
    """Return the key to show in the tooltip of each action."""
    return {binding.action: key_words(binding.keys[0]) for binding in bindings if binding.keys}


def collisions(bindings: Sequence[Binding]) -> list[str]:
    """Return a sentence for each key that two actions want at the same place."""
    beside = {Context.FORM, Context.WORKLIST}
    return [
        f"{key} means both {one.action} and {other.action}"
        for at, one in enumerate(bindings)
        for other in bindings[at + 1 :]
        if one.context is other.context or not {one.context, other.context} & beside
        for key in sorted(set(one.keys) & set(other.keys))
    ]


def rebound(bindings: Sequence[Binding], action: str, keys: Sequence[str]) -> tuple[Binding, ...]:
    """Return the table with other keys for one action.

    Raises
    ------
    GistImagingError
        If there is no such action, a word is no key, or another action has the key.
    """
    held = next((binding for binding in bindings if binding.action == action), None)
    if held is None or held.context in (Context.FORM, Context.WORKLIST):
        raise GistImagingError("an action of the key sheet whose key can change", f"got {action[:40]!r}")
    spelled = tuple(normal(key) for key in keys)
    if "" in spelled or any("," in key for key in spelled):
        raise GistImagingError(
            f"keys for {action} such as Shift+T", f"got {', '.join(keys)[:40]!r}", "write one"
        )
    table = tuple(replace(one, keys=spelled) if one is held else one for one in bindings)
    wrong = collisions(table)
    if wrong:
        raise GistImagingError("each key means one thing", wrong[0], "choose another key")
    return table


def keys_file() -> Path:
    """Return where the user's own keys are kept."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(place) / "gist_imaging" / "keys.json"


def bindings_of_user(file: Path | None = None) -> tuple[tuple[Binding, ...], tuple[str, ...]]:
    """Return the table with the user's own keys, and a sentence for each of them that cannot be used."""
    path = keys_file() if file is None else file
    if not path.is_file():
        return BINDINGS, ()
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        own = dict(held["keys"]) if held["format"] == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return BINDINGS, (f"The file of your own keys cannot be read ({type(error).__name__}); not used.",)
    table, problems = BINDINGS, []
    for action, keys in own.items():
        try:
            table = rebound(table, str(action), [str(key) for key in keys])
        except (GistImagingError, TypeError) as error:
            problems.append(f"Your own key for {str(action)[:40]} is not used: {error}")
    return table, tuple(problems)


def save_keys(bindings: Iterable[Binding], file: Path | None = None) -> None:
    """Keep what differs from the table, for the next start."""
    path = keys_file() if file is None else file
    usual = {binding.action: binding.keys for binding in BINDINGS}
    own = {one.action: list(one.keys) for one in bindings if one.keys != usual.get(one.action)}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"format": FORMAT, "keys": own}, indent=1, sort_keys=True), encoding="utf-8")
    fresh.replace(path)
