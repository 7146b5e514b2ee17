"""Three APIs of zones: each seen, changed and put back past everything that is tested here."""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update
import dns.zone

from deploys.lab.definition import SECOND, UPDATE_KEY, UPDATED
from deploys.lab.inventory import dns as powerdns_configuration
from deploys.lab.inventory import dns_by_update
from deploys.mail.settings.secret import env
from tests.lab.labs import Raised
from tests.lab.test_zones import PowerDns

RecordSets = dict[tuple[str, str], tuple[int, list[str]]]
TOO_LONG = re.compile(r'"([^"\\]{256,})"')
SIGNATURES = {"CDNSKEY", "CDS", "DNSKEY", "NSEC", "NSEC3PARAM", "RRSIG"}


class Server(Protocol):
    """A server with one zone for the tests; what is there by name and type is TTL and values."""

    zone: str
    configuration: dict[str, Any]

    def held(self) -> RecordSets:
        """Return all that is in the zone but its SOA and what signs it."""

    def put(self, name: str, kind: str, ttl: int, values: Sequence[str]) -> None:
        """Replace a record set; no values take it away."""


@dataclass
class OnPowerDns:
    """PowerDNS with its HTTP API."""

    lab: Raised
    zone: str = "lagoon.example"
    configuration: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.configuration = dict(powerdns_configuration(self.lab.name))
        self.server = PowerDns(self.lab)

    def start(self) -> None:
        """Make the zone."""
        self.lab.run("ns", "pdnsutil", "create-zone", self.zone, self.lab.host("ns").hostname)

    def stop(self) -> None:
        """Remove it."""
        self.lab.run("ns", "pdnsutil", "delete-zone", self.zone)

    def held(self) -> RecordSets:
        """Ask the API."""
        return {
            (name, kind): (ttl, sorted(_rdata(kind, value) for value in values))
            for (name, kind), (ttl, values) in self.server.held(self.zone).items()
        }

    def put(self, name: str, kind: str, ttl: int, values: Sequence[str]) -> None:
        """Tell the API."""
        self.server.replace(self.zone, name, kind, ttl, values)


@dataclass
class OnKnot:
    """Knot with zone transfers and updates (RFC 5936, RFC 2136), signed with TSIG."""

    lab: Raised
    zone: str = UPDATED
    configuration: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.configuration = dict(dns_by_update(self.lab.name))
        secret = base64.b64decode(self.configuration["key_secret"].resolve())
        self.key = dns.tsig.Key(UPDATE_KEY, secret)
        self.address = str(self.lab.lab.address4(SECOND))

    def start(self) -> None:
        """Remember the zone."""
        self.before = self.held()

    def stop(self) -> None:
        """Put it back."""
        for name, kind in self.held():
            if (name, kind) not in self.before:
                self.put(name, kind, 0, [])
        for (name, kind), (ttl, values) in self.before.items():
            self.put(name, kind, ttl, values)

    def held(self) -> RecordSets:
        """Transfer the zone."""
        query = dns.message.make_query(f"{self.zone}.", "AXFR")
        query.use_tsig(self.key)
        zone = dns.zone.Zone(f"{self.zone}.", relativize=False)
        dns.query.inbound_xfr(self.address, zone, query, timeout=10)
        return {
            (name.to_text(omit_final_dot=True), kind): (
                rdataset.ttl,
                sorted(rdata.to_text() for rdata in rdataset),
            )
            for name, rdataset in zone.iterate_rdatasets()
            if (kind := dns.rdatatype.to_text(rdataset.rdtype)) not in SIGNATURES | {"SOA"}
        }

    def put(self, name: str, kind: str, ttl: int, values: Sequence[str]) -> None:
        """Send two updates: a CNAME that is deleted and added in one is lost in this Knot."""
        deletion, addition = self._update(), self._update()
        deletion.delete(f"{name}.", kind)
        for value in values:
            addition.add(f"{name}.", ttl, kind, value)
        for update in (deletion, addition):
            answer = dns.query.tcp(update, self.address, timeout=10)
            assert answer.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(answer.rcode())

    def _update(self) -> dns.update.UpdateMessage:
        return dns.update.UpdateMessage(f"{self.zone}.", keyring=self.key)


@dataclass
class OnRoute53:
    """Route 53's API as moto serves it: a fake, so it proves our side of it and no more."""

    url: str
    zone: str = "lagoon.example"
    configuration: dict[str, Any] = field(
        default_factory=lambda: {
            "class": "route53",
            "access_key_id": "mail",
            "secret_access_key": env("TEST_AWS_KEY"),
        }
    )

    def __post_init__(self) -> None:
        import boto3  # noqa: PLC0415 - one worker needs it, and it takes long to import

        self.client = boto3.client(
            "route53",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="somebody",
            aws_secret_access_key="else",  # moto lets everybody in
        )

    def start(self) -> None:
        """Make the zone."""
        made = self.client.create_hosted_zone(Name=f"{self.zone}.", CallerReference=self.zone)
        self.id = made["HostedZone"]["Id"]
        # What the zone itself is at most owners: an alias, a type of Amazon's own without values.
        target = {
            "HostedZoneId": "Z2FDTNDATAQYW2",
            "DNSName": "d111111abcdef8.cloudfront.net.",
            "EvaluateTargetHealth": False,
        }
        self._change("UPSERT", {"Name": f"{self.zone}.", "Type": "A", "AliasTarget": target})

    def stop(self) -> None:
        """Remove it."""
        for name, kind in self.held():
            if (name, kind) != (self.zone, "NS"):
                self.put(name, kind, 0, [])
        self.client.delete_hosted_zone(Id=self.id)

    def held(self) -> RecordSets:
        """Ask the API."""
        return {
            (found["Name"].rstrip("."), found["Type"]): _held(found)
            for found in self._sets()
            if found["Type"] != "SOA"
        }

    def put(self, name: str, kind: str, ttl: int, values: Sequence[str]) -> None:
        """Tell the API, which removes nothing that one cannot name exactly."""
        records = [{"Value": value} for value in values]
        changed = {"Name": f"{name}.", "Type": kind, "TTL": ttl, "ResourceRecords": records}
        if values:
            self._change("UPSERT", changed)
        else:
            self._remove(name, kind)

    def _sets(self) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("list_resource_record_sets")
        for page in pages.paginate(HostedZoneId=self.id):
            yield from page["ResourceRecordSets"]

    def _remove(self, name: str, kind: str) -> None:
        for found in self._sets():
            if (found["Name"], found["Type"]) == (f"{name}.", kind):
                self._change("DELETE", found)

    def _change(self, action: str, changed: dict[str, Any]) -> None:
        change = {"Action": action, "ResourceRecordSet": changed}
        self.client.change_resource_record_sets(
            HostedZoneId=self.id, ChangeBatch={"Changes": [change]}
        )


def _rdata(kind: str, value: str) -> str:
    """Return a value as a name server answers it; an API returns it as it was written."""
    served = TOO_LONG.sub(_split, value.replace("\\;", ";"))
    return dns.rdata.from_text("IN", kind, served).to_text()


def _split(text: re.Match[str]) -> str:
    """Cut a string where PowerDNS does, which keeps it whole until it is asked for it."""
    (whole,) = text.groups()
    return " ".join(f'"{whole[start : start + 255]}"' for start in range(0, len(whole), 255))


def _held(found: dict[str, Any]) -> tuple[int, list[str]]:
    if "AliasTarget" in found:
        return 0, [f"alias of {found['AliasTarget']}"]
    return found["TTL"], sorted(
        _rdata(found["Type"], one["Value"]) for one in found["ResourceRecords"]
    )
