import threading
import time

import pytest

from gist_imaging.errors import Cancelled, PromptError
from gist_imaging.watched import watched


def test_what_the_work_returns_comes_back_with_every_step_told_in_the_callers_thread():
    told = []

    def work(tick, stop):
        for n in range(3):
            tick(n, 3)
        return "done"

    for cancelled in (None, lambda: False):
        told.clear()
        answer = watched(work, lambda n, total: told.append((n, total, threading.get_ident())), cancelled)

        assert answer == "done"
        assert told == [(n, 3, threading.get_ident()) for n in range(3)]


def test_a_wish_to_stop_is_answered_in_the_middle_of_a_step_and_the_work_hears_of_it():
    ended = threading.Event()
    began = threading.Event()

    def work(tick, stop):
        began.set()
        while not stop():  # one step that never ends by itself
            time.sleep(0.01)
        ended.set()

    with pytest.raises(Cancelled):
        watched(work, None, began.is_set)

    assert ended.wait(timeout=10)


def test_work_that_is_not_wanted_from_the_start_does_not_begin():
    began = []

    with pytest.raises(Cancelled):
        watched(lambda tick, stop: began.append(1), None, lambda: True)

    assert began == []


@pytest.mark.parametrize("error", [PromptError("a", "b", "c"), TimeoutError(), Cancelled()])
@pytest.mark.parametrize("cancelled", [None, lambda: False], ids=["here", "in a thread"])
def test_an_error_of_the_work_is_the_callers(error, cancelled):
    def work(tick, stop):
        raise error

    with pytest.raises(type(error)) as raised:
        watched(work, None, cancelled)

    assert raised.value is error


def test_an_error_in_the_callers_progress_stops_the_work():
    ended = threading.Event()

    def work(tick, stop):
        tick(0, 1)
        while not stop():
            time.sleep(0.01)
        ended.set()

    def progress(done, total):
        raise RuntimeError("window closed")

    with pytest.raises(RuntimeError, match="window closed"):
        watched(work, progress, lambda: False)

    assert ended.wait(timeout=10)
