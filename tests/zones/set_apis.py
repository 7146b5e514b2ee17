"""APIs of providers with one entry for each record set, for their real classes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import dns.rdata
import requests

from tests.zones.configurations import Api, credentials
from tests.zones.fleets import HARBOR
from tests.zones.memory import RecordSets
from tests.zones.stand_ins import body_of

OK, REFUSED = 200, 400
TARGETED = ("ALIAS", "CNAME", "MX", "NS", "PTR", "SRV")


def quoted(text: str) -> str:
    """Return a text as in a zone file, if it is not written so already."""
    if text.startswith('"'):
        return text
    parts = (text[i : i + 255] for i in range(0, max(len(text), 1), 255))
    return " ".join(f'"{part}"' for part in parts)


class SetApi(Api):
    """An API with the record sets of one zone, by full name and type, as in a zone file."""

    def __init__(self, held: RecordSets) -> None:
        super().__init__(lambda _: (404, {}))
        self.sets = held

    def put(self, name: str, kind: str, ttl: int, values: Sequence[str]) -> tuple[int, Any]:
        """Replace a record set; refuse a value that is none of its type."""
        try:
            texts = [dns.rdata.from_text("IN", kind, value).to_text() for value in values]
        except dns.exception.DNSException as error:
            return REFUSED, {"error": {"code": REFUSED, "message": f"{kind} {values}: {error}"}}
        self.sets[name, kind] = ttl, tuple(sorted(texts))
        return OK, {}

    def label(self, name: str) -> str:
        """Return a full name relative to the zone, or `@`."""
        return name.removesuffix(HARBOR).rstrip(".") or "@"

    def full(self, label: str) -> str:
        """Return the full name of a name relative to the zone."""
        return HARBOR if label in ("", "@") else f"{label}.{HARBOR}"

    def held(self) -> RecordSets:
        """Return the record sets as they are stored."""
        return dict(self.sets)


class GandiApi(SetApi):
    """Gandi's LiveDNS."""

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """List, create or delete record sets."""
        path = str(request.url).partition("?")[0].partition("/livedns/domains")[2]
        if request.method == "POST":
            body = json.loads(body_of(request))
            key = self.full(body["rrset_name"]), body["rrset_type"]
            values = [quoted(v) if key[1] == "TXT" else v for v in body["rrset_values"]]
            return self.put(*key, body["rrset_ttl"], values)
        if request.method == "DELETE":
            label, kind = path.split("/")[-2:]
            return OK, self.sets.pop((self.full(label), kind)) and None
        return OK, self._listed() if path.endswith("records") else [{"fqdn": HARBOR}]

    def _listed(self) -> list[dict[str, Any]]:
        return [
            {"rrset_name": self.label(name), "rrset_type": kind}
            | {"rrset_ttl": ttl, "rrset_values": [*values]}
            for (name, kind), (ttl, values) in self.sets.items()
        ]


class HetznerApi(SetApi):
    """Hetzner's Cloud API."""

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """List, create, change or delete record sets."""
        path = str(request.url).partition("?")[0].partition("/v1/zones")[2]
        _, _, rest = path.partition("/rrsets")
        zone = {"id": 1, "name": HARBOR, "ttl": 3600, "mode": "primary"}
        if "/rrsets" not in path:
            return OK, {"zone": zone, "zones": [zone]}
        if request.method == "GET":
            return OK, {"rrsets": [self._rrset(*key) for key in self.sets]}
        status, error = self._changed(request, [part for part in rest.split("/") if part])
        action = {"id": 1, "command": "set", "status": "success", "progress": 100, "resources": []}
        return status, error or {"action": action, "rrset": {"name": "@", "type": "A", "zone": 1}}

    def _changed(self, request: requests.PreparedRequest, rest: list[str]) -> tuple[int, Any]:
        body = json.loads(body_of(request)) if request.method == "POST" else {}
        values = [record["value"] for record in body.get("records", ())]
        if not rest:
            return self.put(self.full(body["name"]), body["type"], body["ttl"], values)
        key = self.full(rest[0]), rest[1]
        if request.method == "DELETE":
            return OK, self.sets.pop(key) and None
        ttl, known = self.sets[key]
        return self.put(*key, body.get("ttl", ttl), values or known)

    def _rrset(self, name: str, kind: str) -> dict[str, Any]:
        ttl, values = self.sets[name, kind]
        records = [{"value": value, "comment": ""} for value in values]
        label = self.label(name)
        rrset = {"id": f"{label}/{kind}", "name": label, "type": kind, "ttl": ttl, "zone": 1}
        return rrset | {"records": records}


class Ns1Api(SetApi):
    """NS1's API, which leaves out the final dot of host names, and quotation marks."""

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """Show the zone, or create, change or delete a record set."""
        path = str(request.url).partition("?")[0].partition(f"/zones/{HARBOR}")[2]
        if not path:
            records = [self._record(*key) for key in self.sets]
            whole = {"zone": HARBOR, "records": records}
            return OK, whole if str(request.url).partition("?")[0].endswith(HARBOR) else [whole]
        name, kind = path.strip("/").split("/")
        if request.method == "DELETE":
            return OK, self.sets.pop((name, kind)) and {}
        body = json.loads(body_of(request))
        answers = [one["answer"] for one in body["answers"]]
        return self.put(name, kind, body["ttl"], [self._text(kind, one) for one in answers])

    def _text(self, kind: str, answer: list[Any]) -> str:
        if kind == "CAA":
            return f'{answer[0]} {answer[1]} "{answer[2]}"'
        if kind == "TXT":
            return quoted(answer[0])
        return " ".join(map(str, answer))

    def _record(self, name: str, kind: str) -> dict[str, Any]:
        ttl, values = self.sets[name, kind]
        answers = [value.rstrip(".") if kind in TARGETED else value for value in values]
        if kind == "TXT":
            answers = [value.replace('" "', "").strip('"') for value in values]
        if kind == "CAA":
            answers = [value.replace('"', "") for value in values]
        return {"domain": name, "type": kind, "ttl": ttl, "short_answers": answers}


