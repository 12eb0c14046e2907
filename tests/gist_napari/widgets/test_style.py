"""Colours that can be told apart, and numbers that stand in line."""

from __future__ import annotations

import itertools

import pytest

from gist_napari.widgets import style

TEXTS = [
    style.TEXT,
    style.QUIET,
    style.TUMOUR,
    style.LEVATOR,
    style.WALL,
    style.PROPOSAL,
    style.WARNING,
    style.ERROR,
]


def test_contrast_is_that_of_the_standard():
    # WCAG 2.2: #777777 on white is the best known pair just below 4.5.
    assert style.contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert style.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)
    assert style.contrast("#0072B2", style.PANEL) == pytest.approx(3.1, abs=0.05)


@pytest.mark.parametrize(
    ("colour", "ground"), list(itertools.product(TEXTS, [style.CANVAS, style.PANEL, style.BUTTON]))
)
def test_words_are_read_on_every_ground_we_have(colour, ground):
    assert style.contrast(colour, ground) >= 4.5


def test_normal_text_reaches_the_highest_grade_also_on_a_chosen_button():
    for ground in (style.CANVAS, style.PANEL, style.BUTTON, style.RAISED):
        assert style.contrast(style.TEXT, ground) >= 7.0
    assert style.contrast(style.PANEL, style.TEXT) >= 7.0  # main buttons and chosen rows


@pytest.mark.parametrize("ground", [style.PANEL, style.CANVAS])
def test_borders_of_what_can_be_pressed_are_seen(ground):
    assert style.contrast(style.LINE, ground) >= 3.0


@pytest.mark.parametrize(
    ("value", "digits", "signed", "shown"),
    [
        (61.249, 1, False, "61.2"),
        (-28.14, 1, True, "−28.1"),
        (-0.04, 1, False, "0.0"),
        (-0.04, 1, True, "0.0"),
        (None, 1, False, "–"),
        (-10.0, 0, False, "−10"),
    ],
)
def test_a_number_is_shown_with_a_true_minus_and_no_minus_zero(value, digits, signed, shown):
    assert style.number_text(value, digits, signed=signed) == shown


@pytest.mark.gui
def test_a_dressed_widget_carries_its_colours_and_leaves_the_rest_alone(qtbot):
    from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

    window, ours, theirs = QWidget(), QWidget(), QLabel("napari's")
    window.setStyleSheet("QWidget { background: #ffffff; color: #000000; }")
    rows = QVBoxLayout(window)
    rows.addWidget(ours)
    rows.addWidget(theirs)
    QVBoxLayout(ours).addWidget(style.text("ours"))
    style.dress(ours)
    qtbot.addWidget(window)
    window.resize(200, 100)
    window.show()
    qtbot.waitExposed(window)

    seen = window.grab().toImage()

    assert seen.pixelColor(ours.geometry().topLeft()).name().upper() == style.PANEL
    assert seen.pixelColor(theirs.geometry().bottomRight()).name() == "#ffffff"
    assert ours.findChild(QLabel).palette().windowText().color().name().upper() == style.TEXT


@pytest.mark.gui
def test_every_button_can_be_hit_and_names_its_key(qtbot):
    for made in (
        style.button("Accept", "Make it the mask.", "Enter"),
        style.tool_button("Ax", "Axial.", "Shift+A"),
    ):
        qtbot.addWidget(made)
        style.dress(made)
        made.show()

        assert made.height() >= 28
        assert made.width() >= 28
        assert made.toolTip().endswith("]")
