"""A sample patient as an open case in memory, outlined and marked as a reader would have left it."""

from __future__ import annotations

from functools import cache

import numpy as np
from levator_truth import coronal_strokes
from opened_cases import MemoryImages, MemoryJournal
from pelvis_landmarks import BODY

from gist_imaging import workflow
from gist_imaging.phantom import sample_patients
from gist_imaging.session.open_case import OpenCase, SeriesFacts, VisitFacts
from gist_imaging.session.proposals import Proposal, ProposalWarning
from gist_imaging.spatial import Mask, Volume
from gist_imaging.spatial.geometry import plane_of


class MemoryArchive:
    """Keeps committed readings in a list."""

    def __init__(self):
        self.kept: list = []

    def add_reading(self, reading, masks):
        self.kept.append(reading)

    def readings(self, case, reader=None):
        return tuple(self.kept)

    def put_derived(self, case, name, reading_sha256, inputs, value):
        pass

    def derived(self, case, name, inputs):
        return None


@cache
def scans_of(patient: str) -> tuple[tuple[str, int, Volume, Mask], ...]:
    """Label, day, image and true mask of both visits of a sample patient."""
    found = next(one for one in sample_patients() if one.patient_id == patient)
    held = []
    for number, visit in enumerate(found.visits):
        grid = visit.scanner.grid(visit.phantom, f"1.2.{number + 3}")
        held.append((visit.label, visit.day, visit.volume(grid), visit.masks(grid)["tumour"]))
    return tuple(held)


def sample_case(patient: str = "SYN-002", reader: str = "R1", **changes) -> OpenCase:
    """Open a sample patient with nothing given yet."""
    visits, volumes = [], {}
    for (label, day, volume, _), role in zip(scans_of(patient), ("baseline", "follow_up"), strict=True):
        name = f"{'CT' if volume.modality == 'CT' else 'T2'} axial {volume.geometry.spacing_mm[0]:.1f} mm"
        plane = plane_of(volume.geometry)[0]
        facts = SeriesFacts(
            "ax", name, volume.modality or "", plane, volume.geometry.spacing_mm, volume.geometry.shape
        )
        visits.append(VisitFacts(label, role, day, (facts,), "ax"))
        volumes[label] = volume
    changes = {"archive": MemoryArchive(), **changes}
    return OpenCase(patient, reader, tuple(visits), MemoryImages(volumes), MemoryJournal(), **changes)


def outline(case: OpenCase, lesion: str, visit: str, *warnings: ProposalWarning, accept: bool = True) -> None:
    """Propose the true mask, and accept it."""
    mask = next(mask for label, _, _, mask in scans_of(case.case) if label == visit)
    workflow.propose(case, Proposal(lesion, visit, mask, "region_grow", "Grow", {}, warnings))
    if accept:
        workflow.accept(case, lesion, visit)


def mark(case: OpenCase, visit: str, strokes: bool = True, landmarks: bool = True) -> None:
    """Place the landmarks and draw the levator ani where the phantom has them."""
    found = next(one for one in sample_patients() if one.patient_id == case.case)
    phantom = next(one.phantom for one in found.visits if one.label == visit)
    if landmarks:
        for name, point in BODY.items():
            workflow.place_landmark(case, visit, str(name), phantom.to_patient(point))
    if strokes:
        for side in "RL":
            for stroke in coronal_strokes(phantom, side):
                workflow.add_levator_stroke(case, visit, side, np.asarray(stroke.points_mm))


def panel_session(monkeypatch, case: OpenCase):
    """Return a session that has `case` open."""
    from gist_napari.session import Session

    monkeypatch.setattr(workflow, "worklist", lambda *_: (), raising=False)
    monkeypatch.setattr(workflow, "open_case", lambda *_: case, raising=False)
    session = Session()
    session.folder, session.reader = case, case.reader
    assert session.open_case(case.case)
    return session


def shown_panel(monkeypatch, qtbot, tmp_path, case: OpenCase, window_width: int = 1280):
    """Return the task panel over `case`, on the screen and with the keyboard, folds as on a first day."""
    from qtpy.QtCore import QSettings

    from gist_napari.widgets.panel import TaskPanel

    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    session = panel_session(monkeypatch, case)
    panel = TaskPanel(session)
    panel.fit(window_width)
    panel.resize(panel.width(), 601 if window_width < 1600 else 881)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow, timeout=5000)
    panel.said = []
    session.said.connect(lambda toast: panel.said.append(toast.text))
    panel.went = []
    session.go_wanted.connect(lambda visit, point: panel.went.append((visit, point)))
    return panel


def texts_of(widget) -> list[str]:
    """Every word that a widget or anything in it shows, says to a screen reader, or holds ready."""
    from qtpy.QtWidgets import QComboBox, QWidget

    found = []
    for one in (widget, *widget.findChildren(QWidget)):
        for name in ("text", "title", "placeholderText", "toolTip", "whatsThis", "accessibleName"):
            say = getattr(one, name, None)
            held = say() if callable(say) else say
            if isinstance(held, str) and held:
                found.append(held)
        held = [one.accessibleDescription(), one.statusTip(), one.windowTitle()]
        found += [text for text in held if text]
        if isinstance(one, QComboBox):
            found += [one.itemText(at) for at in range(one.count())]
    return found


def answer_everything(case: OpenCase, lesion: str = "L1", **words: str) -> None:
    """Answer what is open: contact R close, the rest of R and L mild, no invasion, unless told otherwise."""
    chosen = {
        "contact": "close",
        "displacement": "mild",
        "invasion": "no",
        "sphincter_depth": "none",
        "confidence": "high",
        **words,
    }
    for question in workflow.open_questions(case):
        workflow.answer(
            case, question.visit, lesion, question.form, question.side, question.field, chosen[question.field]
        )
