"""Every command of `gist-imaging`: read the words, call one workflow function, show what came back.

Heavy libraries load inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gist_imaging._version import __version__
from gist_imaging.cli import show, show_relation
from gist_imaging.cli.annotate import annotate
from gist_imaging.cli.export import export
from gist_imaging.cli.relation import TumourSide, relation, side_of
from gist_imaging.cli.segment import segment
from gist_imaging.cli.study import study_app

app = typer.Typer(
    name="gist-imaging",
    help="Rectal GIST before and after imatinib: measure, judge, export. Research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
cohort_app = typer.Typer(help="Work with a cohort folder.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(cohort_app, name="cohort")
app.add_typer(study_app, name="study")
app.command()(segment)
app.command()(export)
app.command()(relation)
app.command()(annotate)


class Phase(StrEnum):
    """Contrast phase, as the reader states it."""

    NONE = "none"
    ARTERIAL = "arterial"
    PORTAL_VENOUS = "portal_venous"
    DELAYED = "delayed"
    UNKNOWN = "unknown"


class StatedQuantity(StrEnum):
    """What the user says that a voxel value means."""

    HU = "HU"
    ADC = "ADC"
    SUV = "SUV"
    ARBITRARY = "ARBITRARY"


class HuRoi(StrEnum):
    """Which part of the tumour the density is read from."""

    WHOLE = "whole"
    ERODED_1MM = "eroded_1mm"
    LARGEST_SLICE = "largest_slice"


class PhantomModality(StrEnum):
    """What the phantom is scanned with."""

    CT = "CT"
    MR = "MR"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]
SeriesUid = Annotated[str | None, typer.Option(help="Series Instance UID, where the image holds several.")]
Split = Annotated[
    list[str] | None,
    typer.Option(help="Which stack of a series, as `index` lists it: b_value=800. May be repeated."),
]
Label = Annotated[str | None, typer.Option(help="Number or name of the structure, where MASK holds several.")]
StatedAs = Annotated[
    StatedQuantity | None, typer.Option("--quantity", help="State what a value means (NIfTI, NRRD).")
]
Roi = Annotated[HuRoi, typer.Option(help="Where density is read.")]
Resample = Annotated[bool, typer.Option("--resample", help="Resample a mask that lies on another grid.")]
OverrideReason = Annotated[
    str | None, typer.Option(help="Measure in spite of a geometry error; the reason goes with every number.")
]
NotPhysical = Annotated[
    bool, typer.Option("--not-physical", help="The spacing is not the patient's: voxel ratios only.")
]


def run() -> None:
    """Run the command line; errors raised on purpose become three-part messages."""
    show.guarded(app)


def _given(text: str) -> Path:
    if not text.strip():
        raise typer.BadParameter("a path is needed; this one is empty")
    return Path(text)


def _split(words: list[str] | None) -> dict[str, str | float]:
    pairs = [word.partition("=") for word in words or ()]
    if wrong := [name for name, _, value in pairs if not (name and value)]:
        raise typer.BadParameter(f"write NAME=VALUE, such as b_value=800; got {wrong[0]!r}")
    return {name: value for name, _, value in pairs}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gist-imaging {__version__}")
        raise typer.Exit


@app.callback()
def main(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Measure rectal GIST before and after imatinib. Research use only."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo writes.")] = Path("demo_out"),
    scans: Annotated[
        Path | None, typer.Option(help="Folder of the sample scans; without it they are made anew.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Run the whole journey on three synthetic patients and hold it against their known truth."""
    from gist_imaging import workflow

    with show.progress("Working", quiet=as_json) as tick:
        report = workflow.run_demo(out, scans=scans, workers=workers, progress=tick)
    show.demo(report, as_json)
    raise typer.Exit(0 if report.passed else 3)


@app.command()
def index(
    path: Annotated[Path, typer.Argument(parser=_given, help="Folder, file, zip archive or DICOMDIR.")],
    as_json: AsJson = False,
) -> None:
    """List every series that PATH holds, what can be measured, and what was refused and why."""
    from gist_imaging import workflow

    with show.progress("Reading", quiet=as_json) as tick:
        found = workflow.index_path(path, progress=tick)
    show.index(found, as_json)


@app.command()
def measure(
    image: Annotated[Path, typer.Argument(parser=_given, help="DICOM file, folder or zip; NIfTI; NRRD.")],
    mask: Annotated[Path, typer.Argument(parser=_given, help="NIfTI, NRRD, DICOM SEG or RTSTRUCT.")],
    series_uid: SeriesUid = None,
    split: Split = None,
    label: Label = None,
    quantity: StatedAs = None,
    hu_roi: Roi = HuRoi.WHOLE,
    resample: Resample = False,
    override_reason: OverrideReason = None,
    not_physical: NotPhysical = False,
    as_json: AsJson = False,
) -> None:
    """Measure one lesion on one scan."""
    from gist_imaging import workflow

    options = workflow.ScanOptions(
        series_uid=series_uid,
        split=_split(split),
        label=label,
        quantity=str(quantity) if quantity else None,
        hu_roi=str(hu_roi),
        resample=resample,
        override_reason=override_reason,
        physical=not not_physical,
    )
    show.measurement(workflow.measure_scan(image, mask, options), as_json)


