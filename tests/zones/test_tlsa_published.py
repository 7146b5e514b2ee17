"""TLSA records of a host on every name server, with the TTL that a new key has to wait for."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploys.dns.query import Server
from deploys.mail.settings.inventory import fleet_from
from deploys.zones.propagation import dnssec
from tests.zones.fleets import HARBOR, host
from tests.zones.responder import Responder

NAME = f"_25._tcp.mx1.{HARBOR}"
DIGEST, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Responder, Responder]]:
    """Two name servers of a zone that both have the record of the key."""
    with ExitStack() as stack:
        both = [stack.enter_context(Responder(f"127.0.0.{number}")) for number in (2, 3)]
        for responder in both:
            responder.answers = {(NAME, "TLSA"): [b"\3\1\1" + bytes.fromhex(DIGEST)]}
        found = tuple(Server(f"ns{i}", one.address, one.port) for i, one in enumerate(both))
        monkeypatch.setattr(dnssec, "zone_of", lambda *_: HARBOR)
        monkeypatch.setattr(dnssec, "servers", lambda *_: found)
        yield both[0], both[1]


def published(*digests: str) -> int | None:
    own = host(1, HARBOR, mail_resolvers=["127.0.0.1"])
    return dnssec.tlsa_published(fleet_from({"mx1": own}, {}).hosts[0], digests)


def test_the_longest_ttl_of_the_servers_counts(pair: tuple[Responder, Responder]) -> None:
    pair[1].ttl = 3600

    assert published(DIGEST) == 3600


def test_a_key_that_one_server_lacks_is_not_published(pair: tuple[Responder, Responder]) -> None:
    pair[1].answers = {}

    assert published(DIGEST) is None


def test_a_key_that_no_server_has_is_not_published(pair: tuple[Responder, Responder]) -> None:
    assert pair
    assert published(DIGEST, OTHER) is None
