"""
Provider of a `mail_dns`.

`{"class": "powerdns", "host": "203.0.113.2", "api_key": env("KEY")}` names an octoDNS provider, by
a short name or by its class, and the arguments of that class. The keys are octoDNS's own, so its
documentation applies, and each of its providers works.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from importlib import import_module
from inspect import signature
from tempfile import NamedTemporaryFile
from typing import Any

from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.zone import Zone

from ...mail.errors import MailError
from ...mail.settings.secret import Secret
from . import http, octodns_fixes
from .catalogue import (
    PROVIDERS,
    SHORT_NAMES,
    Entry,
    missing_keys,
    refuse_whole_zone_writers,
    unknown_keys,
    with_defaults,
)
from .provider import Provider, masked


def load(configuration: Mapping[str, Any]) -> Provider:
    """Return the provider that a `mail_dns` describes; raise MailError that names the wrong key."""
    entry, provider_class, given = _checked(configuration)
    path, secrets = entry.path, list[str]()
    arguments = with_defaults(provider_class, {**entry.defaults, **_resolved(given, secrets)})
    files = [key for key in entry.file_keys if isinstance(given.get(key), Secret)]
    first = _provider(provider_class, path, arguments, files, secrets)

    def another() -> BaseProvider:
        provider = _provider(provider_class, path, arguments, files, secrets)
        http.share(provider, first)
        return provider

    # Cloudflare's class has an argument for it.
    minimum = getattr(first, "min_ttl", entry.minimum_ttl)
    return Provider(
        _name(configuration),
        first,
        tuple(secrets),
        entry.faithful,
        another,
        minimum,
        entry.advice,
    )


def check_keys(configuration: Mapping[str, Any]) -> None:
    """Raise MailError for a class or keys that `load` would refuse; no secret is needed."""
    entry, provider_class, given = _checked(configuration)
    arguments = with_defaults(provider_class, {**entry.defaults, **given})
    try:
        signature(provider_class).bind("", **arguments)
    except TypeError as error:
        raise MailError(f"mail_dns: {entry.path} {_refusal(error)}") from None


def _checked(
    configuration: Mapping[str, Any],
) -> tuple[Entry, type[BaseProvider], Mapping[str, Any]]:
    """Return the catalogue's entry, the class and its arguments, as the inventory gives them."""
    path = _path(configuration.get("class"))
    refuse_whole_zone_writers(path)
    entry = next((known for known in PROVIDERS.values() if known.path == path), Entry(path))
    provider_class = class_of(path)
    given = {key: value for key, value in configuration.items() if key != "class"}
    entry.check(provider_class, given)
    return entry, provider_class, given


def _name(configuration: Mapping[str, Any]) -> str:
    host = configuration.get("host")
    return f"{configuration['class']} at {host}" if host else str(configuration["class"])


def _path(name: object) -> str:
    path = SHORT_NAMES.get(str(name), str(name))
    if "." in path:
        return path
    near = get_close_matches(path, SHORT_NAMES, n=1)
    hint = f"did you mean {near[0]!r}" if near else f"write one of {', '.join(SHORT_NAMES)}"
    raise MailError(
        f"mail_dns: the class {name!r} is not known; {hint}, or the full name of an octoDNS "
        "provider, like 'octodns_bunny.BunnyProvider'"
    )


def class_of(path: str) -> type[BaseProvider]:
    """Return a provider's class by its full name; raise MailError if it is not installed."""
    module, _, name = path.rpartition(".")
    try:
        found: type[BaseProvider] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise MailError(
            f"mail_dns: {path} needs the Python module {error.name}, which is not installed; "
            f"run: {_installation(path, module)}"
        ) from None
    except AttributeError:
        raise MailError(f"mail_dns: the module {module} has no {name}; correct the class") from None
    return found


def _installation(path: str, module: str) -> str:
    short = next((name for name, known in SHORT_NAMES.items() if known == path), None)
    if short:
        return f"pip install 'pyinfra-mail[{short}]', or in a clone scripts/setup --with {short}"
    return f"pip install '{module.partition('.')[0].replace('_', '-')}'"


def _resolved(value: Any, secrets: list[str]) -> Any:  # noqa: ANN401 - an inventory holds anything
    if isinstance(value, Secret):
        secrets.append(value.resolve())
        return secrets[-1]
    if isinstance(value, Mapping):
        return {key: _resolved(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(item, secrets) for item in value]
    return value


@contextmanager
def _private_file(text: str) -> Iterator[str]:
    """Keep a secret in a file while a provider is made that reads it from a file only."""
    with NamedTemporaryFile("w", prefix="pyinfra-mail-") as file:  # its mode is 0600
        file.write(text)
        file.flush()
        yield file.name


def _provider(
    provider_class: type[BaseProvider],
    path: str,
    arguments: Mapping[str, Any],
    files: Collection[str],
    secrets: Sequence[str],
) -> BaseProvider:
    """Make an octoDNS provider; the arguments in `files` are given to it as names of files."""
    name = path.rpartition(".")[2]
    # By default octoDNS warns, and validates records by an older set of rules.
    Zone.enable_zone_validators({"strict"})
    Record.enable_validators({"strict"})
    # Some providers log their keys while they are made.
    octodns_fixes.redirect((*octodns_fixes.LOGGERS, f"{name}[{name}]"), secrets)
    try:
        with ExitStack() as opened:
            paths = {key: opened.enter_context(_private_file(arguments[key])) for key in files}
            whole_zone_class = octodns_fixes.whole_zone_class(provider_class)
            provider = whole_zone_class(name, **{**arguments, **paths})
    except Exception as error:  # noqa: BLE001 - providers share no base class of exceptions
        raise MailError(masked(f"mail_dns: {path} {_refusal(error)}", secrets)) from None
    octodns_fixes.redirect(octodns_fixes.loggers(provider), secrets)
    http.limit(provider)
    return provider


def _refusal(error: Exception) -> str:
    text = " ".join(str(error).split())
    keys = re.findall(r"'(\w+)'", text)
    if isinstance(error, TypeError) and "required" in text:
        return missing_keys(keys)
    if isinstance(error, TypeError) and "unexpected keyword" in text:
        return unknown_keys(keys)
    return f"refuses its configuration ({type(error).__name__}: {text}); correct mail_dns"
