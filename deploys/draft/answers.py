"""
Answers to the questions for a new inventory, checked by the rules of the settings.

An answer is a text, as an operator types it or gives it with `--data`.
"""

import ast
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..mail.errors import MailError
from ..mail.settings.inventory import checked_fleet
from ..mail.settings.mistakes.sentences import MISSING
from ..mail.settings.secret import Secret, command, env, file

BY_HAND, NONE = "manual", "none"
NEW = "the new host"
REFERENCES = {"env": env, "file": file, "command": command}
WORDS = 'env("NAME"), file("PATH") or command("PROGRAM", "ARGUMENT")'


@dataclass(frozen=True)
class ProviderKeys:
    """The keys of a DNS provider that a new inventory has; secrets are references."""

    plain: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """The host, its addresses and domains, and the provider of its zones."""

    host: str
    addresses: tuple[str, ...]
    domains: tuple[str, ...]
    dns: Mapping[str, Any] | None = field(repr=False)


def listed(text: str) -> tuple[str, ...]:
    """Return the members of a list that is separated by commas or spaces."""
    return tuple(text.replace(",", " ").split())


def checked(key: str, value: object) -> Any:  # noqa: ANN401 - the type is that of the setting
    """Return the value of a setting in its written form; raise MailError with its mistakes."""
    if not value:
        raise MailError("the answer is empty; write one")
    fleet, mistakes = checked_fleet({NEW: {**_OTHERS, key: value}}, {}, {}, {})
    found = [one.removeprefix(f"{NEW}: ") for one in mistakes if MISSING not in one]
    if found:
        raise MailError("; ".join(found))
    return getattr(fleet.hosts[0], key.removeprefix("mail_"))


def require_valid(answers: Draft) -> None:
    """Raise MailError for answers that contradict each other."""
    data = {
        "mail_hostname": answers.host,
        "mail_addresses": answers.addresses,
        "mail_domains": answers.domains,
        "mail_dns": answers.dns,
    }
    _, mistakes = checked_fleet({answers.host: data}, {}, {}, {})
    if mistakes:
        raise MailError("; ".join(mistakes))


def provider(name: str, known: Mapping[str, ProviderKeys]) -> str:
    """Return where the DNS is; raise MailError if that is not known."""
    if name in (NONE, BY_HAND, *known):
        return name
    raise MailError(
        f"{name!r} is not a DNS provider with a short name; write {NONE}, {BY_HAND} or one of "
        f"{', '.join(known)}"
    )


def plain(text: str) -> str | int:
    """Return a key that is no secret; whole numbers are numbers."""
    if not text:
        raise MailError("the answer is empty; write one")
    return int(text) if text.isdecimal() else text


def reference(text: str) -> Secret:
    """Return a reference to a secret from its text; raise MailError, which does not show it."""
    kind, bracket, rest = text.strip().partition("(")
    if kind in REFERENCES and bracket and rest.endswith(")"):
        arguments = _arguments(rest[:-1])
        if arguments and all(arguments) and (kind == "command" or len(arguments) == 1):
            return REFERENCES[kind](*arguments)
    # The text may be the secret itself.
    raise MailError(f"this is not a reference to a secret; write {WORDS}, never the secret itself")


def _arguments(text: str) -> list[str]:
    """Return the arguments in Python's form, or as words of a shell."""
    try:
        value = ast.literal_eval(f"({text},)")
    except (SyntaxError, ValueError):
        value = None
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return list(value)
    try:
        return shlex.split(text)
    except ValueError:
        return []


# A host for which only one answer is checked.
_OTHERS: Mapping[str, object] = {
    "mail_hostname": "mx.draft.example",
    "mail_addresses": ["192.0.2.1"],
}