@app.command()
def compare(
    pre: Annotated[Path, typer.Argument(parser=_given, help="Scan before imatinib.")],
    pre_mask: Annotated[Path, typer.Argument(parser=_given, help="Tumour on the scan before.")],
    post: Annotated[Path, typer.Argument(parser=_given, help="Scan after imatinib.")],
    post_mask: Annotated[Path, typer.Argument(parser=_given, help="Tumour on the scan after.")],
    days: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Days of both scans since the first dose.", show_default=False),
    ] = None,
    phase: Annotated[
        Phase, typer.Option(help="Contrast phase of both scans; unknown makes Choi not evaluable.")
    ] = Phase.UNKNOWN,
    pre_series: SeriesUid = None,
    pre_split: Split = None,
    post_series: SeriesUid = None,
    post_split: Split = None,
    label: Label = None,
    quantity: StatedAs = None,
    hu_roi: Roi = HuRoi.WHOLE,
    resample: Resample = False,
    new_lesion: Annotated[bool, typer.Option("--new-lesion", help="A new lesion was seen after.")] = False,
    new_nodule: Annotated[
        bool, typer.Option("--new-nodule", help="A new nodule in the mass was seen after (Choi).")
    ] = False,
    same_patient: Annotated[
        str | None, typer.Option(help="Why scans whose patient data differ are of one patient.")
    ] = None,
    order_reason: Annotated[
        str | None, typer.Option(help="Why the scans are in this order although their dates say otherwise.")
    ] = None,
    override_reason: OverrideReason = None,
    not_physical: NotPhysical = False,
    pre_relation: Annotated[
        Path | None,
        typer.Option(help="JSON file of levator ani, landmarks and the reader's words, before."),
    ] = None,
    post_relation: Annotated[Path | None, typer.Option(help="The same after.")] = None,
    side: Annotated[
        TumourSide | None, typer.Option(help="Side of the tumour, for the two files above.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a tumour before and after imatinib and judge the change by each set of rules."""
    from gist_imaging import workflow

    if (pre_relation is None) != (post_relation is None):
        raise typer.BadParameter("give both --pre-relation and --post-relation, or neither")

    options = workflow.ScanOptions(
        series_uid=pre_series,
        split=_split(pre_split),
        label=label,
        quantity=str(quantity) if quantity else None,
        hu_roi=str(hu_roi),
        resample=resample,
        override_reason=override_reason,
        physical=not not_physical,
    )
    pair = workflow.ScanPair(pre, pre_mask, post, post_mask)
    post_options = replace(options, series_uid=post_series, split=_split(post_split))
    comparison = workflow.compare_scans(
        pair,
        options,
        post_options=post_options,
        days=days,
        phase=str(phase),
        new_lesion=new_lesion,
        new_nodule=new_nodule,
        same_patient_reason=same_patient,
        order_reason=order_reason,
    )
    if pre_relation is None or post_relation is None:
        show.comparison(comparison, as_json)
        return
    with show.progress("Registering", quiet=as_json) as tick:
        change = workflow.compare_relations(
            pair,
            workflow.RelationFiles((pre_relation,), side=side_of(side)),
            workflow.RelationFiles((post_relation,)),
            options,
            post_options=post_options,
            progress=tick,
        )
    if as_json:
        show.print_json({**comparison.to_json(), "relation": change.to_json()})
        return
    show.comparison(comparison, as_json, goes_on=True)
    show_relation.change(change)


@app.command()
def batch(
    manifest: Annotated[
        Path,
        typer.Argument(parser=_given, help="CSV, one lesion on one scan a row; see docs/batch.md."),
    ],
    out: Annotated[Path, typer.Option(help="The cohort folder to write.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the manifest and say what would run.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try failed cases again.")] = False,
    hu_roi: Roi = HuRoi.WHOLE,
    study_id: Annotated[str, typer.Option(help="Short name of the study.")] = "COHORT",
    as_json: AsJson = False,
) -> None:
    """Measure every row of a manifest and write one cohort folder; stop and start it at will."""
    from gist_imaging import workflow

    with show.progress("Measuring", quiet=as_json) as tick:
        report = workflow.measure_cohort(
            manifest,
            out,
            workers=workers,
            dry_run=dry_run,
            retry_failed=retry_failed,
            hu_roi=str(hu_roi),
            study_id=study_id,
            progress=tick,
        )
    show.batch(report, as_json)
    raise typer.Exit(3 if report.n_failed or report.relation_failures else 0)


@cohort_app.command("validate")
def cohort_validate(
    folder: Annotated[Path, typer.Argument(parser=_given, help="A cohort folder.")],
    as_json: AsJson = False,
) -> None:
    """Check a cohort folder: hashes, schema, keys, clinical rules, privacy."""
    from gist_imaging import workflow

    report = workflow.validate_cohort(folder)
    show.validation(report, as_json)
    raise typer.Exit(1 if report.problems else 0)


@app.command()
def phantom(
    out: Annotated[Path, typer.Option(help="Folder to write the patient to.")],
    modality: Annotated[PhantomModality, typer.Option(help="CT or oblique T2 MR.")] = PhantomModality.CT,
    matrix: Annotated[int, typer.Option(min=32, max=2048, help="Rows and columns.")] = 256,
    slices: Annotated[int, typer.Option(min=3, max=2000, help="Slices.")] = 48,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a synthetic pelvis with a tumour of known size, before and after, as DICOM with its truth."""
    from gist_imaging import workflow

    truth = workflow.make_phantom(out, modality=str(modality), matrix=matrix, slices=slices, seed=seed)
    show.phantom(out, truth, as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say whether this machine can do the work: versions, decoders, display, SQLite, memory."""
    from gist_imaging import workflow

    checks: list[Any] = list(workflow.diagnose())
    show.doctor(checks, as_json)
    raise typer.Exit(1 if any(check.status == "missing" for check in checks) else 0)
