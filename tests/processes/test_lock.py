"""One measurement at a time on a machine: who waits, for whom, and who never has to."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from labkit.processes.lock import MeasurementLock, lock_file
from labkit.processes.stop import Stop

TOY = Path(__file__).parents[1] / "measure" / "toy.py"
COMMAND = (sys.executable, "-c", "from labkit.cli import main; main()", "check", "toy_sum", "--load", str(TOY))
HOLDS = """
import sys
from labkit.processes.lock import MeasurementLock
MeasurementLock("a \\x1b[31mblur on\\nlogo").__enter__()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_lock(tmp_path, monkeypatch):
    """A lock that no other test waits for."""
    monkeypatch.setenv("LABKIT_LOCK", str(tmp_path / "lock"))


@pytest.fixture
def holder():
    """Another process that holds the turn."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_turns_of_one_process_come_in_the_order_of_arrival():
    order = []
    places = [MeasurementLock(str(number), lambda holder: None) for number in range(4)]

    def work(number):
        with places[number]:
            order.append(number)

    threads = [threading.Thread(target=work, args=[number]) for number in (3, 1, 2, 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert order == [0, 1, 2, 3]


def test_who_waits_hears_once_which_process_measures_what_without_control_characters(holder):
    told, stop = [], Stop()

    def hear(whom):
        told.append(whom)
        stop.ask()

    with pytest.raises(KeyboardInterrupt), stop, MeasurementLock("mine", hear):
        pass
    assert [(whom.process, whom.what) for whom in told] == [(holder.pid, "a  [31mblur on logo")]


def test_the_turn_of_a_process_that_was_killed_is_free(holder):
    holder.kill()
    with MeasurementLock("mine", lambda whom: None):
        assert lock_file().read_text().startswith('{"process": ' + str(os.getpid()))
    assert lock_file().read_text() == ""


def test_a_turn_inside_of_a_turn_is_no_wait():
    with MeasurementLock("outer"), MeasurementLock("inner"):
        pass
    with MeasurementLock("next"):
        pass


def test_who_gave_up_waiting_keeps_nobody_else_from_it(holder):
    stop = Stop()
    stop.ask()
    with pytest.raises(KeyboardInterrupt), stop, MeasurementLock("mine", lambda whom: None):
        pass
    holder.kill()
    with MeasurementLock("next", lambda whom: None):
        pass


@pytest.mark.parametrize("place", ["no/such/folder/lock", ".", "link"])
def test_where_there_can_be_no_lock_measuring_goes_on_with_a_warning(place, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    monkeypatch.setenv("LABKIT_LOCK", str(tmp_path / place))
    with pytest.warns(UserWarning, match="measurements do not queue"), MeasurementLock("mine"):
        pass
    assert not (tmp_path / "precious").exists()


def test_nobody_is_warned_and_nothing_printed_when_nobody_measures(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with MeasurementLock("mine"):
            pass
    assert capsys.readouterr() == ("", "")


def test_a_command_says_on_standard_error_that_it_waits_and_then_does_its_work(holder):
    command = subprocess.Popen(
        [*COMMAND, "--variants", "twice", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said = command.stderr.readline()
    assert said.startswith(f"labkit: waits for process {holder.pid}, which measures a  [31mblur on logo since ")
    assert command.poll() is None
    holder.communicate("")
    output, _ = command.communicate(timeout=60)
    assert command.returncode == 0
    assert '"measured"' in output


def test_ctrl_c_ends_a_command_that_waits_without_a_traceback(holder):
    command = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    command.stderr.readline()
    command.send_signal(signal.SIGINT)
    output, errors = command.communicate(timeout=30)
    assert (command.returncode, output, errors) == (130, "", "")
    assert holder.poll() is None


def test_a_stop_asked_for_before_is_heard_at_once_and_asking_too_late_does_nothing():
    from labkit.processes.stop import stopped, wait

    stop = Stop()
    stop.ask()
    with stop, pytest.raises(KeyboardInterrupt):
        wait(None, 1000)
    stop.ask()
    assert not stopped()
    begin = time.monotonic()
    assert wait(None, 0.01) is False
    assert time.monotonic() - begin >= 0.01
