"""How results, progress and errors are printed: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import Cancelled, GistImagingError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from gist_imaging.study import ScanIndex

RESEARCH_USE_ONLY = "Research use only; not a medical device."

Tick = Callable[[int, int], None]


def guarded(app: Callable[[], Any]) -> None:
    """Run `app`; print errors raised on purpose in three parts, anything else without its values.

    Exit codes: 1 wrong input, 130 cancelled; 0, 2 and 3 come from the commands themselves.
    """
    try:
        app()
    except Cancelled as stop:
        _fail(str(stop), code=130)
    except GistImagingError as error:
        _refuse(error)
    except OSError as error:
        if os.environ.get("GIST_IMAGING_DEBUG"):
            raise
        name = Path(error.filename).name if isinstance(error.filename, str | Path) else "it"
        _refuse(
            GistImagingError(
                "files that can be read and a folder that can be written",
                f"{name}: {error.strerror or type(error).__name__}",
                "check the name, the permissions and the space on the disk",
            )
        )
    except Exception as error:
        if os.environ.get("GIST_IMAGING_DEBUG"):
            raise
        # The text of a foreign error may hold a patient's values, so only its kind and place are shown.
        _fail(
            f"Unexpected {type(error).__name__} at {_place(error)}; set GIST_IMAGING_DEBUG=1 for the details"
        )


def _refuse(error: GistImagingError) -> None:
    if "--json" in sys.argv:
        print_json({"error": {"expected": error.expected, "found": error.found, "advice": error.advice}})
    parts = [("Expected", error.expected), ("Found", error.found), ("What to do", error.advice)]
    if not (error.found or error.advice):
        _fail(error.expected)
    _fail("\n".join(f"{title + ':':12} {text}" for title, text in parts if text))


def _place(error: Exception) -> str:
    traceback = error.__traceback__
    place = "an unknown place"
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        if module.startswith("gist_imaging"):
            place = f"{module}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def _fail(message: str, code: int = 1) -> None:
    sys.stderr.write(message + "\n")
    sys.exit(code)


def print_json(value: Any) -> None:
    """Print `value` as JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def open_console() -> Console:
    """Return where tables go."""
    from rich.console import Console

    # Without a terminal, lines are not folded: a log or a pipe keeps whole rows.
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> Table:
    """Return a table; its last `numbers` columns are set to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        table.add_column(
            column, justify="right" if position >= len(columns) - numbers else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*row)
    return table


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Tick | None]:
    """Give a function that shows how much is done, on standard error; None when there is nobody to see."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def tick(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield tick


