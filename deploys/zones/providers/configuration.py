"""Mistakes in every `mail_dns` of an inventory, which need no request to a provider."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...mail.errors import MailError
from ...mail.settings.secret import counted, reason_of, references
from .loader import check_keys, load


def provider_mistakes(
    hosts: Mapping[str, Mapping[str, Any]], *, secrets: bool = True
) -> Iterator[str]:
    """Yield the mistakes in the `mail_dns` of hosts; without `secrets` these are not tried."""
    groups: list[tuple[Mapping[str, Any], list[str]]] = []
    for name, data in hosts.items():
        configuration = data.get("mail_dns")
        members = next((names for known, names in groups if known == configuration), None)
        if members is not None:
            members.append(name)
        elif isinstance(configuration, Mapping):
            groups.append((configuration, [name]))
    for configuration, names in groups:
        for sentence in _mistakes(configuration, secrets=secrets):
            yield f"{counted(names)}: {sentence}"


def _mistakes(configuration: Mapping[str, Any], *, secrets: bool) -> Iterator[str]:
    unread = [
        f"{path}: {reason}"
        for path, secret in references("mail_dns", configuration)
        if secrets and (reason := reason_of(secret))
    ]
    yield from unread
    try:
        if unread or not secrets:
            check_keys(configuration)
        else:
            load(configuration)
    except MailError as error:
        yield str(error)
