"""
Records that the operator publishes by hand, as one list in three forms.

The forms are lines of a zone file (RFC 1035 section 5), blocks of name, type and value for the web
forms of registrars, and an HTML page with a button beside each text that copies it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.rdata
import dns.rdtypes.ANY.TXT
from jinja2 import Environment, PackageLoader, StrictUndefined

from ..run import reports
from .model.changes import RecordChange

NAME = "publish"
PREFERENCE = {"MX": "Priority", "SRV": "Priority, weight and port"}
NUMBERS = {"MX": 1, "SRV": 3}  # words of the value that forms ask for by themselves


@dataclass(frozen=True)
class ListedRecord:
    """One value to publish: `host` is its name below the zone, `numbers` precede its target."""

    zone: str
    host: str
    name: str
    type: str
    ttl: int
    numbers: str
    value: str
    line: str
    why: str
    replaces: tuple[str, ...]

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return what a web form asks for, each with its text."""
        numbers = ((PREFERENCE[self.type], self.numbers),) if self.numbers else ()
        name = ("Name", self.name) if self.host == self.name else ("Name", self.host)
        return (name, ("Type", self.type), ("TTL", str(self.ttl)), *numbers, ("Value", self.value))


def listed_records(zone: str, changes: Iterable[RecordChange]) -> Iterator[ListedRecord]:
    """Yield the values of a zone that have to be published."""
    for change in changes:
        for value in change.desired.values if change.desired else ():
            ttl = change.desired.ttl if change.desired else 0
            words = value.split(maxsplit=NUMBERS.get(change.type, 0))
            yield ListedRecord(
                zone=zone,
                host=change.name.removesuffix(zone).rstrip(".") or "@",
                name=change.name,
                type=change.type,
                ttl=ttl,
                numbers=" ".join(words[:-1]) if change.type in NUMBERS else "",
                value=_in_one_piece(change.type, value, words[-1]),
                line=f"{change.name}. {ttl} IN {change.type} {value}",
                why=change.why,
                replaces=change.existing.values if change.existing else (),
            )


def zone_file(records: Sequence[ListedRecord]) -> str:
    """Return the records as lines of a zone file, each set with its reason."""
    lines: dict[str, None] = {}
    for record in records:
        if record.replaces:
            lines[f"; replaces {' and '.join(record.replaces)}:"] = None
        lines[f"; {record.name} {record.type}: {record.why}"] = None
        lines[record.line] = None
    return "".join(f"{line}\n" for line in lines)


def form_text(records: Sequence[ListedRecord]) -> str:
    """Return the records as blocks of the fields of a web form."""
    blocks = []
    for record in records:
        wide = max(len(field) for field, _ in record.fields)
        lines = [f"{field:{wide}}  {text}" for field, text in record.fields]
        old = [f"{'replaces':{wide}}  {value}" for value in record.replaces]
        blocks.append("\n".join((f"{record.zone}: {record.why}", *lines, *old)))
    return "\n\n".join(blocks) + "\n"


def page(records: Sequence[ListedRecord]) -> str:
    """Return the records as an HTML page, which needs no other file and no network."""
    loader = PackageLoader(__package__, ".")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    zones = {record.zone: [one for one in records if one.zone == record.zone] for record in records}
    return environment.get_template(f"{NAME}.html.j2").render(zones=zones, lines=zone_file(records))


def write(records: Sequence[ListedRecord], folder: Path) -> Path:
    """Write the list in every form; return the page, or raise MailError."""
    forms = {"zone": zone_file, "txt": form_text, "html": page}
    for suffix, form in forms.items():
        reports.write(folder / f"{NAME}.{suffix}", form(records), "the list of records")
    return folder / f"{NAME}.html"


def _in_one_piece(record_type: str, value: str, last: str) -> str:
    """Return a value as forms take it: a text without cuts and quotes, a name without its dot."""
    if record_type == "TXT":
        rdata = dns.rdata.from_text("IN", "TXT", value)
        assert isinstance(rdata, dns.rdtypes.ANY.TXT.TXT)  # noqa: S101 - dnspython's own type
        return b"".join(rdata.strings).decode("utf-8", "replace")
    return last.rstrip(".") if record_type in ("MX", "SRV", "CNAME", "NS", "PTR") else value
