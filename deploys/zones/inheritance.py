"""
CAA records at a name with other names below it, which inherit them (RFC 8659 section 3).

An authority uses the nearest CAA set at a name or above it. So the first set at the apex of a zone
would bar every other name there from its own authority, and an account in it from its own account.
There our record is left out if nothing restricts the names yet. If something does, our authority is
added without an account.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from octodns.zone import Zone

from ..mail.caa import Issue
from ..mail.records import MailRecord
from .model import recordsets
from .model.changes import listed
from .ownership import registry as registries
from .ownership.registry import digest
from .ownership.scope import PlanScope

WITHOUT_SERVER = frozenset({"CAA", "MX", "SPF", "TXT"})  # no certificate is for these alone


@dataclass(frozen=True)
class Fitting:
    """The records of a plan, its scope, and notes on the CAA records that are left out."""

    records: tuple[MailRecord, ...]
    scope: PlanScope
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaaTree:
    """
    The names of servers in a zone, and the CAA sets of others by their names.

    `planned` are the names of our CAA sets. If the zone is not `visible` as a whole, its apex may
    have any name below it.
    """

    zone: str
    names: frozenset[str]
    theirs: Mapping[str, tuple[str, ...]]
    planned: frozenset[str]
    visible: bool = True

    @classmethod
    def of(
        cls, existing: Zone, records: Collection[MailRecord], scope: PlanScope, *, visible: bool
    ) -> "CaaTree":
        """Return the tree of an existing zone with these records."""
        registry = registries.read(existing)
        ours = registry.digests(registry.tags(scope.hosts))
        names = {record.name for record in records if record.type not in WITHOUT_SERVER}
        theirs: dict[str, tuple[str, ...]] = {}
        for key, record in recordsets.sets(existing).items():
            name, own = record.fqdn.rstrip("."), ours.get(key, ())
            if key[1] not in WITHOUT_SERVER:
                names.add(name)
            elif key[1] == "CAA":
                theirs[name] = tuple(t for t in recordsets.texts(record) if digest(t) not in own)
        planned = frozenset(record.name for record in records if record.type == "CAA")
        return cls(existing.name.rstrip("."), frozenset(names), theirs, planned, visible)

    def heirs(self, name: str) -> list[str]:
        """Return the names of servers that have no CAA set between them and a name above."""
        if name == self.zone and not self.visible:
            return ["its other names"]
        sets = self.planned | {at for at, texts in self.theirs.items() if texts}
        nearer = [f".{at}" for at in sets if at.endswith(f".{name}")]
        return sorted(
            one
            for one in self.names
            if one.endswith(f".{name}")
            and not any(label.startswith("_") for label in one.split("."))
            and not any(f".{one}".endswith(at) for at in nearer)
        )

    def applying(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Return the name and the values of the nearest set of others at a name or above it."""
        while f".{name}".endswith(f".{self.zone}"):
            if texts := self.theirs.get(name):
                return name, texts
            name = name.partition(".")[2]
        return "", ()


def fitted(
    existing: Zone, records: Iterable[MailRecord], scope: PlanScope, *, visible: bool
) -> Fitting:
    """Return the records without CAA sets that would bar other names, or with wider ones."""
    tree = CaaTree.of(existing, records := tuple(records), scope, visible=visible)
    fits: dict[MailRecord, MailRecord | None] = {}
    notes = []
    own = (record for record in records if record.type == "CAA")
    for record in sorted(own, key=lambda one: -one.name.count(".")):
        if heirs := tree.heirs(record.name):
            fits[record], note = _fit(tree, record, listed(heirs))
            notes.append(note)
            if fits[record] is None:
                tree = replace(tree, planned=tree.planned - {record.name})
    needed = {name: _replaced(ones, fits) for name, ones in scope.needed.items()} if fits else {}
    return Fitting(
        _replaced(records, fits),
        replace(scope, needed=needed) if fits else scope,
        tuple(filter(None, notes)),
    )


def _fit(tree: CaaTree, record: MailRecord, heirs: str) -> tuple[MailRecord | None, str]:
    """Return the record for a name that others inherit from, or None; and a note."""
    at, texts = tree.applying(record.name)
    known = [issue for issue in map(Issue.parse, texts) if issue]
    ours = [Issue(issue.issuer) for issue in map(Issue.parse, record.values) if issue]
    if not known:
        return None, (
            f"no CAA at {record.name}: {heirs} would inherit it and may have certificates of "
            "another authority or account (RFC 8659 section 3)"
        )
    missing = [one for one in ours if not any(issue.permits(one) for issue in known)]
    if at != record.name and not missing:
        return None, f"no CAA at {record.name}: the set at {at} applies to it, and permits ours"
    inherited = texts if at != record.name else ()
    values = dict.fromkeys((*inherited, *map(str, missing if inherited else ours)))
    why = f"{record.why}; without an ACME account, as {heirs} inherit it (RFC 8659 section 3)"
    return replace(record, values=tuple(values), why=why), ""


def _replaced(
    records: Iterable[MailRecord], fits: Mapping[MailRecord, MailRecord | None]
) -> tuple[MailRecord, ...]:
    fitting = (fits.get(record, record) for record in records)
    return tuple(record for record in fitting if record)
