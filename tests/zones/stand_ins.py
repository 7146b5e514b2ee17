"""Zones behind the APIs of providers, for their real classes: what is written can be read."""

import json
from typing import Any

import dns.rdata
import requests

from tests.zones.configurations import Api
from tests.zones.fleets import HARBOR
from tests.zones.memory import RecordSets


def _body(request: requests.PreparedRequest) -> str:
    body = request.body
    return body.decode() if isinstance(body, bytes) else str(body)


class ZoneApi(Api):
    """An API with one zone; `held` are its record sets by full name and type."""

    def __init__(self, held: RecordSets) -> None:
        super().__init__(lambda _: (404, {}))
        self.held = held

    def put(self, key: tuple[str, str], ttl: int, values: list[str]) -> None:
        """Replace a record set; no values take it away."""
        self.held.pop(key, None)
        if values:
            self.held[key] = ttl, tuple(sorted(values))


class PowerDnsApi(ZoneApi):
    """PowerDNS's API, as octodns-powerdns asks it."""

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """Read or patch the zone."""
        path = str(request.url).partition("/servers/localhost")[2]
        if request.method == "PATCH":
            for one in json.loads(_body(request))["rrsets"]:
                values = [record["content"] for record in one["records"]]
                gone = one["changetype"] == "DELETE"
                key = one["name"].rstrip("."), one["type"]
                self.put(key, one["ttl"], [] if gone else values)
            return 200, {}
        if path == "/zones":
            return 200, [{"name": f"{HARBOR}."}]
        return 200, {"rrsets": [self._rrset(*key) for key in self.held]} if path else VERSION

    def _rrset(self, name: str, kind: str) -> dict[str, Any]:
        ttl, values = self.held[name, kind]
        records = [{"content": value, "disabled": False} for value in values]
        return {"name": f"{name}.", "type": kind, "ttl": ttl, "records": records}


VERSION = {"version": "4.9.0"}


class DesecApi(ZoneApi):
    """deSEC's API, as octodns-desec asks it; the whole of a PATCH is refused or written."""

    minimum = 3600

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """List the domain, read its record sets, or patch them."""
        if "/rrsets/" not in str(request.url):
            return 200, [{"name": HARBOR, "minimum_ttl": self.minimum}]
        if request.method == "PATCH":
            return self._patched(json.loads(_body(request)))
        return 200, [self._rrset(*key) for key in self.held]

    def _patched(self, sets: list[dict[str, Any]]) -> tuple[int, Any]:
        low = [int(one["ttl"]) < self.minimum for one in sets]
        if any(low):
            reason = f"Ensure this value is greater than or equal to {self.minimum}."
            return 400, [{"ttl": [reason]} if wrong else {} for wrong in low]
        for one in sets:
            key = ".".join(filter(None, (one["subname"], HARBOR))), one["type"]
            # It stores the canonical form, whatever the escapes of the request.
            texts = [dns.rdata.from_text("IN", one["type"], text) for text in one["records"]]
            self.put(key, int(one["ttl"]), [text.to_text() for text in texts])
        return 200, sets

    def _rrset(self, name: str, kind: str) -> dict[str, Any]:
        ttl, values = self.held[name, kind]
        subname = name.removesuffix(HARBOR).rstrip(".")
        return {"subname": subname, "type": kind, "ttl": ttl, "records": [*values]}
