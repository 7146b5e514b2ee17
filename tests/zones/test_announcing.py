"""Policies of MTA-STS: announced where they answer, and left as they are where they do not."""

import http.server
import logging
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploys.lab.keys import Keys
from deploys.mail.mta_sts import PATH, Policy
from deploys.mail.records import HostFacts
from deploys.mail.settings.model import MailSettings
from deploys.zones.operations import zones_published
from deploys.zones.propagation import mta_sts
from deploys.zones.propagation.mta_sts import announcements
from tests.loopback import loopback_fleet
from tests.zones.fleets import HARBOR, host, served
from tests.zones.fleets import harbor as zone
from tests.zones.memory import RecordSets

MX1, SITE, RECORD = "@fake/mx1", f"mta-sts.{HARBOR}", f"_mta-sts.{HARBOR}"
KEYS = Keys(b"a seed for tests, 32 octets long")
POLICY = Policy.of("enforce", [f"mx1.{HARBOR}"])
OLD = Policy.of("testing", POLICY.mx).announcement

pytestmark = pytest.mark.usefixtures("nobody_to_wait_for")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No patience, and the MX that the zone has."""
    monkeypatch.setattr(mta_sts, "PATIENCE", 0)
    monkeypatch.setattr(mta_sts, "_mx_hosts", lambda *_: iter([f"mx1.{HARBOR}."]))
    caplog.set_level(logging.INFO, logger="pyinfra")
    yield
    ctx_state.reset()
    ctx_host.reset()


class Site(http.server.BaseHTTPRequestHandler):
    """Serves one text at the path of a policy."""

    text = ""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == PATH else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class World:
    """A zone that announces an old policy, and a host that says it serves a new one."""

    folder: Path
    patch: pytest.MonkeyPatch
    zones: dict[str, RecordSets]

    @property
    def announced(self) -> list[str]:
        return [value.strip('"') for value in self.zones[HARBOR][RECORD, "TXT"][1]]

    @contextmanager
    def serving(self, text: str) -> Iterator[None]:
        chain = self.folder / "site.pem"
        chain.write_text(KEYS.tls_private(SITE) + KEYS.tls_certificate(SITE))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self.patch.setattr(Site, "text", text)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            self.patch.setattr(mta_sts, "HTTPS", server.server_address[1])
            yield
            server.shutdown()
            thread.join()

    def planned(self, **data: Any) -> State:
        (self.folder / "ca.pem").write_text(KEYS.authority())
        own: dict[str, Any] = {
            "mail_addresses": ["127.0.0.1"],
            "mail_tls": "acme",
            "mail_mta_sts": "enforce",
            "mail_acme_ca_file": str(self.folder / "ca.pem"),
        }
        fleet = loopback_fleet({MX1: host(1, HARBOR, **own | data)}, {})
        state = State(Inventory(([MX1], {})), Config(), check_for_changes=True)
        connect_all(state)
        add_op(state, zones_published, fleet=fleet, facts_of=facts_of, records_of=announcements)
        return state

    def ran(self, **data: Any) -> State:
        state = self.planned(**data)
        run_ops(state)
        return state


def facts_of(_: MailSettings) -> HostFacts:
    return HostFacts(policies={HARBOR: str(POLICY)})


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    zones = served(harbor=zone() | {(RECORD, "TXT"): (300, (f'"{OLD}"',))})
    return World(tmp_path, monkeypatch, zones)


def test_a_policy_that_answers_is_announced_in_place_of_the_old_one_and_once(world: World) -> None:
    with world.serving(str(POLICY)):
        world.ran()
        first = world.announced
        again = world.ran()

    assert first == world.announced == [POLICY.announcement]
    assert not any(
        one.operation_meta.did_change() for ops in again.ops.values() for one in ops.values()
    )


def test_a_plan_shows_what_will_be_announced_and_asks_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.planned()

    assert any(f"~ TXT {RECORD}" in line for line in caplog.messages)
    assert world.announced == [OLD]


def reason(caplog: pytest.LogCaptureFixture) -> str:
    (warning,) = (
        line for line in caplog.messages if "the new MTA-STS policy is not announced" in line
    )
    return warning


@pytest.mark.parametrize(
    ("text", "keys", "sentence"),
    [
        ("version: STSv1", {}, "answers 200 text/plain and another policy"),
        (str(POLICY), {"mail_acme_ca_file": ""}, "its certificate is not valid (unable to"),
    ],
)
def test_a_policy_that_answers_wrongly_leaves_the_old_id_and_the_reason_is_said(
    world: World, caplog: pytest.LogCaptureFixture, text: str, keys: dict[str, Any], sentence: str
) -> None:
    with world.serving(text):
        state = world.ran(**keys)

    assert world.announced == [OLD]
    assert not state.failed_hosts
    assert sentence in reason(caplog)
    assert f"https://{SITE}{PATH} at 127.0.0.1" in reason(caplog)


def test_a_policy_that_nobody_answers_with_leaves_the_old_id(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.patch.setattr(mta_sts, "HTTPS", 1)

    world.ran()

    assert world.announced == [OLD]
    assert "at 127.0.0.1 could not be fetched: Connection refused" in reason(caplog)


def test_an_mx_of_others_that_the_policy_would_shut_out_is_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.patch.setattr(mta_sts, "_mx_hosts", lambda *_: iter(["backup.faraway.example"]))
    with world.serving(str(POLICY)):
        world.ran()

    assert world.announced == [OLD]
    assert "its MX backup.faraway.example is not in the policy" in reason(caplog)
