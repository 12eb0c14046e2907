"""The page on keys is the table of keys."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("qtpy", reason="the table of keys stands in the plugin, which needs the extra gui")

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_on_keys_is_the_table():
    made = runpy.run_path(str(DOCS / "make_keys.py"))["page"]()

    assert (DOCS / "keys.md").read_text(encoding="utf-8") == made, "run python docs/make_keys.py"
