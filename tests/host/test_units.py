"""A service with workers has loaded its files once new workers run; that wait has a limit."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploys.host.agent.services import units
from deploys.host.agent.system import patience
from deploys.host.agent.system.processes import pid_in
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Query, Service

SERVICE = """
import signal, subprocess, sys, time
def renew(*_):
    time.sleep(0.3)
    if sys.argv[1] == "renewed":
        subprocess.Popen(("sleep", "20"))
signal.signal(signal.SIGHUP, renew)
subprocess.Popen(("sleep", "20"))
print("ready", flush=True)
time.sleep(20)
time.sleep(20)
"""


@pytest.fixture
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A process with one worker; at SIGHUP it takes a while, and starts another one or not."""
    program = (sys.executable, "-c", SERVICE, request.param)
    with subprocess.Popen(program, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        (tmp_path / "pid").write_text(f"{process.pid}\n")
        query = Query("a", (), (), (), ("a.service",), pid_file=str(tmp_path / "pid"))
        yield Service(query, "a.service", "a.service", (), workers=True)
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("service", ["renewed"], indirect=True)
def test_a_reload_is_complete_when_new_workers_run(service: Service) -> None:
    before = units.workers(service)

    with units.new_workers(service):
        subprocess.run(("kill", "-HUP", str(pid_in(service.query.pid_file))), check=True)

    assert units.workers(service) - before


@pytest.mark.parametrize("service", ["kept"], indirect=True)
def test_a_reload_without_new_workers_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.6)

    with (
        pytest.raises(Refused, match="started no new workers"),
        units.new_workers(service),
    ):
        subprocess.run(("kill", "-HUP", str(pid_in(service.query.pid_file))), check=True)
