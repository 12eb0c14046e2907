"""What a reader gave to one visit, as drawables for a pane that shows one of its series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gist_imaging import workflow
from gist_imaging.anatomy.mesh_from_sheet import shell_of_sheet
from gist_imaging.errors import GistImagingError
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.spatial.difference import in_one_frame
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.resample import resample_mask
from gist_napari.scene import LineDrawing, MaskDrawing, PointDrawing, Scene
from gist_napari.surface import SurfaceDrawing, surface_of

if TYPE_CHECKING:
    from gist_imaging.session.cells import CellKey, Plain
    from gist_imaging.session.open_case import OpenCase
    from gist_napari.session import Session

__all__ = ["MaskCopies", "scene_of", "surfaces_of"]

FloatArray = npt.NDArray[np.float64]

_KEPT_COPIES = 8


class MaskCopies:
    """Display copies of masks on other series of the same visit; measuring never uses them."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, bytes], Mask | None] = {}

    def on(self, mask: Mask, grid: Geometry) -> Mask | None:
        """Return `mask` on `grid`: itself where it lies there, a resampled copy, or None beyond it."""
        if mask.geometry.matches(grid):
            return mask
        if not in_one_frame(mask.geometry.frame_uid, grid.frame_uid):
            return None
        key = (mask.sha256(), grid.affine.tobytes())
        if key not in self._held:
            while len(self._held) >= _KEPT_COPIES:
                self._held.pop(next(iter(self._held)))
            try:
                self._held[key] = resample_mask(mask, grid)
            except GistImagingError:
                self._held[key] = None
        return self._held[key]


def scene_of(session: Session, visit: str, grid: Geometry, copies: MaskCopies) -> Scene:
    """Return everything that is drawn over a series of `visit` whose grid is `grid`."""
    case = session.case
    if case is None:
        return Scene()
    is_followup = session.tag_of(visit) != "PRE"
    masks = [] if session.masks_hidden else [*_masks(session, case, visit, grid, copies, is_followup)]
    lines = [*_prompts(session, case, visit), *_levator(case, visit), *_marks(case, visit)]
    if not session.masks_hidden:
        lines += _calipers(session, case, visit, is_followup)
    return Scene(tuple(masks), tuple(lines), tuple(_landmarks(case, visit)))


def surfaces_of(session: Session, visit: str) -> list[SurfaceDrawing]:
    """Return the accepted tumours and the levator ani of a visit as surfaces."""
    case = session.case
    if case is None:
        return []
    drawn: list[SurfaceDrawing] = []
    for lesion in session.lesions:
        mask = case.state.mask(lesion, visit)
        mesh = None if mask is None else surface_of(mask)
        if mesh is not None:
            drawn.append(SurfaceDrawing(mesh))
    for side in ("L", "R"):
        try:
            sheet, _ = workflow.levator_surface(case, visit, side)
        except GistImagingError:  # fewer strokes than a surface needs
            continue
        drawn.append(SurfaceDrawing(shell_of_sheet(sheet), style="levator", opacity=0.6))
    return drawn


def _masks(
    session: Session, case: OpenCase, visit: str, grid: Geometry, copies: MaskCopies, dashed: bool
) -> Iterator[MaskDrawing]:
    tag = session.tag_of(visit)
    for lesion in session.lesions:
        proposal = case.state.proposal(lesion, visit)
        accepted = case.state.mask(lesion, visit)
        shown = None if accepted is None or accepted.is_empty else copies.on(accepted, grid)
        if shown is not None:
            filled = not session.outline_only and proposal is None
            yield MaskDrawing(shown, dashed=dashed, filled=filled, tag=f"{lesion}·{tag}")
        waiting = None if proposal is None else copies.on(proposal, grid)
        if waiting is not None:
            yield MaskDrawing(
                waiting, style="proposal", dashed=dashed, hatched=True, filled=False, tag=f"{lesion}·{tag}?"
            )


