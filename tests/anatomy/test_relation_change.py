"""M10: a levator that moved by a known amount, seen through a registration with a known error."""

import json
from dataclasses import replace

import numpy as np
import pytest
from relation_shapes import CAP_TUMOUR, LYING_ANEW, Lie, ball, flat, sheet

from gist_imaging.anatomy.relation import RelationScene, measure_relation
from gist_imaging.anatomy.relation_change import NOT_DISTINGUISHABLE, relation_change
from gist_imaging.errors import GeometryError, MeasurementError
from gist_imaging.spatial.register_transform import RigidTransform

AFTER = Lie((-0.05, 0.1, 0.12), (-20.0, -130.0, 300.0))


def visit(lie: Lie, drop_mm: float, radius: float = 30.0, **more):
    levator = {
        "L": lie.mesh(sheet((5, 85), (-40, 40), lambda x, y: flat(x, y) - drop_mm)),
        "R": lie.mesh(sheet((-85, -5), (-40, 40), flat)),
    }
    tumour = lie.mesh(ball(radius, (CAP_TUMOUR[0], 0.0, radius - drop_mm), edge_mm=2.0))
    scene = RelationScene(tumour, levator, "L", landmarks=lie.landmarks(), tau_mm=1.0, **more)
    return scene, measure_relation(scene)


def registration(error_95_mm: float | None) -> RigidTransform:
    turn = AFTER.rotation * LYING_ANEW.rotation.inv()
    matrix = np.eye(4)
    matrix[:3, :3] = turn.as_matrix()
    matrix[:3, 3] = AFTER.shift - turn.apply(LYING_ANEW.shift)
    return RigidTransform(matrix, None, None, error_mm=0.6, error_95_mm=error_95_mm)


@pytest.fixture(scope="module")
def visits():
    return visit(LYING_ANEW, 6.0), visit(AFTER, 2.0, radius=20.0)


def test_a_levator_that_came_up_by_4_mm_has_moved_by_minus_4(visits):
    change = relation_change(*visits, registration(1.5))

    for name in ("in_contact", "overall", "largest"):
        shift = getattr(change.shifts["L"], name)
        assert shift.value == pytest.approx(-4.0, abs=0.01), name
        assert (shift.low, shift.high) == (pytest.approx(-5.5, abs=0.01), pytest.approx(-2.5, abs=0.01))
        assert not any(NOT_DISTINGUISHABLE in note for note in shift.notes)


def test_the_other_side_is_a_control_that_stayed(visits):
    shift = relation_change(*visits, registration(1.5)).shifts["R"]

    assert shift.overall.value == pytest.approx(0.0, abs=0.01)
    assert any(NOT_DISTINGUISHABLE in note for note in shift.overall.notes)
    assert shift.in_contact.reason == "the tumour lies on the other side"


@pytest.mark.parametrize(("bound", "told"), [(3.9, False), (4.1, True)])
def test_a_shift_below_the_bound_is_said_to_be_indistinguishable_from_error(visits, bound, told):
    shift = relation_change(*visits, registration(bound)).shifts["L"].overall

    assert any(NOT_DISTINGUISHABLE in note for note in shift.notes) == told


def test_an_unknown_error_is_said(visits):
    shift = relation_change(*visits, registration(None)).shifts["L"].overall

    assert shift.low is None
    assert any("not estimated" in note for note in shift.notes)


def test_the_metrics_of_both_visits_are_subtracted_by_name(visits):
    first, second = visits
    change = relation_change(first, second, registration(1.5))

    assert change.changes["displacement_mean"].value == pytest.approx(-4.0, abs=0.02)
    assert change.changes["contact_area"].value == pytest.approx(
        second[1].contact_area.value - first[1].contact_area.value
    )
    assert "first visit: the fat" in change.changes["fossa_loss"].reason
    assert "signal_ratio" not in change.changes
    assert json.loads(json.dumps(change.to_json()))["registration_error_95_mm"] == 1.5


def test_a_transform_that_leads_elsewhere_is_refused(visits):
    first, second = visits
    framed = replace(first[0], tumour=replace(first[0].tumour, frame_uid="1.2.3"))
    elsewhere = RigidTransform(np.eye(4), "1.2.9", None)

    with pytest.raises(GeometryError, match="leads"):
        relation_change((framed, first[1]), second, elsewhere)


def test_visits_about_different_sides_are_refused(visits):
    first, second = visits
    other = replace(second[0], side="R")

    with pytest.raises(MeasurementError, match="one side"):
        relation_change(first, (other, second[1]), registration(1.5))
