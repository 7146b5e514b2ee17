"""Runs of deploys/certificates.py on hosts that do not exist: what is due, and what is left."""

from dataclasses import asdict
from inspect import unwrap
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.config import Config
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploys.api import timer
from deploys.host.services import registry
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import command
from tests.fakes import Run, written
from tests.host.found import SETTINGS, bare, served, settings

HOST = SETTINGS["mail_hostname"]
BY_DNS = {"mail_tls": "acme", "mail_acme_challenge": "dns"}
PROOFS = {
    "zone": "acme.example.net",
    "server": "198.51.100.53",
    "key_name": "mx1",
    "key_secret": command("echo", "b3Blbi1zZXNhbWU="),
}
NOTE = "https://acme.example issued no certificate"
NOT_RENEWED = "not every certificate that is due was renewed, for the reason above"


def found(notes: tuple[str, ...] = (), **certificate: Any) -> dict[str, Any]:
    """Return the state of a host with certificates by DNS-01."""
    own = settings(**BY_DNS)
    certificates = {
        one.path: served(one, **{"kinds": [*one.kinds]} | certificate)
        for query in registry.queries(own)
        for one in query.certificates
    }
    return asdict(bare("13", own)) | {"certificates": certificates, "notes": notes}


@pytest.mark.parametrize("way", ["--dry", "-y"])
def test_a_host_whose_certificates_are_not_due_does_not_change(
    way: str, run: Run, tmp_path: Path
) -> None:
    inventory = written(tmp_path, found(days=30), mx1=SETTINGS | BY_DNS)

    done = run(inventory, "deploys/certificates.py", way)

    assert done.returncode == 0, done.stdout
    assert "order " not in done.stdout
    assert "issue " not in done.stdout
    if way == "-y":
        assert done.stdout.count("No changes") == 5


def test_a_dry_run_tells_which_certificates_are_due(run: Run, tmp_path: Path) -> None:
    inventory = written(tmp_path, found(days=29), mx1=SETTINGS | BY_DNS)

    done = run(inventory, "deploys/certificates.py", "--dry")

    assert done.returncode == 0, done.stdout
    assert f"order {HOST} (by DNS-01)" in done.stdout
    assert "because the one in use expires in 29 days" in done.stdout
    assert "install " not in done.stdout
    assert "create " not in done.stdout


@pytest.mark.parametrize(
    "other",
    [
        {"challenge": "http"},  # until now; mail_acme_challenge was edited
        {"directory": "https://old.example"},
        {"directory": "", "challenge": "", "self_signed": True},
    ],
)
def test_what_was_edited_since_the_last_run_waits_for_a_whole_one(
    other: dict[str, Any], run: Run, tmp_path: Path
) -> None:
    inventory = written(tmp_path, found(days=3, **other), mx1=SETTINGS | BY_DNS)

    done = run(inventory, "deploys/certificates.py", "-y")

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("No changes") == 5


def test_a_host_with_other_certificates_is_left_alone(run: Run, tmp_path: Path) -> None:
    inventory = written(tmp_path, found(days=3), mx1=SETTINGS | {"mail_tls": "acme"})

    done = run(inventory, "deploys/certificates.py", "-y", "-v")

    assert done.returncode == 0, done.stdout
    assert "its certificates do not come by DNS-01" in done.stdout
    assert done.stdout.count("No changes") == 1


@pytest.mark.parametrize(
    ("notes", "challenges", "left"),
    [
        ((), {}, False),
        ((NOTE,), {}, True),
        ((), {HOST: ["value"]}, True),
        (("it waits for its TLSA record",), {}, False),
    ],
)
def test_a_run_fails_if_a_certificate_was_not_renewed(
    notes: tuple[str, ...],
    challenges: dict[str, list[str]],
    left: bool,  # noqa: FBT001 - a column of the table
    run: Run,
    tmp_path: Path,
) -> None:
    whole = found(notes, days=29, waits="it waits for its TLSA record")
    inventory = written(tmp_path, whole | {"challenges": challenges}, mx1=SETTINGS | BY_DNS)

    done = run(inventory, "deploys/certificates.py", "-y")

    assert (NOT_RENEWED in done.stdout) is left
    assert done.returncode == int(left), done.stdout


@pytest.mark.parametrize(
    ("own", "renews"),
    [(BY_DNS, True), (BY_DNS | {"mail_acme_dns": PROOFS}, False), ({"mail_tls": "acme"}, False)],
)
def test_the_timer_renews_certificates_if_a_host_proves_names_with_the_controllers_help(
    own: dict[str, Any],
    renews: bool,  # noqa: FBT001 - a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedules: list[bool] = []
    fleet = fleet_from({"mx1": SETTINGS | own}, {})
    monkeypatch.setattr(timer, "fleet_for", lambda *_: fleet)
    monkeypatch.setattr(timer, "schedule", lambda *_, renews: schedules.append(renews))
    monkeypatch.setattr(timer, "scheduled", lambda **_: None)
    state = State(Inventory((["@local"], {}), controller=(["@local"], {})), Config())
    (controller,) = state.inventory

    with ctx_state.use(state), ctx_host.use(controller):
        unwrap(timer.timer)()  # without its handler of interruptions
    ctx_state.reset()
    ctx_host.reset()

    assert schedules == [renews]