def _mm(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _ml(volume_mm3: float | None) -> str:
    return "–" if volume_mm3 is None else f"{volume_mm3 / 1000:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f} %"


def index(found: ScanIndex, as_json: bool) -> None:
    """Print what a folder holds."""
    if as_json:
        print_json(found.to_json())
        return
    console = open_console()
    rows = [
        (
            series.modality,
            series.description or "–",
            " ".join(f"{name}={value}" for name, value in series.split.items()) or "–",
            " × ".join(str(n) for n in series.shape) if series.shape else "–",
            " × ".join(f"{mm:.3g}" for mm in series.spacing_mm) if series.spacing_mm else "–",
            str(series.n_files),
            str(series.kind),
            ", ".join(str(problem.code) for problem in series.problems) or "–",
        )
        for series in found.series
    ]
    columns = ("", "series", "split by", "slices × rows × columns", "spacing mm", "files", "kind", "problems")
    console.print(table(f"{len(found.series)} series", columns, rows))
    for series in found.series:
        for problem in series.problems:
            console.print(f"  {series.description or series.series_uid}: {problem}", soft_wrap=True)
    if found.refused:
        refused = [(entry.file, str(entry.problem.code), entry.problem.message) for entry in found.refused]
        console.print(table(f"{len(refused)} files refused", ("file", "code", "reason"), refused))


_SIZES = (
    ("longest_axial_diameter_mm", "longest diameter in one slice"),
    ("short_axis_mm", "short axis, same slice"),
    ("longest_3d_diameter_mm", "longest 3D diameter"),
    ("craniocaudal_length_mm", "craniocaudal length"),
)


def _unit_rows(numbers: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = [
        ("volume", _ml(numbers["volume_mm3"]), "mL"),
        ("volume of the mesh", _ml(numbers["mesh_volume_mm3"]), "mL"),
    ]
    rows += [(title, _mm(numbers[name]), "mm") for name, title in _SIZES]
    unit = "HU" if numbers["quantity"] == "HU" else str(numbers["quantity"]).lower()
    rows += [(name, _mm(numbers[name]), unit) for name in ("mean", "sd", "median", "p10", "p90")]
    return rows


def measurement(measured: Any, as_json: bool) -> None:
    """Print one lesion on one scan."""
    numbers = measured.to_json()
    if as_json:
        print_json(numbers)
        return
    console = open_console()
    plane = f"plane {numbers['ld_plane']}" if numbers.get("ld_plane") else "no plane"
    console.print(table(f"One lesion, one scan ({plane})", ("", "value", "unit"), _unit_rows(numbers)))
    _say_reasons(console, numbers)
    console.print(RESEARCH_USE_ONLY)


def _say_reasons(console: Console, numbers: dict[str, Any]) -> None:
    for name, reason in numbers["not_measured"].items():
        console.print(f"  {name}: not measured, {reason}")
    for problem in numbers["problems"]:
        console.print(f"  {problem['code']}: {problem['message']}", soft_wrap=True)
    for override in numbers["overrides"]:
        console.print(f"  {override['code']} overridden: {override['reason']}", soft_wrap=True)


def comparison(compared: Any, as_json: bool, *, goes_on: bool = False) -> None:
    """Print a tumour before and after, and what each set of rules calls the change.

    Parameters
    ----------
    goes_on : more is printed below, which ends as every report for people does
    """
    result = compared.to_json()
    if as_json:
        print_json(result)
        return
    console = open_console()
    rows = [
        (title, before, after, _percent(result["change_pct"].get(name)), unit)
        for (title, before, unit), (_, after, _), name in zip(
            _unit_rows(result["pre"]), _unit_rows(result["post"]), result["change_order"], strict=True
        )
    ]
    console.print(table("Before and after", ("", "before", "after", "change", "unit"), rows))
    verdicts = [
        (entry["criterion"], entry["category"], entry["rule"] or entry["reason"] or "–")
        for entry in result["responses"]
    ]
    console.print(table("Response", ("rules", "category", "because"), verdicts))
    lost = {side: set(result[side]["not_measured"].items()) for side in ("pre", "post")}
    for side, words in (("pre", "before"), ("post", "after")):
        for name, reason in result[side]["not_measured"].items():
            on_both = (name, reason) in lost["pre"] & lost["post"]
            if not (on_both and side == "post"):
                when = "" if on_both else f"{words}: "
                console.print(f"  {when}{name}: not measured, {reason}")
    if not goes_on:
        console.print(RESEARCH_USE_ONLY)


def batch(report: Any, as_json: bool) -> None:
    """Print what a batch did."""
    if as_json:
        print_json(report.to_json())
        return
    console = open_console()
    for line in report.lines():
        console.print(line, soft_wrap=True)
    if report.failures:
        rows = [(f["case"], f["stage"], f["code"], f["message"]) for f in report.to_json()["failures"]]
        console.print(table(f"{len(rows)} failed", ("case", "stage", "code", "reason"), rows))
    console.print(RESEARCH_USE_ONLY)


def validation(report: Any, as_json: bool) -> None:
    """Print what is wrong with a cohort folder, or that nothing is."""
    if as_json:
        print_json(report.to_json())
        return
    console = open_console()
    for problem in report.problems:
        console.print(f"  {problem}", soft_wrap=True)
    console.print("The cohort is valid." if not report.problems else f"{len(report.problems)} problem(s).")


def phantom(out: Any, truth: dict[str, Any], as_json: bool) -> None:
    """Print where the phantom lies and what is known of it."""
    if as_json:
        print_json({"folder": str(out), "truth": truth})
        return
    open_console().print(f"Written to {out}; what is known of it stands in truth.json.", soft_wrap=True)


def doctor(checks: Sequence[Any], as_json: bool) -> None:
    """Print what this machine can do."""
    if as_json:
        print_json([check.to_json() for check in checks])
        return
    rows = [(check.name, check.found, check.status, check.advice) for check in checks]
    open_console().print(table("This machine", ("", "found", "", "what to do"), rows))


def demo(report: Any, as_json: bool) -> None:
    """Print the demo's numbers beside the truth, and what was written."""
    if as_json:
        print_json(report.to_json())
        return
    console = open_console()
    rows = [
        (
            row.scan,
            row.quantity,
            f"{row.truth:.2f}",
            f"{row.measured:.2f}",
            row.unit,
            f"{row.allowed:.2f}",
            "ok" if row.passed else "OFF",
        )
        for row in report.rows
    ]
    columns = ("scan", "quantity", "truth", "measured", "unit", "allowed", "")
    console.print(table("Measured against the known truth", columns, rows))
    verdicts = [
        (v.patient, v.criterion, v.expected, v.found, "ok" if v.passed else "OFF") for v in report.verdicts
    ]
    console.print(
        table("Response against the known truth", ("patient", "rules", "truth", "found", ""), verdicts)
    )
    console.print("Written:")
    for path, what in report.written:
        console.print(f"  {path}  {what}", soft_wrap=True)
    console.print("All numbers are right." if report.passed else "Some numbers are off; see OFF above.")
    console.print(RESEARCH_USE_ONLY)
