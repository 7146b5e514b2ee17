"""Questions for a new inventory: answered by `--data`, else in the terminal."""

import sys
from collections.abc import Callable, Mapping
from shlex import quote
from typing import Any, TypeVar

import click

from ..mail.errors import MailError
from .answers import BY_HAND, NONE, ProviderKeys, checked, listed, plain, provider, reference

Value = TypeVar("Value")

EXAMPLES = {
    "host": "mx1.example.org",
    "address": "203.0.113.25,2001:db8::25",
    "domain": "example.org",
    "dns": BY_HAND,
}


class Questions:
    """The answers so far, from `--data`, and the terminal for the others."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = {key: _text(value) for key, value in given.items() if value is not None}
        self._asks = sys.stdin.isatty()

    def require_answers(self, keys: Mapping[str, str]) -> None:
        """Raise MailError that names every missing answer, if there is no terminal."""
        missing = [
            f"--data {quote(f'{key}={keys[key]}')}" for key in keys if key not in self._given
        ]
        if missing and not self._asks:
            raise MailError(f"there is no terminal to ask in; write {' '.join(missing)}")

    def host(self) -> str:
        """Return the name of the host."""
        return self._answer("host", "Name of the mail host", _host)

    def addresses(self) -> tuple[str, ...]:
        """Return the addresses of the host."""
        return self._answer("address", "Its public IP addresses", _addresses)

    def domains(self) -> tuple[str, ...]:
        """Return the domains of the host."""
        return self._answer("domain", "Domains that it receives mail for", _domains)

    def dns(self, known: Mapping[str, ProviderKeys]) -> Mapping[str, Any] | None:
        """Return the provider of the zones with its keys."""
        question = f"DNS provider ({', '.join(known)}; {BY_HAND}: by hand; {NONE})"
        name = self._answer("dns", question, lambda text: provider(text.strip(), known))
        if name in (NONE, BY_HAND):
            return None if name == NONE else {"class": BY_HAND}
        keys = known[name]
        references = {key: f'env("{_variable(name, key)}")' for key in keys.secret}
        examples = dict.fromkeys(keys.plain, "...") | references
        self.require_answers({f"dns_{key}": example for key, example in examples.items()})
        configuration: dict[str, Any] = {"class": name}
        for key in keys.plain:
            configuration[key] = self._answer(f"dns_{key}", f"{name}: {key}", plain)
        for key, example in references.items():
            question = f"{name}: reference to its {key}"
            configuration[key] = self._answer(f"dns_{key}", question, reference, example)
        return configuration

    def _answer(
        self, key: str, question: str, rule: Callable[[str], Value], default: str | None = None
    ) -> Value:
        if key in self._given:
            try:
                return rule(self._given[key])
            except MailError as error:
                raise MailError(f"--data {key}: {error}") from None

        def value_of(text: str) -> Value:
            try:
                return rule(text)
            except MailError as error:
                raise click.UsageError(str(error)) from None

        value: Value = click.prompt(question, default=default, value_proc=value_of, err=True)
        return value


def _variable(provider_name: str, key: str) -> str:
    return f"{provider_name}_{key}".upper()


def _host(text: str) -> str:
    return str(checked("mail_hostname", text.strip()))


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(map(str, checked("mail_addresses", listed(text))))


def _domains(text: str) -> tuple[str, ...]:
    return tuple(checked("mail_domains", listed(text)))


def _text(value: object) -> str:
    """Return the text of a value of `--data`, which pyinfra may have made a number or a list."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
