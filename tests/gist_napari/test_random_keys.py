"""Keys and drags in any order, everywhere: nothing breaks, and the journal holds what was seen.

More presses than the few of every run: set GIST_IMAGING_KEY_PRESSES.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt, qInstallMessageHandler
from qtpy.QtGui import QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from reading_screen import ReadingScreen, reading_screen
from window_driver import settle

from gist_imaging import workflow
from gist_napari.keys import BINDINGS

pytestmark = [pytest.mark.journey, pytest.mark.gui]

N_PRESSES = int(os.environ.get("GIST_IMAGING_KEY_PRESSES", "100"))
SEED = int(os.environ.get("GIST_IMAGING_KEY_SEED", "7"))
PAGES = ("look", "segment", "measure", "landmarks", "levator", "call", "report", "metrics", "response")


@pytest.fixture(scope="module")
def screen(tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen((1280, 800), tmp_path_factory.mktemp("keys") / "study") as shown:
        yield shown


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What went wrong behind the window: exceptions of slots and threads, and warnings of Qt."""
    told: list[str] = []

    def tell(_kind: type[BaseException], error: BaseException, _trace: Any) -> None:
        told.append("".join(traceback.format_exception(error)[-6:]))

    monkeypatch.setattr(sys, "excepthook", tell)
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(f"thread: {args.exc_value}"))
    before = qInstallMessageHandler(lambda _kind, _where, text: told.append(f"Qt: {text}"))
    yield told
    qInstallMessageHandler(before)


def chords() -> list[tuple[Qt.Key, Qt.KeyboardModifier, bool]]:
    """Every key of the table with its modifiers, and whether it is held; and some that nobody bound."""
    found = []
    for binding in BINDINGS:
        for spelled in binding.keys:
            combined = QKeySequence(spelled, QKeySequence.SequenceFormat.PortableText)[0]
            found.append((combined.key(), combined.keyboardModifiers(), binding.hold))
    free = (
        Qt.Key.Key_Tab,
        Qt.Key.Key_Delete,
        Qt.Key.Key_Space,
        Qt.Key.Key_V,
        Qt.Key.Key_9,
        Qt.Key.Key_Backspace,
    )
    return [*found, *((key, Qt.KeyboardModifier.NoModifier, False) for key in free)]


def targets(screen: ReadingScreen) -> list[QWidget]:
    """Where a key may be pressed: the panes, what has the focus, fields of the panel, the worklist."""
    inside = screen.dock.panel if screen.case is not None else screen.dock.worklist
    fields = [one for one in inside.findChildren(QLineEdit) if one.isVisible()]
    focused = QApplication.focusWidget()
    shown = (
        [screen.pre.widget, screen.post.widget] * 4
        if screen.case is not None
        else [screen.dock.worklist.table]
    )
    return [*shown, *fields, *([focused] if focused is not None else [])]


def test_any_keys_in_any_order_break_nothing_and_lose_nothing(screen: ReadingScreen, wrong: list[str]):
    rng = np.random.default_rng(SEED)
    session, keys = screen.session, chords()
    screen.open("SYN-001")
    touched, held = {("SYN-001", session.case.reader)}, []
    for n in range(N_PRESSES):
        if session.case is None and rng.random() < 0.5:
            session.open_case(str(rng.choice(["SYN-001", "SYN-002", "SYN-003"])))
        if session.case is not None:
            touched.add((session.case.case, session.case.reader))
            chance = rng.random()
            if chance < 0.25:
                pane = screen.pre if rng.random() < 0.5 else screen.post
                middle = np.array([pane.widget.width(), pane.widget.height()]) / 2
                path = middle + rng.normal(0, 25, (1, 2)) + np.cumsum(rng.normal(0, 6, (6, 2)), axis=0)
                ctrl = Qt.KeyboardModifier.ControlModifier
                screen.hands.drag_px(
                    pane.widget, path, held=ctrl if rng.random() < 0.2 else Qt.KeyboardModifier.NoModifier
                )
            elif chance < 0.32:
                session.page_wanted.emit(str(rng.choice(PAGES)))
        where = targets(screen)
        target = where[rng.integers(len(where))]
        key, modifiers, is_hold = keys[rng.integers(len(keys))]
        target.setFocus()
        QTest.keyPress(target, key, modifiers)
        if is_hold and rng.random() < 0.5:
            held.append((key, modifiers))
        else:
            QTest.keyRelease(QApplication.focusWidget() or target, key, modifiers)
        if held and rng.random() < 0.3:
            released, with_held = held.pop()
            QTest.keyRelease(QApplication.focusWidget() or target, released, with_held)
        QApplication.processEvents()
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QMenu) and widget.isVisible():
                QTest.keyClick(widget, Qt.Key.Key_1 if rng.random() < 0.7 else Qt.Key.Key_Escape)
            elif widget.isModal() and widget.isVisible():
                wrong.append(f"a dialog: {type(widget).__name__} after {n} {key!r} {modifiers!r}")
                widget.close()
        assert not wrong, (n, key, modifiers, wrong)
    screen.dock.keys.release_all()
    screen.wait_for_job()
    seen = {}
    if session.case is not None:
        last = (session.case.case, session.case.reader)
        touched.add(last)
        seen[last] = session.case.state
    session.leave_case()
    settle(0.3)
    assert not wrong, wrong
    for case, reader in sorted(touched):  # keys typed into the worklist may name another reader
        direct = workflow.open_case(screen.study, case, reader)
        assert workflow.replay(screen.study, case, reader).sha256 == direct.state.sha256
        if (case, reader) in seen:
            assert direct.state.sha256 == seen[case, reader].sha256
            assert direct.state.seq >= seen[case, reader].seq
        workflow.close_case(direct)


def test_every_key_works_while_a_pane_shows_surfaces(screen: ReadingScreen, wrong: list[str]):
    session, dock = screen.session, screen.dock
    session.open_case("SYN-002")
    screen.give_truth("L1", "baseline")
    settle(0.2)
    for binding in BINDINGS:
        if binding.action not in dock.actions_by_id or binding.action in (
            "next_case",
            "key_sheet",
            "three_d",
        ):
            continue
        session.choose_visit("baseline")
        if screen.pre.flat:
            dock.actions_by_id["three_d"]()
        act = dock.actions_by_id[binding.action]
        for given in ((True,), (False,)) if binding.hold else ((),):
            try:
                act(*given)
            except Exception as error:  # noqa: BLE001 - each is told with its key
                wrong.append(f"{binding.action}: {type(error).__name__} {error}")
        QApplication.processEvents()
        if session.jobs.busy:
            screen.wait_for_job()
    screen.hover(screen.pre, (140, 150))
    screen.hands.wheel(screen.pre.widget, 1)
    settle(0.6)  # where the reader is has been kept by then
    assert not wrong, "\n".join(wrong)
