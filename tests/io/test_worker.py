from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import nibabel
import numpy as np
import pytest

from gist_imaging.errors import GeometryError, GistImagingError, IntakeError
from gist_imaging.io.limits import Limits
from gist_imaging.io.read import read_volume
from gist_imaging.io.worker import Worker, shared_worker
from gist_imaging.problems import Code, Problem
from gist_imaging.study import FrameFacts

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def worker():
    # Tests put their own tasks on the search path (tests/worker_tasks.py).
    with Worker(Limits(worker_memory_bytes=400 * MIB), package="worker_tasks") as started:
        yield started


def code_of(worker: Worker, task: str, *args: object, **kwargs: float) -> Code:
    with pytest.raises(IntakeError) as refused:
        worker.call(f"worker_tasks:{task}", *args, **kwargs)
    assert "MARKER" not in str(refused.value)
    return refused.value.code


def test_values_cross_unchanged(worker):
    facts = FrameFacts(Path("a"), "a", "1", "2", "3", "4", "CT", "5", position_mm=(1.0, 2.0, 3.0))

    assert worker.call("worker_tasks:answer", (facts, {"a": None}, Code.TILT)) == (
        facts,
        {"a": None},
        Code.TILT,
    )


def test_a_large_array_crosses_unchanged_and_may_be_written_to(worker):
    array = worker.call("worker_tasks:ramp", 20_000_000)

    np.testing.assert_array_equal(array, np.arange(20_000_000, dtype=np.int16))
    assert array.flags.writeable


def test_an_array_is_received_as_it_is_sent(worker):
    turned = np.arange(24.0).reshape(2, 3, 4)[::-1, :, ::-1]

    np.testing.assert_array_equal(worker.call("worker_tasks:answer", turned), turned)


def test_calls_share_one_process(worker):
    assert worker.call("worker_tasks:pid") == worker.call("worker_tasks:pid") != os.getpid()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGSEGV, Code.DECODE_FAILED),
        (signal.SIGABRT, Code.DECODE_FAILED),
        (9, Code.LIMIT_MEMORY),
    ],
)
def test_a_decoder_that_kills_its_process_is_refused_and_the_next_call_works(worker, number, code):
    assert code_of(worker, "die", int(number)) is code
    assert worker.call("worker_tasks:answer", 3) == 3


def test_a_decoder_that_exits_is_refused_and_the_next_call_works(worker):
    assert code_of(worker, "leave") is Code.DECODE_FAILED
    assert worker.call("worker_tasks:answer", 3) == 3


def test_an_endless_loop_is_stopped_and_the_next_call_works(worker):
    assert code_of(worker, "loop_for_ever", timeout_s=0.2) is Code.LIMIT_TIME
    assert worker.call("worker_tasks:answer", 3) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_a_memory_hog_is_refused_and_the_next_call_works(worker):
    assert code_of(worker, "hog_memory") is Code.LIMIT_MEMORY
    assert worker.call("worker_tasks:answer", 3) == 3


def test_endless_nesting_is_refused_and_the_next_call_works(worker):
    assert code_of(worker, "recurse") is Code.LIMIT_DEPTH
    assert worker.call("worker_tasks:answer", 3) == 3


def test_a_foreign_error_is_named_by_its_class_and_never_by_its_text(worker):
    with pytest.raises(IntakeError, match="ValueError") as refused:
        worker.call("worker_tasks:leak_a_name", file="scan/0001")

    assert refused.value.problem.file == "scan/0001"
    assert "MARKER" not in str(refused.value)


def test_our_own_errors_cross_unchanged(worker):
    with pytest.raises(IntakeError) as refused:
        worker.call("worker_tasks:refuse_a_file")
    with pytest.raises(GeometryError, match="expected; found; advice"):
        worker.call("worker_tasks:refuse_a_grid")

    assert refused.value.problem == Problem(Code.TRUNCATED, "it ends too early", "a/b.dcm")


def test_printing_does_not_disturb_the_answers(worker):
    assert worker.call("worker_tasks:print_everywhere") == 5
    assert worker.call("worker_tasks:read_standard_input") == b""


def test_an_answer_that_would_run_something_here_is_refused(worker):
    assert code_of(worker, "send_a_trap") is Code.DECODE_FAILED
    assert worker.call("worker_tasks:answer", 3) == 3


def test_an_answer_that_cannot_be_sent_is_refused(worker):
    with pytest.raises(GistImagingError):
        worker.call("worker_tasks:answer.__class__")
    assert worker.call("worker_tasks:answer", 3) == 3


def test_only_functions_of_the_package_are_called(worker):
    with pytest.raises(GistImagingError, match="lies outside it"):
        worker.call("os:getcwd")
    with pytest.raises(GistImagingError, match="lies outside it"):
        shared_worker().call("worker_tasks:answer", 3)


def test_a_process_killed_while_idle_is_replaced(worker):
    first = worker.call("worker_tasks:pid")
    os.kill(first, signal.SIGTERM)
    worker._process.wait(timeout=60)

    assert worker.call("worker_tasks:pid") != first


def test_threads_take_turns(worker):
    answers: dict[int, int] = {}
    threads = [
        threading.Thread(target=lambda n=n: answers.update({n: worker.call("worker_tasks:answer", n)}))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {n: n for n in range(8)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_gets_a_worker_of_its_own():
    script = (
        "import os, sys, gist_imaging.io.worker as w\n"
        "first = w.shared_worker(); first.start(); pid = first._process.pid\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    w.shared_worker().start(); own = w.shared_worker()._process.pid\n"
        "    w.shared_worker().close(); os._exit(0 if own != pid else 1)\n"
        "status = os.waitpid(child, 0)[1]\n"
        "assert first._process.poll() is None\n"
        "sys.exit(os.waitstatus_to_exitcode(status))\n"
    )

    assert subprocess.run([sys.executable, "-c", script], timeout=120).returncode == 0


def test_a_script_without_a_main_guard_can_decode(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from gist_imaging.io.worker import shared_worker\n"
        "try:\n"
        "    shared_worker().call('gist_imaging.io.limits:Limits')\n"
        "finally:\n"
        "    print('went on')\n"
    )

    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)

    assert done.stdout.strip() == "went on"
    assert done.returncode == 0, done.stderr


def test_a_module_in_the_working_folder_is_not_run(tmp_path):
    (tmp_path / "pydicom.py").write_text("raise SystemExit('run from a folder of scans')")
    script = (
        "from gist_imaging.io.worker import shared_worker\n"
        "print(shared_worker().call('gist_imaging.io.limits:Limits'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr


def test_relative_paths_start_from_where_the_caller_is_now(tmp_path, monkeypatch):
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    for value in (3, 7):
        (tmp_path / str(value)).mkdir()
        image = nibabel.Nifti1Image(np.full((4, 5, 6), value, np.int16), affine)
        nibabel.save(image, tmp_path / str(value) / "scan.nii.gz")

    seen = []
    for value in (3, 7):
        monkeypatch.chdir(tmp_path / str(value))
        seen.append(float(read_volume(Path("scan.nii.gz")).voxels.mean()))

    assert seen == [3.0, 7.0]
