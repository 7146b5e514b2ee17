"""An interrupted run says what it leaves behind, and ends with the status of shells."""

import signal
import subprocess
import sys

PROGRAM = """
import threading, time
from deploys.run.interruption import on_interrupt

on_interrupt("run again")
threading.Thread(target=time.sleep, args=(60,)).start()
print("ready", flush=True)
time.sleep(60)
"""


def test_it_ends_at_once_although_threads_wait() -> None:
    command = (sys.executable, "-c", PROGRAM)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)

    assert told == "\n--> Interrupted: run again\n"
    assert process.returncode == 130
