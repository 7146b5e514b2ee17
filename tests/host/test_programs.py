"""Programs of ours that stay on a host: their files there, and the lookups that Postfix asks."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from socket import AF_UNIX, SOCK_DGRAM, socket
from subprocess import Popen, run
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest

from deploys.host.model.program import HostProgram
from deploys.host.programs.socketmap import LookupFailure, serve
from deploys.host.services import bulk_handler, receivers, reports, rspamd_learner
from deploys.host.services.plan_input import plan_input
from deploys.host.tls import certificates
from tests.fakes import ROOT
from tests.host.bulk.test_program import Program as Handler
from tests.host.found import bare
from tests.host.test_postfix_bulk import stream

PROGRAMS = (
    *(one.PROGRAM for one in (bulk_handler, receivers, reports, certificates, rspamd_learner)),
    certificates.PROOF,
)
named = pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.imports[-1])


def staged(program: HostProgram, home: Path) -> list[str]:
    """Write a program as it is staged; return the command that validates it."""
    for file in program.files:
        path = home / file.path.removeprefix(f"{program.home}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content)
    words = [word.format(directory=home) for word in program.validator]
    return [sys.executable if word == "python3" else word for word in words]


@named
def test_a_program_has_all_that_it_imports_of_ours_and_one_that_is_cut_is_not_valid(
    program: HostProgram, tmp_path: Path
) -> None:
    command = staged(replace(program, packages=()), tmp_path)  # which are on hosts alone

    assert run(command, cwd="/", check=False).returncode == 0
    for file in tmp_path.rglob("*.py"):
        if file.name != "__init__.py":
            file.write_text("def")
    assert run(command, cwd="/", check=False, capture_output=True).returncode == 1


@named
def test_a_program_lies_in_a_package_in_a_directory_of_its_own(program: HostProgram) -> None:
    package = f"/usr/local/lib/pyinfra-mail/{program.name}/pyinfra_mail/"

    assert {path for path in program.paths if not path.startswith(package)} == set()
    assert f"{package}__init__.py" in program.paths
    assert f"{package}host/__init__.py" in program.paths


def test_packages_of_the_host_are_a_part_of_the_check() -> None:
    assert bulk_handler.PROGRAM.validator[-1] == (
        "import pyinfra_mail.host.bulk.program, pyinfra_mail.host.bulk.suppressions, flufl.bounce"
    )


def bulk_in(folder: Path) -> tuple[str, ...]:
    handler = Handler(folder)
    return ("bulk", str(handler.directory / "handler.json"), "lmtp.sock", "maps.sock")


def receivers_in(folder: Path) -> tuple[str, ...]:
    names = {name: str(folder / name) for name in ("socket", "slowed", "state", "volume")}
    other = {"groups": {}, "addresses": {}, "relayed": False, "warmup": [], "rest": ""}
    log = {"log": ["sleep", "60"]}
    configuration = folder / "receivers.json"
    configuration.write_text(json.dumps({**names, **other, **log}))
    return ("receivers", str(configuration), "socket")


@pytest.mark.parametrize("written", [bulk_in, receivers_in])
def test_systemd_hears_that_a_program_is_ready_once_each_of_its_sockets_answers(
    written: Callable[[Path], tuple[str, ...]],
) -> None:
    with TemporaryDirectory() as name, socket(AF_UNIX, SOCK_DGRAM) as systemd:
        folder = Path(name)  # the path of a socket is short
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(60)
        program, configuration, *sockets = written(folder)
        command = (sys.executable, "-m", f"deploys.host.{program}", configuration)
        with Popen(command, cwd=ROOT, env=os.environ | {"NOTIFY_SOCKET": f"{name}/notify"}) as one:
            assert systemd.recv(100) == b"READY=1"
            for path in sockets:
                with socket(AF_UNIX) as client:
                    client.connect(str(folder / path))
            one.kill()


@pytest.mark.parametrize("module", [bulk_handler, receivers])
def test_a_unit_is_active_once_its_program_says_so(module: ModuleType) -> None:
    own = stream()
    files = module.service(own, plan_input(own, bare(own=own))).files
    (unit,) = (one.content for one in files if one.path.endswith(f"/{module.UNIT}"))

    assert "Type=notify" in unit.splitlines()


async def _found(key: str) -> str | None:
    if key == "away":
        raise LookupFailure("the store is away")
    return {"anna@example.org": "550 no"}.get(key)


async def _sessions(path: Path, requests: Iterable[bytes]) -> list[bytes]:
    """Send each request over a connection of its own; return the answers."""
    answers = []
    async with await asyncio.start_unix_server(partial(serve, {"map": _found}), path):
        for request in requests:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(request)
            writer.write_eof()
            answers.append(await reader.read())
            writer.close()
    return answers


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"20:map anna@example.org,", b"9:OK 550 no,"),
        (b"20:map otto@example.org,", b"9:NOTFOUND ,"),
        (b"4:map ,", b"9:NOTFOUND ,"),
        (b"8:map away,", b"22:TEMP the store is away,"),
        (b"7:other x,", b"26:PERM there is no map other,"),
    ],
)
def test_a_lookup_has_one_of_the_answers_of_the_protocol(
    tmp_path: Path, request_: bytes, answer: bytes
) -> None:
    answers = asyncio.run(_sessions(tmp_path / "socket", [request_ * 2]))

    assert answers == [answer * 2]


@pytest.mark.parametrize(
    "broken",
    [
        *(b"5:ab", b"x:", b"99999999:", b"10001:", b"-3:", b"", b":" * 70_000, b"0:,"),
        b"20:map anna@example.org;",  # not the comma that ends a netstring
    ],
)
def test_a_broken_request_has_no_answer_and_ends_one_connection(
    tmp_path: Path, broken: bytes
) -> None:
    requests = [broken, b"20:map anna@example.org,"]

    assert asyncio.run(_sessions(tmp_path / "socket", requests)) == [b"", b"9:OK 550 no,"]
