"""Query and desired state of a service with one systemd unit, from its row in `mail/units`."""

from ...mail import units
from ...mail.settings.model import HostSettings
from ..model.desired import File, Query, Service


def base_query(
    settings: HostSettings, name: str, directories: tuple[str, ...], files: tuple[str, ...]
) -> Query:
    """Return the query for a service's packages, units and files."""
    row = units.service(settings, name)
    return Query(
        name=name, directories=directories, packages=row.packages, files=files, units=row.units
    )


def base_service(query: Query, files: tuple[File, ...]) -> Service:
    """Return the desired service: its unit is enabled, and starts only with our files."""
    unit = query.units[-1]
    return Service(query=query, unit=unit, enabled=unit, files=files, masked=(unit,))
