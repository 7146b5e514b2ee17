"""Through which `mail_dns` of a fleet each record is published."""

from collections.abc import Iterable, Mapping
from typing import Any

from ...mail.errors import MailError
from ...mail.records import MailRecord
from ...mail.settings.model import Fleet

Configuration = Mapping[str, Any]


def by_configuration(
    fleet: Fleet, records: Iterable[MailRecord]
) -> list[tuple[Configuration, list[MailRecord]]]:
    """Return records of a fleet by the `mail_dns` through which they are published."""
    chosen = _chosen(fleet)
    groups: list[tuple[Configuration, list[MailRecord]]] = []
    for record in records:
        configuration = _covering(record.name, chosen)
        members = next((members for known, members in groups if known == configuration), None)
        if members is not None:
            members.append(record)
        elif configuration is not None:
            groups.append((configuration, [record]))
    return groups


def _chosen(fleet: Fleet) -> dict[str, Configuration | None]:
    chosen: dict[str, Configuration | None] = {}
    for host in fleet.hosts:
        for name in host.published_names:
            if chosen.setdefault(name, host.dns) != host.dns:
                raise MailError(
                    f"{name} is published through a different mail_dns by each of its hosts; "
                    "give them the same one"
                )
    return chosen


def _covering(name: str, chosen: Mapping[str, Configuration | None]) -> Configuration | None:
    """Return what was chosen for a name of the fleet, for a record at it or below it."""
    while name not in chosen:
        name = name.partition(".")[2]
    return chosen[name]
