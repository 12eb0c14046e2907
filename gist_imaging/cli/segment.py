"""The command that makes a mask from what a reader drew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gist_imaging.cli import show


def segment(
    image: Annotated[Path, typer.Argument(help="DICOM file, folder or zip; NIfTI; NRRD.")],
    prompts: Annotated[Path, typer.Option(help="JSON file of strokes, points, boxes, loops and outlines.")],
    out: Annotated[Path, typer.Option(help="The mask to write, NAME.nii.gz.")],
    method: Annotated[str | None, typer.Option(help="How; a wrong name lists all.")] = None,
    preview: Annotated[Path | None, typer.Option(help="A picture to check it by, NAME.png.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    series_uid: Annotated[
        str | None, typer.Option(help="Series Instance UID, where IMAGE holds several.")
    ] = None,
    quantity: Annotated[
        str | None, typer.Option(help="State what a value means (NIfTI, NRRD): HU, ADC, SUV or ARBITRARY.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for programs instead of a table.")
    ] = False,
) -> None:
    """Make the mask of a tumour from a few strokes, points or outlines."""
    from gist_imaging import workflow

    options = workflow.ScanOptions(series_uid=series_uid, quantity=quantity)
    with show.progress("Segmenting", quiet=as_json) as tick:
        made = workflow.segment_scan(
            image, prompts, out, options, method=method, preview=preview, overwrite=force, progress=tick
        )
    result = made.to_json()
    if as_json:
        show.print_json(result)
        return
    typer.echo(f"{made.method}: {result['volume_mm3'] / 1000:.2f} mL, {made.mask.n_voxels} voxels, in {out}")
    if made.confidence is not None:
        rim = made.confidence.rim_mm3 / 1000
        typer.echo(f"Uncertain rim: {rim:.2f} mL")
        for reason in made.confidence.leak_reasons:
            typer.echo(f"Look at it: {reason}.")
    licence = made.mask.provenance.parameters.get("weights_licence")
    if licence:
        typer.echo(f"Licence of the weights: {licence}")
    if made.touches_edge:
        typer.echo("The mask reaches the border of the image: is the lesion cut off?")
    typer.echo(show.RESEARCH_USE_ONLY)
