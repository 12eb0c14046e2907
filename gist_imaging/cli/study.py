"""The commands that make a study, take scans in, and look after it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gist_imaging.cli import show
from gist_imaging.cli.export import export

if TYPE_CHECKING:
    from gist_imaging.workflow.study_plan import PlannedCase

study_app = typer.Typer(
    help="Work with a study: import scans, list work, verify, back up.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

study_app.command()(export)


class Reveal(StrEnum):
    """When a reader sees changes and metrics."""

    AFTER_COMMIT = "after_commit"
    ALWAYS = "always"


class Role(StrEnum):
    """What a visit is for."""

    BASELINE = "baseline"
    FOLLOW_UP = "follow_up"
    OTHER = "other"


Folder = Annotated[Path, typer.Argument(help="The study folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]
By = Annotated[str, typer.Option(help="Pseudonym of the one who decides.")]


@study_app.command()
def init(
    folder: Folder,
    study_id: Annotated[str, typer.Option(help="Short name of the study.")],
    title: Annotated[str, typer.Option(help="Title for people; no names or dates.")] = "",
    blinded: Annotated[
        bool, typer.Option("--blinded", help="Readers give their own call before they see numbers.")
    ] = False,
    reveal: Annotated[
        Reveal, typer.Option(help="When changes and metrics are shown: after the reader's call, or always.")
    ] = Reveal.AFTER_COMMIT,
    as_json: AsJson = False,
) -> None:
    """Make a study in FOLDER, on a disk of this machine."""
    from gist_imaging import workflow

    made = workflow.init_study(folder, study_id, title=title, blinded=blinded, reveal=str(reveal))
    if as_json:
        show.print_json({"study_id": made.study_id, "blinded": made.blinded, "reveal": made.reveal})
        return
    typer.echo(
        f"Study {made.study_id} made. Keep link.sqlite and uid.key: they say who the patients are.\n"
        "Next: gist-imaging study import FOLDER SCANS"
    )


@study_app.command("import")
def import_(
    folder: Folder,
    scans: Annotated[
        Path, typer.Argument(help="Folder, archive or DICOMDIR; or manifest.csv, or a folder that holds it.")
    ],
    case: Annotated[
        list[str] | None,
        typer.Option(help="Pseudonym: one for everything, or one for each patient in the order of folders."),
    ] = None,
    first_dose: Annotated[
        str | None, typer.Option(help="First dose of imatinib: a date, or days after the first scan.")
    ] = None,
    same_patient: Annotated[
        str | None, typer.Option(help="Why scans whose patient data differ are of one patient.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take scans into a study: visits, roles, and the series proposed for measuring. Images stay in place."""
    from gist_imaging import workflow

    with show.progress("Importing", quiet=as_json) as tick:
        report = workflow.import_scans(
            folder,
            scans,
            cases=tuple(case or ()),
            first_dose=first_dose,
            same_patient=same_patient,
            dry_run=dry_run,
            progress=tick,
        )
    if as_json:
        show.print_json(report.to_json())
        return
    for planned in report.cases:
        _print_case(planned)
    refused = ", ".join(f"{count} x {code}" for code, count in sorted(report.n_refused.items()))
    if refused:
        typer.echo(f"Files that were not read: {refused}; see `gist-imaging index`.")
    if dry_run:
        typer.echo("Nothing was changed (--dry-run).")
    else:
        typer.echo(f"{len(report.changes)} change(s)." if report.changes else "Nothing new.")


def _print_case(planned: PlannedCase) -> None:
    given = planned.given
    rows = [
        (
            visit.record.label,
            visit.record.role,
            "–" if visit.record.day is None else f"{visit.record.day:+d}",
            one.name,
            "proposed" if one.key == visit.record.measured else "",
            ", ".join(one.problems) or "–",
        )
        for visit in given.visits
        for one in visit.record.series
    ]
    columns = ("visit", "role", "day", "series", "for measuring", "problems")
    show.open_console().print(show.table(given.case, columns, rows))
    for pair in planned.pairs:
        chips = ", ".join(
            f"{chip.name} {chip.text}" + ("" if chip.state == "same" else f" ({chip.state})")
            for chip in pair.chips
        )
        typer.echo(f"  pair, {pair.score:.0%} comparable: {chips}")
    for problem in given.problems:
        typer.echo(f"  to settle: {problem}")


