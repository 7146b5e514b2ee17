"""Zones behind the APIs of providers, for their real classes: what is written can be read."""

import json
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dns.rdata
import requests

from tests.zones.configurations import Api
from tests.zones.fleets import HARBOR
from tests.zones.memory import RecordSets


def body_of(request: requests.PreparedRequest) -> str:
    """Return the body of a request as text."""
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
    """PowerDNS's API, as octodns-powerdns asks it; values may be `disabled`."""

    disabled: Collection[str] = ()

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """Read or patch the zone."""
        path = str(request.url).partition("/servers/localhost")[2]
        if request.method == "PATCH":
            for one in json.loads(body_of(request))["rrsets"]:
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
        records = [{"content": value, "disabled": value in self.disabled} for value in values]
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
            return self._patched(json.loads(body_of(request)))
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


class OvhApi(ZoneApi):
    """
    OVH's API, as octodns-ovh asks it.

    `records` are as it answers with them; those of the types SPF and DMARC, which its panel makes,
    are served as TXT.
    """

    NATIVE = ("SPF", "DKIM", "DMARC")

    def __init__(self, records: list[dict[str, Any]]) -> None:
        super().__init__({})
        self.records = dict(enumerate(records, 1))

    def served(self) -> dict[tuple[str, str], list[str]]:
        """Return the values that its name servers answer with, as in a zone file."""
        found: dict[tuple[str, str], list[str]] = {}
        for one in self.records.values():
            name = ".".join(filter(None, (one["subDomain"], HARBOR)))
            kind = "TXT" if one["fieldType"] in self.NATIVE else one["fieldType"]
            text = one["target"]
            quoted = kind == "TXT" and not text.startswith('"')
            found.setdefault((name, kind), []).append(f'"{text}"' if quoted else text)
        return found

    def held_rows(self) -> dict[tuple[str, str], Any]:
        """Return the records as they are stored, texts with their quotation marks."""
        found: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for one in self.records.values():
            name = ".".join(filter(None, (one["subDomain"], HARBOR)))
            text = one["target"]
            quoted = one["fieldType"] in ("TXT", *self.NATIVE) and not text.startswith('"')
            shown = one["ttl"], f'"{text}"' if quoted else text
            found.setdefault((name, one["fieldType"]), []).append(shown)
        return {key: sorted(values) for key, values in found.items()}

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """List, read, create or delete records."""
        url = urlsplit(str(request.url))
        number = url.path.partition(f"/domain/zone/{HARBOR}/record/")[2]
        if url.path.endswith("/auth/time"):
            return 200, 1_700_000_000
        if f"/{HARBOR}/" not in url.path:
            return 404, {"message": "This service does not exist"}
        if request.method == "POST":
            if url.path.endswith("/record"):
                self.records[max(self.records) + 1] = json.loads(body_of(request))
            return 200, None
        if number:
            gone = request.method == "DELETE"
            return 200, self.records.pop(int(number)) if gone else self.records[int(number)]
        wanted = dict(parse_qsl(url.query, keep_blank_values=True))
        return 200, [
            known
            for known, one in self.records.items()
            if all(one[key] == value for key, value in wanted.items())
        ]
