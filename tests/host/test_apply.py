"""The apply on a host: a whole new set, loaded and recorded, or the previous one restored."""

import errno
import getpass
import grp
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from deploys.host.agent.apply import apply
from deploys.host.agent.existing import existing
from deploys.host.agent.services import loaded
from deploys.host.agent.system import shell
from deploys.host.agent.system.processes import Process, process
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Dialogue, File, Query, Service, Step, Table
from deploys.host.model.request import (
    ApplyRequest,
    DkimRotation,
    ExistingRequest,
    PlannedService,
)

SYSTEMCTL = """#!/bin/sh
echo "$@" >>{calls}
case "$*" in
*CanReload*) echo yes;;
*--value*) cat {pid};;
show*) printf 'Id=a.service\\nLoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\n'
    printf 'MainPID=%s\\n' "$(cat {pid})";;
esac
"""
BUILDER = '#!/bin/sh\npath=${3#lmdb:}\nsed s/^/built:/ "$path" >"$path.lmdb"\n'
NEVER = Dialogue("greeting", "start it", (Step("EHLO", "^250"),), port=1)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A host with a fake systemctl, whose calls are in a file; one service runs."""
    tools, calls = tmp_path / "tools", tmp_path / "calls"
    tools.mkdir()
    for name, text in (
        ("systemctl", SYSTEMCTL.format(calls=calls, pid=tmp_path / "pid")),
        ("postmap", BUILDER),
    ):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    monkeypatch.setitem(shell.ENVIRONMENT, "PATH", path)
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr(loaded, "STATE", tmp_path / "state")
    monkeypatch.setattr(loaded, "LOADED", tmp_path / "loaded")
    monkeypatch.setattr("deploys.host.agent.apply.LOADED", tmp_path / "loaded")
    with subprocess.Popen(("sleep", "60")) as process:
        (tmp_path / "pid").write_text(f"{process.pid}\n")
        yield calls
        process.kill()


def service(folder: Path, text: str) -> Service:
    directory = folder / "etc" / "a"
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    query = Query(
        name="a",
        directories=(str(directory),),
        packages=(),
        files=(str(directory / "a.conf"), str(directory / "users")),
        units=("a.service",),
        tables=(str(directory / "users"),),
    )
    return Service(
        query,
        "a.service",
        "a.service",
        files=(File(str(directory / "a.conf"), text, 0o640, user, group),),
        tables=(Table(str(directory / "users"), ("postmap",), {"x": "y"}, group=group),),
        validators=(("grep", "-q", "good", "{directory}/a.conf"),),
    )


def request(one: Service, **expected: str | None) -> ApplyRequest:
    directory = Path(one.query.directories[0])
    found = {str(directory / name): digest for name, digest in expected.items()}
    planned = PlannedService(one, changed=True, expected=found)
    return ApplyRequest((one.query,), DkimRotation((), {}), (planned,), {}, 60)


def test_a_set_is_staged_switched_loaded_and_recorded(tmp_path: Path, calls: Path) -> None:
    one = service(tmp_path, "good")
    directory = Path(one.query.directories[0])
    directory.mkdir(parents=True)
    (directory / "of others").write_text("stays")

    found = apply(request(one)).services["a"]

    assert (directory / "a.conf").read_text() == "good"
    assert (directory / "users.lmdb").read_text() == "built:x y\n"
    assert (directory / "of others").read_text() == "stays"
    assert found.loaded == one.digest
    assert set(found.owned) == {file.path for file in one.set}
    assert found.tables == {f"{directory}/users": one.tables[0].file().sha256}
    assert not found.interrupted
    assert "reload a.service" in calls.read_text().splitlines()
    assert existing(ExistingRequest((one.query,))).others == {}
    assert existing(ExistingRequest(())).others == {"a": "a.service"}


@pytest.mark.parametrize(
    ("text", "probes", "sentence"),
    [
        ("bad", (), "grep -q good"),
        ("good, but silent", (NEVER,), "the previous configuration is active again"),
    ],
)
@pytest.mark.usefixtures("calls")
def test_a_set_that_is_refused_leaves_the_previous_one(
    tmp_path: Path,
    text: str,
    probes: tuple[Dialogue, ...],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploys.host.agent.services.dialogue.SECONDS", 0.2)
    before = service(tmp_path, "good")
    apply(request(before))

    with pytest.raises(Refused, match=sentence):
        apply(request(replace(service(tmp_path, text), probes=probes)))

    assert_live(before)


def test_a_service_that_was_down_is_left_running_with_its_previous_set(
    tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploys.host.agent.services.dialogue.SECONDS", 0.2)
    before = service(tmp_path, "good")
    apply(request(before))
    pid = (tmp_path / "pid").read_text()
    (tmp_path / "pid").write_text("0\n")
    broken = replace(service(tmp_path, "good, but silent"), probes=(NEVER,))

    with pytest.raises(Refused, match="is not running after its start"):
        apply(request(broken))

    verbs = [line for line in calls.read_text().splitlines() if line.startswith("re")]
    # The first load, the start with the new set, and the restart with the previous one.
    assert verbs == ["reload a.service", "restart a.service", "restart a.service"]
    assert "stop a.service" not in calls.read_text().splitlines()
    (tmp_path / "pid").write_text(pid)


def test_a_service_that_never_had_a_set_is_stopped_again(tmp_path: Path, calls: Path) -> None:
    (tmp_path / "pid").write_text("0\n")

    with pytest.raises(Refused, match="is not running after its start"):
        apply(request(service(tmp_path, "good")))

    assert "stop a.service" in calls.read_text().splitlines()


@pytest.mark.usefixtures("calls")
def test_a_process_that_started_after_the_last_change_has_loaded_the_set(tmp_path: Path) -> None:
    """Debian 12 changes the mode of a file that Postfix reads, and Unbound does not."""
    one = service(tmp_path, "good")
    apply(request(one))
    (tmp_path / "loaded" / "a.json").unlink()  # the service has started again by itself
    file = Path(one.files[0].path)
    newest = max(path.lstat().st_ctime for path in (file.parent, *file.parent.iterdir()))
    process = Process(int((tmp_path / "pid").read_text()), newest + 0.01)
    assert loaded.loaded(one.query, process) == one.digest

    while file.lstat().st_ctime <= process.started:
        file.chmod(0o640)

    assert loaded.loaded(one.query, process) is None
    assert loaded.loaded(replace(one.query, unread=(str(file),)), process) == one.digest


@pytest.mark.usefixtures("calls")
def test_a_disk_that_is_full_at_the_switch_leaves_the_previous_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = service(tmp_path, "good")
    apply(request(before))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("deploys.host.agent.apply.remember", full)
    with pytest.raises(Refused, match=r"No space left on device; the previous configuration"):
        apply(request(service(tmp_path, "good too")))

    assert_live(before)


@pytest.mark.usefixtures("calls")
def test_an_error_of_the_agent_itself_leaves_the_previous_set_too(tmp_path: Path) -> None:
    before, broken = service(tmp_path, "good"), cast("Dialogue", None)
    apply(request(before))

    with pytest.raises(AttributeError):
        apply(request(replace(service(tmp_path, "good too"), probes=(broken,))))

    assert_live(before)


def beside(one: Service, text: str) -> Service:
    """Return another service with a file in the same directory."""
    directory = one.query.directories[0]
    file = replace(one.files[0], path=f"{directory}/b.conf", content=text)
    query = replace(one.query, name="b", files=(file.path,), tables=())
    return replace(one, query=query, files=(file,), tables=(), validators=())


def together(*services: Service, unchanged: tuple[str, ...] = ()) -> ApplyRequest:
    """Return the request for several services, some of which are as desired."""
    queries = tuple(one.query for one in services)
    planned = tuple(
        PlannedService(one, changed=one.query.name not in unchanged, expected={})
        for one in services
    )
    return ApplyRequest(queries, DkimRotation((), {}), planned, {}, 60)


@contextmanager
def restarted(folder: Path, one: Service) -> Iterator[None]:
    """Have a service run with a process that has started after the last change of its files."""
    directory = Path(one.query.directories[0])
    newest = max(path.lstat().st_ctime for path in (directory, *directory.rglob("*")))
    with ExitStack() as stack:
        stack.callback((folder / "pid").write_text, (folder / "pid").read_text())
        for _ in range(200):  # until one has started later, by the clock of the kernel
            child = stack.enter_context(subprocess.Popen(("sleep", "60")))
            stack.callback(child.kill)
            found = process(child.pid)
            if found and found.started > newest:
                break
            time.sleep(0.01)
        (folder / "pid").write_text(f"{child.pid}\n")
        yield


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.usefixtures("calls")
def test_services_share_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    monkeypatch.setattr("deploys.host.agent.services.dialogue.SECONDS", 0.2)
    before = service(tmp_path, "good")
    apply(request(before))
    one = service(tmp_path, "good too")
    other = replace(beside(one, "other"), probes=() if ends else (NEVER,))
    both = together(one, other)
    directory = Path(one.query.directories[0])

    if ends:
        apply(both)
        assert_live(one)
        assert (directory / "b.conf").read_text() == "other"
    else:
        with pytest.raises(Refused, match="the previous configuration is active again"):
            apply(both)
        assert_live(before)
        assert not (directory / "b.conf").exists()


def assert_live(one: Service) -> None:
    found = existing(ExistingRequest((one.query,))).services["a"]
    assert (Path(one.query.directories[0]) / "a.conf").read_text() == one.files[0].content
    assert found.loaded == one.digest
    assert not found.interrupted


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.usefixtures("calls")
def test_what_a_service_has_loaded_is_known_after_the_switch_of_another_in_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    """A person restarts rspamd; then a run changes Postfix, which shares a directory with it."""
    monkeypatch.setattr("deploys.host.agent.services.dialogue.SECONDS", 0.2)
    one = service(tmp_path, "good")
    other = beside(one, "other")
    apply(together(one, other))
    changed = replace(service(tmp_path, "good too"), probes=() if ends else (NEVER,))

    with restarted(tmp_path, one):
        with nullcontext() if ends else pytest.raises(Refused, match="active again"):
            apply(together(changed, other, unchanged=("b",)))

        assert existing(ExistingRequest((other.query,))).services["b"].loaded == other.digest


@pytest.mark.usefixtures("calls")
def test_a_file_that_has_changed_since_the_plan_is_not_overwritten(tmp_path: Path) -> None:
    one = service(tmp_path, "good")
    path = Path(one.files[0].path)
    path.parent.mkdir(parents=True)
    path.write_text("edited")

    with pytest.raises(Refused, match=r"a\.conf has changed since the plan was made"):
        apply(request(one, **{"a.conf": None}))

    assert path.read_text() == "edited"