@study_app.command()
def worklist(
    folder: Folder,
    reader: Annotated[str, typer.Option(help="Pseudonym of the reader, such as R1.")],
    as_json: AsJson = False,
) -> None:
    """List the cases in a reader's order, with what the reader did."""
    from gist_imaging import workflow

    rows = workflow.study_worklist(folder, reader)
    if as_json:
        show.print_json([row.to_json() for row in rows])
        return
    shown = [
        (
            str(row.position),
            row.case,
            ", ".join(row.visits),
            row.modality,
            row.status.replace("_", " ") + (", was interrupted" if row.interrupted else ""),
            "; ".join(row.flags) or "–",
            row.last_utc or "–",
        )
        for row in rows
    ]
    done = sum(row.status == "committed" for row in rows)
    columns = ("", "case", "visits", "modality", "status", "flags", "last touched")
    show.open_console().print(show.table(f"{done} of {len(rows)} committed", columns, shown))


@study_app.command()
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Show a study at one glance."""
    from gist_imaging import workflow

    found = workflow.study_status(folder)
    if as_json:
        show.print_json(found.to_json())
        return
    settings = found.settings
    blinded = "blinded" if settings.blinded else "not blinded"
    typer.echo(f"Study {settings.study_id} {settings.title}".rstrip())
    typer.echo(f"{found.n_cases} case(s), {blinded}, changes and metrics shown: {settings.reveal}")
    for reader, counts in found.readers.items():
        told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in sorted(counts.items()))
        typer.echo(f"  {reader}: {told}")
    for case, problems in found.problems.items():
        for problem in problems:
            typer.echo(f"  {case}, to settle: {problem}")
    if found.read_only:
        typer.echo(f"Read-only: {found.read_only}")
    typer.echo(f"Head of the trail: {found.audit_head}")


@study_app.command()
def verify(
    folder: Folder,
    images: Annotated[
        bool, typer.Option("--images", help="Also see that the images are there and unchanged.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """See that a study is whole; exit code 1 when something is wrong."""
    from gist_imaging import workflow

    with show.progress("Verifying", quiet=as_json) as tick:
        report = workflow.verify_study(folder, images=images, progress=tick)
    if as_json:
        show.print_json(report.to_json())
    else:
        for problem in report.problems:
            typer.echo(problem)
        looked = ", ".join(f"{count} {name}" for name, count in report.looked_at.items() if count)
        typer.echo(f"{'Whole' if not report.problems else 'Not whole'}: looked at {looked}.")
    raise typer.Exit(1 if report.problems else 0)


@study_app.command()
def backup(
    folder: Folder,
    to: Annotated[
        Path | None,
        typer.Option(help="Folder to make; backups/ and the time inside the study where left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy a study, also while it is in use. The copy says who the patients are: keep it as safe."""
    from gist_imaging import workflow

    made = workflow.back_up_study(folder, to)
    if as_json:
        show.print_json({"backup": str(made)})
        return
    typer.echo(f"Backup in {made}; bring it back with `gist-imaging study restore`.")


@study_app.command()
def restore(
    backup_folder: Annotated[Path, typer.Argument(metavar="BACKUP", help="What `study backup` made.")],
    folder: Annotated[Path, typer.Argument(help="The study folder to make.")],
    as_json: AsJson = False,
) -> None:
    """Make a study folder from a backup; one that holds a study is left alone."""
    from gist_imaging import workflow

    workflow.restore_study(backup_folder, folder)
    if as_json:
        show.print_json({"restored": str(folder)})
        return
    typer.echo(f"Restored to {folder}.")


@study_app.command()
def role(
    folder: Folder,
    case: Annotated[str, typer.Argument(help="Pseudonym of the case.")],
    visit: Annotated[str, typer.Argument(help="Label of the visit.")],
    to: Annotated[Role, typer.Argument(help="What the visit is for.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, in a few words without names or dates.")],
) -> None:
    """Lay down what a visit is for."""
    from gist_imaging import workflow

    workflow.set_role(folder, case, visit, str(to), by=by, reason=reason)
    typer.echo(f"{case} {visit}: {to}")


@study_app.command()
def pin(
    folder: Folder,
    case: Annotated[str, typer.Argument(help="Pseudonym of the case.")],
    visit: Annotated[str, typer.Argument(help="Label of the visit.")],
    series: Annotated[str, typer.Argument(help="Key of the series, as `study import --json` lists it.")],
    by: By,
    reason: Annotated[str | None, typer.Option(help="Why another series than the proposed one.")] = None,
) -> None:
    """Lay down the series that lesions of a visit are outlined on, for all readers."""
    from gist_imaging import workflow

    workflow.pin_measured(folder, case, visit, series, by=by, reason=reason)
    typer.echo(f"{case} {visit}: series for measuring laid down")
