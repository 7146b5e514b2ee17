"""
Adjustments to octoDNS's providers, which are made for one pass over all zones.

Some return an error as a zone with nothing in it, some return a zone's own NS records and then
refuse to plan for it, some return host names without their final dot, one reads no zone with an
invalid record of others, and all of them print to the terminal.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.zone import Zone

from ...mail.errors import MailError
from ..model import recordsets
from .provider import masked

INCOMPLETE = (
    "returned the zone without its NS records, so the zone is incomplete; run again, and if that "
    "fails too, check the zone there"
)
TARGETED = frozenset({"ALIAS", "CNAME", "DNAME", "MX", "NS", "PTR", "SRV"})  # host names at the end
LOGGERS = ("Zone", "Record", "Plan", "azure", "botocore", "google")  # octoDNS's and libraries'


def whole_zone_class(provider_class: type[BaseProvider]) -> type[BaseProvider]:
    """Return a provider's class that reads whole zones only."""
    name, module = provider_class.__name__, provider_class.__module__
    repairs = REPAIRS.get(f"{module}.{name}", ())
    return type(name, (_WholeZones, *repairs, provider_class), {"__module__": module})


class _WholeZones:
    """A provider that refuses an incomplete zone, and reads no NS records that it cannot plan."""

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - octoDNS's signature
        _accept(zone)
        exists = super().populate(zone, target=target, lenient=lenient)  # type: ignore[misc]
        if exists is not False and self.SUPPORTS_ROOT_NS and not zone.root_ns:  # type: ignore[attr-defined]
            raise MailError(INCOMPLETE)
        recordsets.note_name_servers(zone)
        if zone.root_ns and not self.SUPPORTS_ROOT_NS:  # type: ignore[attr-defined]
            zone.remove_record(zone.root_ns)
        _complete(zone, relative=getattr(self, "RELATIVE_NAMES", False))
        return exists is not False


class _Desec:
    """DeSEC's class drops the lowest TTL of each domain, which its support may have changed."""

    def list_zones(self) -> list[str]:
        domains = self.desec_api.get_domains()  # type: ignore[attr-defined]
        self.minimum_ttls = {one["name"]: one["minimum_ttl"] for one in domains}
        return [*self.minimum_ttls]


class _Dnsimple:
    """DNSimple's class fails at a CAA value with a space."""

    def _data_for_CAA(self, record_type: str, rows: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N802 - octoDNS's name
        values = [
            {"flags": flags, "tag": tag, "value": value.strip('"')}
            for flags, tag, value in (row["content"].split(" ", 2) for row in rows)
        ]
        return {"ttl": rows[0]["ttl"], "type": record_type, "values": values}


class _GoogleCloud:
    """Google's class writes a CAA value without its quotation marks."""

    def _rrset_for_CAA(self, zone: Any, record: Record, gcloud_value: Any = None) -> Any:  # noqa: ANN401, N802 - Google's types, octoDNS's name
        texts = gcloud_value or [f'{one.flags} {one.tag} "{one.value}"' for one in record.values]
        return zone.resource_record_set(record.fqdn, "CAA", record.ttl, texts)


class _Ovh:
    """OVH stores names as its panel got them; without a final dot they are relative to the zone."""

    RELATIVE_NAMES = True


class _PowerDns:
    """PowerDNS's class does not tell which records are disabled, and enables what it writes."""

    def _get(self, path: str, *args: Any) -> Any:  # noqa: ANN401 - passed on
        self._answer = super()._get(path, *args)  # type: ignore[misc]
        return self._answer

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - octoDNS's signature
        exists = super().populate(zone, target=target, lenient=lenient)  # type: ignore[misc]
        sets = recordsets.sets(zone)
        for rrset in self._answer.json()["rrsets"] if exists else ():
            off = [one["content"] for one in rrset["records"] if one.get("disabled")]
            record = sets.get((zone.hostname_from_fqdn(rrset["name"]), rrset["type"]))
            if off and record:
                record.octodns["powerdns"] = {recordsets.DISABLED: off}
        return bool(exists)


REPAIRS: Mapping[str, tuple[type, ...]] = {
    "octodns_desec.DesecProvider": (_Desec,),
    "octodns_dnsimple.DnsimpleProvider": (_Dnsimple,),
    "octodns_googlecloud.GoogleCloudProvider": (_GoogleCloud,),
    "octodns_ovh.OvhProvider": (_Ovh,),
    "octodns_powerdns.PowerDnsProvider": (_PowerDns,),
}


def _accept(zone: Zone) -> None:
    """Read the records of others as they are, also with a class that ignores `lenient`."""
    skipped: dict[str, frozenset[str]] = {}
    for by_type in Record.registered_validators().values():
        for record_type, active in by_type.items():
            ids = frozenset(validator.id for validator in active)
            skipped[record_type] = skipped.get(record_type, frozenset()) | ids
    zone.disabled_record_validators = skipped


def _complete(zone: Zone, *, relative: bool) -> None:
    """Give host names in values their final dot; without it they may be relative to the zone."""
    for key, record in recordsets.sets(zone).items():
        texts = recordsets.record_set(record).values if key[1] in TARGETED else ()
        full = [_full_name(text, zone, relative=relative) for text in texts]
        if full != [*texts]:
            values = recordsets.new_values(zone, key, full)
            made = recordsets.new_record(zone, key, record.ttl, values, record)
            zone.add_record(made, replace=True, lenient=True)


def _full_name(text: str, zone: Zone, *, relative: bool) -> str:
    words, space, name = text.rpartition(" ")
    if not name:
        return text
    bare = name.rstrip(".")
    within = bare and bare == name and (relative or "." not in bare)
    return f"{words}{space}{f'{bare}.{zone.name}' if within else f'{bare}.'}"


def loggers(provider: BaseProvider) -> Iterator[str]:
    """Yield the names of the loggers of a provider and its client."""
    for part in parts(provider, depth=1):
        log = getattr(part, "log", None)
        if isinstance(log, logging.Logger):
            yield log.name


def redirect(names: Iterable[str], secrets: Sequence[str]) -> None:
    """Send the messages of loggers to pyinfra's debug log, without secrets."""
    for name in names:
        log = logging.getLogger(name)
        log.handlers = [_DebugHandler(secrets)]
        log.propagate = False


class _DebugHandler(logging.Handler):
    """Shows octoDNS's messages with `--debug` only."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self.secrets = secrets

    def emit(self, record: logging.LogRecord) -> None:
        message = masked(record.getMessage(), self.secrets)
        logging.getLogger("pyinfra").debug("octoDNS: %s", message.replace("\n", " "))


def parts(whole: object, depth: int) -> Iterator[object]:
    """Yield an object and the objects that it holds, each once, down to a depth."""
    level, seen = [whole], {id(whole)}
    for _ in range(depth + 1):
        yield from level
        below = (part for one in level for part in vars(one).values() if _has_parts(part))
        level = [
            part for part in {id(part): part for part in below}.values() if id(part) not in seen
        ]
        seen.update(map(id, level))


def _has_parts(thing: object) -> bool:
    return hasattr(thing, "__dict__") and not isinstance(thing, type | ModuleType | logging.Logger)