def _prompts(session: Session, case: OpenCase, visit: str) -> Iterator[LineDrawing]:
    """Strokes stay visible while their result is a proposal or not there yet."""
    lesion = session.active_lesion
    held = case.state.plain("prompts", lesion, visit) if lesion else None
    if held is None or (
        case.state.mask(lesion, visit) is not None and case.state.proposal(lesion, visit) is None
    ):
        return
    for prompt in PromptLog.from_json(held).prompts:
        closed = prompt.kind in ("loop", "outline")
        style = "tumour" if prompt.include and prompt.kind != "loop" else "quiet"
        label = "" if prompt.include else "outside"
        if prompt.kind == "box":
            continue
        yield LineDrawing(np.asarray(prompt.points_mm), style=style, closed=closed, label=label)


def _calipers(session: Session, case: OpenCase, visit: str, dashed: bool) -> Iterator[LineDrawing]:
    for lesion in session.lesions:
        if case.state.proposal(lesion, visit) is not None or not session.measured(lesion, visit):
            continue
        written: list[FloatArray] = []
        for caliper in workflow.shown_calipers(case, lesion, visit, wait=False):
            ends = np.asarray(caliper.points_mm, dtype=np.float64)
            if written and _nearest(ends[1], written) < _nearest(ends[0], written):
                ends = ends[::-1]
            # The length is written at the last end: as far from the other length as may be.
            written.append(ends[1])
            length = float(np.linalg.norm(ends[1] - ends[0]))
            by_hand = " by hand" if caliper.overridden else ""
            yield LineDrawing(ends, dashed=dashed, handles=True, label=f"{length:.1f} mm{by_hand}")


def _nearest(point_mm: FloatArray, others_mm: list[FloatArray]) -> float:
    return min(float(np.linalg.norm(point_mm - other)) for other in others_mm)


def _given(case: OpenCase, kind: str, visit: str) -> Iterator[tuple[CellKey, Plain]]:
    for key, _ in case.state.under(kind, visit):
        yield key, case.state.plain(*key)


def _levator(case: OpenCase, visit: str) -> Iterator[LineDrawing]:
    for key, value in _given(case, "levator", visit):
        yield LineDrawing(np.asarray(value["points_mm"]), style="levator", label=key[2])


def _marks(case: OpenCase, visit: str) -> Iterator[LineDrawing]:
    for _, value in _given(case, "ruler", visit):
        ends = np.asarray(value["points_mm"])
        yield LineDrawing(ends, style="wall", label=f"{np.linalg.norm(ends[1] - ends[0]):.1f} mm")
    for key, value in _given(case, "roi", visit):
        points = np.asarray(value["points_mm"])
        if value["shape"] == "bidimensional":
            yield LineDrawing(
                points[:2], style="wall", label=f"{np.linalg.norm(points[1] - points[0]):.1f} mm"
            )
            yield LineDrawing(
                points[2:], style="wall", label=f"{np.linalg.norm(points[3] - points[2]):.1f} mm"
            )
        else:
            yield LineDrawing(_ellipse(points), style="wall", closed=True, label=f"ROI {key[2]}")


def _ellipse(points: FloatArray) -> FloatArray:
    """Return the outline of the ellipse whose axes are the two pairs of points."""
    middle = (points[0] + points[1]) / 2
    half_one, half_other = (points[1] - points[0]) / 2, (points[3] - points[2]) / 2
    turn = np.linspace(0.0, 2 * np.pi, 48, endpoint=False)[:, None]
    return np.asarray(middle + np.cos(turn) * half_one + np.sin(turn) * half_other)


def _landmarks(case: OpenCase, visit: str) -> Iterator[PointDrawing]:
    for key, value in _given(case, "landmark", visit):
        if value.get("point_mm") is None:
            continue
        yield PointDrawing(
            np.asarray(value["point_mm"]),
            hollow=value.get("status") == "copied",
            label=key[2].replace("_", " "),
        )
