"""Time one slice step in two linked panes against the same two canvases with nothing of ours.

    xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX" python benchmarks/window/slice_step.py

Two int16 volumes of 200 x 512 x 512 are shown side by side in one window; a step is over when both canvases
have been drawn. Both kinds take turns in one run, and the last line says how much longer ours takes.
"""

from __future__ import annotations

import gc
import statistics
import time
from typing import Any

import napari
import numpy as np
from napari.components import ViewerModel
from napari.qt import QtViewer
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QApplication

from gist_imaging.spatial import Geometry, Mask, Volume
from gist_napari.link import PaneLink
from gist_napari.pane import Pane, qt_viewer_of
from gist_napari.scene import LineDrawing, MaskDrawing, Scene

SHAPE = (200, 512, 512)
ROUNDS, STEPS, WARM_UP, FIRST = 6, 40, 8, 75
SIZE = (1280, 800)


class Painted(QObject):
    """Counts how often a canvas has been drawn."""

    def __init__(self, canvas: Any) -> None:
        super().__init__(canvas)
        self.n = 0
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Let every event through."""
        self.n += event.type() == QEvent.Type.Paint
        return False


def volumes() -> tuple[Volume, Volume]:
    generator = np.random.default_rng(1)
    slab = generator.integers(-200, 300, (20, *SHAPE[1:]), dtype=np.int16)
    axes = np.eye(3)[:, [2, 1, 0]]
    made = []
    for frame in ("1.2.3", "1.2.4"):
        geometry = Geometry.from_spacing(SHAPE, (2.0, 0.8, 0.8), (-200.0, -200.0, -300.0), axes, frame)
        made.append(Volume(np.tile(slab, (SHAPE[0] // 20, 1, 1)), geometry))
    return made[0], made[1]


def tumour(volume: Volume) -> Mask:
    k, j, i = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    inside = ((k - 100) / 40.0) ** 2 + ((j - 256) / 60.0) ** 2 + ((i - 256) / 50.0) ** 2 < 1
    return Mask(inside, volume.geometry)


def window() -> tuple[Any, Any, Any, Any]:
    viewer = napari.Viewer(show=True)
    main = qt_viewer_of(viewer)
    main.dockLayerList.hide()
    main.dockLayerControls.hide()
    model = ViewerModel()
    second = QtViewer(model)
    dock = viewer.window.add_dock_widget(second, area="right")
    main.window().resize(*SIZE)
    settle(0.5)
    main.window().resizeDocks([dock], [SIZE[0] // 2 - 10], Qt.Orientation.Horizontal)
    settle(0.5)
    return viewer, main, model, second


def settle(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()


def timed(step: Any, canvases: list[Any]) -> list[float]:
    """Time steps through slices that were not seen before."""
    painted = [Painted(canvas) for canvas in canvases]
    taken = []
    for _ in range(WARM_UP + STEPS):
        settle(0.02)
        before = [count.n for count in painted]
        start = time.perf_counter()
        step(1)
        while any(count.n == at for count, at in zip(painted, before, strict=True)):
            QApplication.processEvents()
            if time.perf_counter() - start > 2:
                raise TimeoutError("a canvas was not drawn")
        taken.append(1000 * (time.perf_counter() - start))
    return taken[WARM_UP:]


def bare(pre: Volume, post: Volume) -> list[float]:
    viewer, main, model, second = window()
    main.dims.hide()
    second.dims.hide()
    for each, volume in ((viewer, pre), (model, post)):
        each.add_image(volume.voxels, scale=volume.geometry.spacing_mm, contrast_limits=(-160, 240))
        each.dims.set_current_step(0, FIRST)
    viewer.dims.events.point.connect(lambda: setattr(model.dims, "point", viewer.dims.point))

    def step(n: int) -> None:
        viewer.dims.set_current_step(0, viewer.dims.current_step[0] + n)

    settle(0.5)
    taken = timed(step, [main.canvas.native, second.canvas.native])
    viewer.close()
    return taken


def ours(pre: Volume, post: Volume) -> list[float]:
    viewer, main, model, second = window()
    one, other = Pane(viewer, main, "PRE"), Pane(model, second, "POST")
    PaneLink(one, other)
    for pane, volume in ((one, pre), (other, post)):
        pane.show_volume(volume, caption="CT ax · 2.0 mm")
        mask = tumour(volume)
        ends = volume.geometry.to_patient([[100, 256, 206], [100, 256, 306]])
        caliper = LineDrawing(ends, handles=True, label="80.0 mm", slice_only=False)
        pane.set_slice_index(FIRST)
        pane.set_scene(Scene((MaskDrawing(mask, dashed=pane is other, tag="L1"),), (caliper,)))
    settle(0.5)
    taken = timed(one.step, [main.canvas.native, second.canvas.native])
    viewer.close()
    return taken


def main() -> None:
    pre, post = volumes()
    times: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(ROUNDS):
        for name, run in (("bare", bare), ("ours", ours)):
            times[name] += run(pre, post)
            settle(0.2)
            gc.collect()
    for name, taken in times.items():
        p95 = statistics.quantiles(taken, n=20)[-1]
        print(f"{name}: median {statistics.median(taken):.1f} ms, 95 % within {p95:.1f} ms, n = {len(taken)}")
    print(f"ratio {statistics.median(times['ours']) / statistics.median(times['bare']):.2f}")


if __name__ == "__main__":
    main()
