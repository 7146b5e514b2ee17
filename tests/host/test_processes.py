"""Processes of a host, and the services that they belong to."""

import os
import re
from pathlib import Path

import pytest

from deploys.host.agent.system import processes

VERSION_1 = """\
9:name=systemd:/libpod.service/system.slice/system-postfix.slice/postfix@-.service
4:memory:/libpod.service
"""


@pytest.mark.parametrize(
    ("groups", "unit"),
    [
        ("0::/system.slice/system-postfix.slice/postfix@-.service\n", "postfix@-.service"),
        ("0::/system.slice/rspamd.service/workers\n", "rspamd.service"),
        (VERSION_1, "postfix@-.service"),
        ("0::/user.slice/user-0.slice/session-1.scope\n", ""),
        ("4:memory:/libpod.service\n", ""),
    ],
)
def test_a_process_belongs_to_the_unit_of_its_control_group(
    groups: str, unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text(groups)
    monkeypatch.setattr(processes, "PROC", tmp_path)

    assert processes.unit_of(7) == unit
    assert processes.unit_of(8) == ""


def test_this_process_has_the_unit_that_the_kernel_shows() -> None:
    shown = re.findall(r"/([^/\n]+\.service)", Path("/proc/self/cgroup").read_text())

    assert processes.unit_of(os.getpid()) in {"", *shown}
