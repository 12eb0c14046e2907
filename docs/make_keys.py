"""Write docs/keys.md from the table of keys: `python docs/make_keys.py`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from gist_napari.keys import BINDINGS, MEANT_TO_WIN, MOUSE, Binding, key_words

PAGE = Path(__file__).resolve().parent / "keys.md"

HEAD = """# Keys and mouse of the reading screen

`F1` shows this on the screen. Made from `plugins/gist_napari/keys.py` by `docs/make_keys.py`.

On macOS Ctrl is Cmd. Keys belong to the reading screen: in a text field they type, and in another napari
window they do what napari does. Click a key on the sheet (`F1`) and press another to change it; one that is
taken is refused, with the name of what has it. Your own keys stand in `gist_imaging/keys.json` in your
configuration folder (Linux `~/.config`, macOS `~/Library/Preferences`, Windows `%LOCALAPPDATA%`) and
survive a restart; without that file these hold again.
"""

WHERE = {
    "Form": "While a field of the form has the focus; each answer on the screen shows its own digit.",
    "Worklist": "While the worklist is shown.",
    "Case": "Also while a text field has the focus, but for `N`.",
}


def page() -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    for group, bindings in groupby(BINDINGS, key=lambda binding: binding.group):
        rows = [f"| {_keys(one)} | {one.words}{_manner(one)} |" for one in bindings]
        parts.append(_section(group, WHERE.get(group, ""), "| key | does |", rows))
    mouse = [f"| {gesture} | {words} |" for gesture, words in MOUSE]
    parts.append(_section("Mouse on an image", "", "| gesture | does |", mouse))
    won = [f"| `{key_words(key)}` | {reason} |" for key, reason in MEANT_TO_WIN.items()]
    parts.append(
        _section(
            "Keys that napari uses too",
            "The reading screen takes these while it is shown. A test compares the table with napari's own.",
            "| key | why |",
            won,
        )
    )
    return "\n".join(parts)


def _section(title: str, words: str, head: str, rows: list[str]) -> str:
    told = f"{words}\n\n" if words else ""
    return f"## {title}\n\n{told}{head}\n|---|---|\n" + "\n".join(rows) + "\n"


def _keys(binding: Binding) -> str:
    return " ".join(f"`{key_words(key)}`" for key in binding.keys)


def _manner(binding: Binding) -> str:
    return " (while held)" if binding.hold else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
