"""The command that measures tumour and levator ani on one scan."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gist_imaging.cli import show_relation

if TYPE_CHECKING:
    from gist_imaging.anatomy.relation_values import RelationSide


class TumourSide(StrEnum):
    """Side of the tumour; left and right are the patient's."""

    L = "L"
    R = "R"
    MIDLINE = "midline"


def relation(
    image: Annotated[Path, typer.Argument(help="DICOM file, folder or zip; NIfTI; NRRD.")],
    tumour: Annotated[Path, typer.Argument(help="Mask of the tumour: NIfTI, NRRD, DICOM SEG or RTSTRUCT.")],
    levator_left: Annotated[Path | None, typer.Option(help="Mask of the left levator ani.")] = None,
    levator_right: Annotated[Path | None, typer.Option(help="Mask of the right levator ani.")] = None,
    strokes: Annotated[
        list[Path] | None,
        typer.Option(help="JSON file of strokes along the levator ani (docs/relation_command.md)."),
    ] = None,
    landmarks: Annotated[
        list[Path] | None, typer.Option(help="JSON file of landmarks; may be the same file.")
    ] = None,
    calls: Annotated[
        list[Path] | None, typer.Option(help="JSON file of the reader's own words; may be the same file.")
    ] = None,
    landmark_image: Annotated[
        list[Path] | None, typer.Option(help="A further series of the visit that landmarks lie on.")
    ] = None,
    side: Annotated[
        TumourSide | None,
        typer.Option(help="Side of the tumour; without it, that whose levator ani is clearly nearer."),
    ] = None,
    midline: Annotated[
        bool, typer.Option("--midline", help="The tumour lies across the midline: no side is a yardstick.")
    ] = False,
    bilateral: Annotated[
        bool, typer.Option("--bilateral", help="Both sides are affected: both are measured.")
    ] = False,
    label: Annotated[
        str | None, typer.Option(help="Number or name of the tumour, where TUMOUR holds several.")
    ] = None,
    left_label: Annotated[str | None, typer.Option(help="The same for the left levator ani.")] = None,
    right_label: Annotated[str | None, typer.Option(help="The same for the right levator ani.")] = None,
    snap: Annotated[
        bool, typer.Option("--snap", help="Move strokes onto the image's dark line, by at most 3 mm.")
    ] = False,
    series_uid: Annotated[
        str | None, typer.Option(help="Series Instance UID, where IMAGE holds several.")
    ] = None,
    quantity: Annotated[
        str | None, typer.Option(help="State what a value means (NIfTI, NRRD): HU, ADC, SUV or ARBITRARY.")
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Resample masks that lie on another grid.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for programs instead of a table.")
    ] = False,
) -> None:
    """Measure how a tumour lies to the levator ani, the pelvic floor and the anal verge.

    The reader's own words come first. Words are suggested from the numbers only after them, and never for
    invasion.
    """
    from gist_imaging import workflow

    files = workflow.RelationFiles(
        marks=(*(strokes or ()), *(landmarks or ()), *(calls or ())),
        levator_left=levator_left,
        levator_right=levator_right,
        left_label=left_label,
        right_label=right_label,
        landmark_images=tuple(landmark_image or ()),
        snap=snap,
        side=_chosen_side(side, midline, bilateral),
        bilateral=bilateral,
    )
    options = workflow.ScanOptions(series_uid=series_uid, label=label, quantity=quantity, resample=resample)
    show_relation.relation(workflow.measure_relation(image, tumour, files, options), as_json)


def side_of(side: TumourSide | None) -> RelationSide | None:
    """Return the side as the library names it."""
    if side is TumourSide.MIDLINE:
        return "midline"
    if side is TumourSide.L:
        return "L"
    return "R" if side is TumourSide.R else None


def _chosen_side(side: TumourSide | None, midline: bool, bilateral: bool) -> RelationSide | None:
    if sum((side is not None, midline, bilateral)) > 1:
        raise typer.BadParameter("give one of --side, --midline and --bilateral")
    return "midline" if midline else side_of(side)
