"""The command that writes what leaves a study: masks, readings, case sheets and the cohort folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gist_imaging.cli import show

__all__ = ["export"]


def export(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    out: Annotated[Path, typer.Option(help="Folder to write; a new one.")],
    reader: Annotated[str | None, typer.Option(help="Whose readings, such as R1; all without it.")] = None,
    case: Annotated[
        list[str] | None, typer.Option(help="Which case; may be repeated. All without it.")
    ] = None,
    no_sheets: Annotated[bool, typer.Option("--no-sheets", help="Leave out the case sheets.")] = False,
    no_masks: Annotated[bool, typer.Option("--no-masks", help="Leave out the mask files.")] = False,
    no_cohort: Annotated[bool, typer.Option("--no-cohort", help="Leave out the cohort folder.")] = False,
    include_drafts: Annotated[
        bool,
        typer.Option("--include-drafts", help="Also what --reader has not committed, marked as drafts."),
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that measure.")] = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an export that stands there, once the new one is whole.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for programs instead of a table.")
    ] = False,
) -> None:
    """Write masks, readings, case sheets and the cohort folder of a study."""
    from gist_imaging import workflow

    with show.progress("Exporting", quiet=as_json) as tick:
        report = workflow.export_study(
            study,
            out,
            reader=reader,
            cases=case or None,
            cohort=not no_cohort,
            masks=not no_masks,
            sheets=not no_sheets,
            include_drafts=include_drafts,
            workers=workers,
            overwrite=force,
            progress=tick,
        )
    if as_json:
        show.print_json(report.to_json())
    else:
        console = show.open_console()
        for line in report.lines():
            console.print(line, soft_wrap=True)
        if report.failures:
            rows = [(failure.case, failure.what, failure.message) for failure in report.failures]
            console.print(show.table(f"{len(rows)} not exported", ("case", "what", "why"), rows))
        console.print(show.RESEARCH_USE_ONLY)
    raise typer.Exit(0 if report.passed else 3)
