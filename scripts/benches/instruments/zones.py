"""Zones of a bench, through the API of PowerDNS: made with a website, restored, removed."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from deploys.lab import inventory
from deploys.lab.definition import Lab
from deploys.zones.model.changes import RecordChange

from .command import BenchError

TTL = 3600


@dataclass(frozen=True)
class Zones:
    """Zones of `count` domains below one of the lab's."""

    lab: Lab
    count: int

    @property
    def parent(self) -> str:
        """Return the zone that delegates them."""
        return self.lab.mail_domains[0]

    @property
    def names(self) -> list[str]:
        """Return the domains."""
        return [f"d{number}.{self.parent}" for number in range(1, self.count + 1)]

    def make(self) -> None:
        """Make every zone, with a website in it, and delegate it."""
        servers = [f"{self.lab.only('ns').hostname}."]
        delegations = [_rrset(name, "NS", *servers) for name in self.names]
        self._call("PATCH", f"/{self.parent}.", {"rrsets": delegations})
        self._each("POST", [("", self._fresh(name, servers)) for name in self.names])

    def remove(self) -> None:
        """Remove every zone of a bench, also of one that was interrupted."""
        held = [zone["name"] for zone in self._call("GET", "")]
        ours = [name for name in held if name.endswith(f".{self.parent}.")]
        self._each("DELETE", [(f"/{name}", None) for name in ours])
        gone = [_gone(name.removesuffix("."), "NS") for name in ours]
        self._call("PATCH", f"/{self.parent}.", {"rrsets": gone})

    def set_back(self, changes: Mapping[str, Sequence[RecordChange]]) -> None:
        """Delete the record sets that were created in each zone."""
        patches = [
            (f"/{zone}.", {"rrsets": [_gone(change.name, change.type) for change in created]})
            for zone, created in changes.items()
        ]
        self._each("PATCH", patches)

    def _fresh(self, name: str, servers: Sequence[str]) -> Mapping[str, Any]:
        website = _rrset(name, "A", str(self.lab.network4[40]))
        verification = _rrset(name, "TXT", '"site-verification=5d1c9b27"')
        alias = _rrset(f"www.{name}", "CNAME", f"{name}.")
        rrsets = [website, verification, alias]
        return {"name": f"{name}.", "kind": "Native", "nameservers": servers, "rrsets": rrsets}

    def _each(self, method: str, calls: Iterable[tuple[str, Any]]) -> None:
        for path, body in calls:  # SQLite refuses to write two things at the same time
            self._call(method, path, body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
        return _called(self.lab, method, path, body)


def _called(lab: Lab, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
    dns = inventory.dns(lab.name)
    url = f"http://{dns['host']}:{dns['port']}/api/v1/servers/localhost/zones{path}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"X-API-Key": dns["api_key"].resolve()}, method=method)
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            text = answer.read()
    except HTTPError as error:
        raise BenchError(f"PowerDNS: {method} {path}: {error.read().decode()}") from None
    return json.loads(text) if text else None


@contextmanager
def zones_made(lab: Lab, count: int) -> Iterator[Zones]:
    """Make zones of `count` domains, and remove them afterwards."""
    zones = Zones(lab, count)
    zones.remove()
    try:
        zones.make()
        yield zones
    finally:
        zones.remove()


@contextmanager
def records_made(lab: Lab, zone: str, records: Sequence[tuple[str, str, str]]) -> Iterator[None]:
    """Make records (name, type, content) in a zone of the lab, and remove them afterwards."""
    made = [_rrset(name, kind, content) for name, kind, content in records]
    gone = [_gone(name, kind) for name, kind, _ in records]
    _called(lab, "PATCH", f"/{zone}.", {"rrsets": made})
    try:
        yield
    finally:
        _called(lab, "PATCH", f"/{zone}.", {"rrsets": gone})


def _rrset(name: str, kind: str, *contents: str) -> Mapping[str, Any]:
    records = [{"content": content, "disabled": False} for content in contents]
    changed = {"name": f"{name}.", "type": kind, "ttl": TTL, "changetype": "REPLACE"}
    return changed | {"records": records}


def _gone(name: str, kind: str) -> Mapping[str, Any]:
    return {"name": f"{name}.", "type": kind, "changetype": "DELETE"}