class GoogleApi(SetApi):
    """Google's Cloud DNS, which makes all changes of a request or none."""

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """List the zone or its record sets, or change some."""
        path = str(request.url).partition("?")[0]
        if (first := credentials(path)) is not None:
            return OK, first
        if path.endswith("/rrsets"):
            return OK, {"rrsets": [self._rrset(*key) for key in self.sets]}
        if "/changes" in path:
            body = json.loads(body_of(request)) if request.method == "POST" else {}
            return self._changed(body)
        zone = {"id": "1", "name": "z", "dnsName": f"{HARBOR}.", "nameServers": []}
        return OK, {"managedZones": [zone | {"creationTime": "2026-01-01T00:00:00.000Z"}]}

    def _changed(self, body: dict[str, Any]) -> tuple[int, Any]:
        before = dict(self.sets)
        for one in body.get("deletions", ()):
            key = one["name"].rstrip("."), one["type"]
            assert self.sets.pop(key) == (int(one["ttl"]), tuple(sorted(one["rrdatas"])))
        for one in body.get("additions", ()):
            key = one["name"].rstrip("."), one["type"]
            status, error = self.put(*key, int(one["ttl"]), one["rrdatas"])
            if error:
                self.sets.clear()
                self.sets.update(before)
                return status, error
        change = {"id": "1", "status": "done", "startTime": "2026-01-01T00:00:00.000Z"}
        return OK, change | {"additions": [], "deletions": []}

    def _rrset(self, name: str, kind: str) -> dict[str, Any]:
        ttl, values = self.sets[name, kind]
        return {"name": f"{name}.", "type": kind, "ttl": ttl, "rrdatas": [*values]}


class AzureApi(SetApi):
    """Azure's DNS: fields in place of texts."""

    # The list of a type's values, and the fields of one value in their order.
    FIELDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
        "A": ("ARecords", ("ipv4Address",)),
        "AAAA": ("AAAARecords", ("ipv6Address",)),
        "CAA": ("caaRecords", ("flags", "tag", "value")),
        "CNAME": ("CNAMERecord", ("cname",)),
        "MX": ("MXRecords", ("preference", "exchange")),
        "NS": ("NSRecords", ("nsdname",)),
        "SRV": ("SRVRecords", ("priority", "weight", "port", "target")),
        "TXT": ("TXTRecords", ("value",)),
    }

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """List the zones or their record sets, or create, change or delete one."""
        url = str(request.url).partition("?")[0]
        if (first := credentials(url)) is not None:
            return OK, first
        if url.endswith("/trafficmanagerprofiles"):  # of sets that are spread over several servers
            return OK, {"value": []}
        rest = url.lower().partition("/dnszones")[2].strip("/")
        if not rest:
            return OK, {"value": [{"name": HARBOR, "properties": {"nameServers": []}}]}
        if rest.endswith(("recordsets", "/all")):
            return OK, {"value": [self._set(*key) for key in self.sets]}
        kind, label = url.split("/")[-2:]
        key = self.full(unquote(label)), kind
        if request.method == "DELETE":
            return OK, self.sets.pop(key) and {}
        found = json.loads(body_of(request))["properties"]
        values = found[self.FIELDS[kind][0]]
        every = [values] if isinstance(values, dict) else values
        status, error = self.put(*key, found["TTL"], [self._text(kind, one) for one in every])
        return status, error or self._set(*key)

    def _text(self, kind: str, value: dict[str, Any]) -> str:
        if kind == "TXT":
            return " ".join(f'"{part}"' for part in value["value"])
        words = [str(value[name]) for name in self.FIELDS[kind][1]]
        return " ".join([*words[:-1], f'"{words[-1]}"' if kind == "CAA" else words[-1]])

    def _set(self, name: str, kind: str) -> dict[str, Any]:
        ttl, texts = self.sets[name, kind]
        listed, fields = self.FIELDS.get(kind, ("SOARecord", ("host",)))
        values = [self._value(kind, fields, text) for text in texts]
        properties = {"TTL": ttl, listed: values[0] if kind in ("CNAME", "SOA") else values}
        kinds = f"Microsoft.Network/dnszones/{kind}"
        label = self.label(name)
        return {"id": label, "name": label, "type": kinds, "properties": properties}

    def _value(self, kind: str, fields: tuple[str, ...], text: str) -> dict[str, Any]:
        if kind == "TXT":
            return {"value": text.strip('"').split('" "')}
        words = text.replace('"', "").split(" ", len(fields) - 1)
        return {
            name: int(word) if word.isdigit() and name != "value" else word
            for name, word in zip(fields, words, strict=True)
        }
