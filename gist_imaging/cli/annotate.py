"""The command that opens the reading screen."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from gist_imaging.errors import GistImagingError

__all__ = ["annotate"]

GROUP = "gist_imaging.windows"
"""Entry points that open a window; the plugin registers one, so that this room need not know it."""


def annotate(
    study: Annotated[
        Path, typer.Argument(help="A study folder, or a folder of scans: a study is then made of it.")
    ],
    reader: Annotated[str, typer.Option(help="Pseudonym of who reads, such as R1.")] = "R1",
    case: Annotated[str | None, typer.Option(help="Open this case at once.")] = None,
    at: Annotated[
        Path | None, typer.Option("--study", help="Where the study is made, when STUDY is a folder of scans.")
    ] = None,
) -> None:
    """Open the reading screen on a study; with a folder of scans, make a study of it first."""
    found = entry_points(group=GROUP)
    if "annotate" not in found.names:
        raise GistImagingError(
            "the reading screen is installed",
            "it is not",
            'run: pip install "gist-imaging[gui]" in the environment of this program',
        )
    try:
        run = found["annotate"].load()
    except ImportError as error:
        raise GistImagingError(
            "napari and Qt can be loaded",
            f"{error.name or 'a library'} is missing",
            'run: pip install "gist-imaging[gui]", then gist-imaging doctor',
        ) from error
    raise typer.Exit(run(study, reader=reader, case=case, at=at))
