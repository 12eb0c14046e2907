"""Tests of the window: each process has a screen of its own, and napari settings that nobody else uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from virtual_screen import virtual_screen


@pytest.fixture(scope="session", autouse=True)
def _screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    settings: Path = tmp_path_factory.mktemp("napari") / "settings.yaml"
    os.environ["NAPARI_CONFIG"] = str(settings)
    # Folds, switches and keys that tests leave behind are not the user's.
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))
    with virtual_screen():
        yield
