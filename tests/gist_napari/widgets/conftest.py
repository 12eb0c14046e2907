"""A session over cases in memory; what it asks of the workflow is kept in `calls`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import opened_cases
import pytest

from gist_imaging import workflow


class Reading:
    """A session, the rows of its worklist, its open cases, and every call of the workflow in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from gist_napari.session import Session

        self.calls: list[tuple] = []
        self.rows = [
            opened_cases.row(f"SYN-{n:03d}", n, status)
            for n, status in enumerate(["committed", "draft", "not_started", "blocked"], start=15)
        ]
        self.blinded = True
        self.numbers: dict[tuple[str, str], SimpleNamespace] = {}
        self.toasts: list = []
        self.pages: list[str] = []
        self.went: list[tuple] = []

        def named(name: str, answer=None):
            def action(*arguments, **words):
                self.calls.append((name, *arguments[1:], *words.items()))
                return answer(*arguments, **words) if answer else True

            return action

        def add_lesion(case, organ="rectum", role="target"):
            name = f"L{len([*case.state.under('lesion')]) + 1}"
            opened_cases.put(case, "lesion", name, opened_cases.lesion(organ, role))
            return name

        fakes = {
            "study_worklist": lambda _folder, _reader: tuple(self.rows),
            "open_case": lambda _folder, case, reader: opened_cases.opened(
                case, reader=reader, blinded=self.blinded
            ),
            "close_case": lambda case: case.close(),
            "is_committed": lambda case: case.state.plain("commit") is not None,
            "live_numbers": lambda _case, lesion, visit: self.numbers.get((lesion, visit)),
            "add_lesion": named("add_lesion", add_lesion),
            "set_lesion": named("set_lesion"),
            "set_fate": named("set_fate"),
            "change_numbers": named("change_numbers"),
            "grow_job": named("grow_job", lambda *_: None),
            "between_job": named("between_job", lambda *_: None),
            "keep_largest_job": named("keep_largest_job", lambda *_: None),
            "remember_view": named("remember_view"),
        }
        for name, fake in fakes.items():
            monkeypatch.setattr(workflow, name, fake, raising=False)
        self.session = Session()
        self.session.said.connect(self.toasts.append)
        self.session.page_wanted.connect(self.pages.append)
        self.session.go_wanted.connect(lambda *where: self.went.append(where))

    @property
    def case(self):
        return self.session.case

    @property
    def said(self) -> list[str]:
        return [toast.text for toast in self.toasts]


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch, qapp):
    made = Reading(monkeypatch)
    made.session.open_study(Path("study"), "R1")
    yield made
    made.session.close()
