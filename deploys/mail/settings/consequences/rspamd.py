"""Consequences of mail_rspamd: mail without signature, mail that is discarded, open ports."""

from collections.abc import Iterator, Mapping
from typing import Any

from ... import paths
from ..model import MailSettings
from .consequence import Choice, Consequence
from .networks import wide_networks
from .signatures import UNSIGNED

KEY = "mail_rspamd"
SIGNING = "dkim_signing.conf"
PROXY = "worker-proxy.inc"
WORKERS = ("worker-controller.inc", "worker-normal.inc", PROXY, "worker-fuzzy.inc")
LOCAL = ("/", "127.", "localhost", "[::1]", "::1", "systemd:")


def rspamd(host: MailSettings) -> Iterator[Consequence]:
    """Yield what follows from the operator's own settings of rspamd."""
    yield from _signing(host.rspamd.get(SIGNING, {}))
    yield from _options(host.rspamd.get("options.inc", {}))
    yield from _actions(host.rspamd.get("actions.conf", {}))
    if _truth(host.rspamd.get(PROXY, {}).get("discard_on_reject")):
        yield _discard(f"{KEY}.{PROXY}.discard_on_reject")
    for file in WORKERS:
        yield from _worker(file, host.rspamd.get(file, {}))
    for file, own in host.rspamd.items():
        yield from _discards(f"{KEY}.{file}", own)
    yield from _symbols(host.rspamd.get("settings.conf", {}))


def _signing(own: Mapping[str, Any]) -> Iterator[Consequence]:
    for name, wrong, why in (
        ("enabled", False, ""),
        ("sign_local", False, "of the host's own programs and networks"),
        ("sign_authenticated", False, "of accounts"),
        ("use_esld", True, "of domains below others"),
        ("use_redis", True, "because the keys are in files"),
        ("use_vault", True, "because the keys are in files"),
    ):
        if _truth(own.get(name)) is wrong:
            yield Consequence(f"{KEY}.{SIGNING}.{name}", UNSIGNED, "remove it", why)
    if _truth(own.get("sign_inbound")):
        words, why = "sign mail of outside senders", "forged mail among it"
        key = f"{KEY}.{SIGNING}.sign_inbound"
        yield Consequence(key, words, "remove it", why, Choice.NEVER)
    by = str(own.get("use_domain", "header"))
    if by not in ("header", "from"):
        words, why = f"sign by the {by} domain", "which readers do not see, so DMARC can fail"
        yield Consequence(f"{KEY}.{SIGNING}.use_domain", words, "remove it", why)
    for domain, entry in _mapping(own.get("domain")).items():
        if not _mapping(entry):
            key = f"{KEY}.{SIGNING}.domain.{domain}"
            yield Consequence(key, UNSIGNED, "remove it", f"from {domain}")


def _options(own: Mapping[str, Any]) -> Iterator[Consequence]:
    key = f"{KEY}.options.inc"
    for name in ("local_addrs", "local_networks"):
        if name in own:
            text = " ".join(map(str, _list(own[name])))
            yield from wide_networks(f"{key}.{name}", text, "sign mail of")
            if name == "local_addrs" and not text:
                yield Consequence(f"{key}.{name}", UNSIGNED, "remove it", "of its own programs")
    if "filters" in own and "dkim" not in str(own["filters"]):
        yield Consequence(f"{key}.filters", UNSIGNED, "keep dkim in it")
    if _truth(own.get("soft_reject_on_timeout")) is False:
        name = f"{key}.soft_reject_on_timeout"
        yield Consequence(name, UNSIGNED, "remove it", "when rspamd is slow")


def _actions(own: Mapping[str, Any]) -> Iterator[Consequence]:
    for name, words in (
        ("reject", "refuse all mail"),
        ("greylist", "defer all mail"),
        ("soft reject", "defer all mail"),
    ):
        score = own.get(name, own.get(name.replace(" ", "_")))
        if isinstance(score, int | float) and not isinstance(score, bool) and score <= 0:
            key = f"{KEY}.actions.conf.{name}"
            why = f"because every score reaches {score}"
            yield Consequence(key, words, "write a score above 0", why, Choice.NEVER)
    if own.get("discard") is not None:
        yield _discard(f"{KEY}.actions.conf.discard")


def _discards(path: str, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield rules, at any depth, whose action discards mail."""
    for name, value in own.items():
        if isinstance(value, Mapping):
            yield from _discards(f"{path}.{name}", value)
        elif name in ("action", "least") and value == "discard":
            yield _discard(f"{path}.{name}")


def _discard(key: str) -> Consequence:
    fix = "write reject, whose sender hears about it"
    return Consequence(key, "discard mail by rspamd", fix, "after it was accepted")


def _worker(file: str, own: Mapping[str, Any]) -> Iterator[Consequence]:
    key = f"{KEY}.{file}"
    sockets = [str(one) for one in _list(own.get("bind_socket", []))]
    ours = paths.MILTER_SOCKET
    if file == PROXY and sockets and not any(one.startswith(ours) for one in sockets):
        yield Consequence(
            f"{key}.bind_socket",
            "accept no mail",
            f'keep "{ours} mode=0660" in the list',
            "because Postfix asks rspamd there",
            Choice.NEVER,
        )
    for socket in sockets:
        if socket.startswith(LOCAL) or _protected(file, own):
            continue
        part = file.removeprefix("worker-").removesuffix(".inc")
        words = f"open rspamd's {part} worker at {socket}"
        choice = Choice.NEVER if file == WORKERS[0] else Choice.OPEN
        yield Consequence(f"{key}.bind_socket", words, "write 127.0.0.1", "for every host", choice)


def _protected(file: str, own: Mapping[str, Any]) -> bool:
    """Tell if a controller asks for a password, which is written as a hash."""
    return file == WORKERS[0] and str(own.get("password", "")).startswith("$")


def _symbols(own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield rules of settings that leave out the signature of outgoing mail."""
    for rule in ("accounts", "local"):
        apply = _mapping(_mapping(own.get(rule)).get("apply"))
        enabled, disabled = apply.get("symbols_enabled"), _list(apply.get("symbols_disabled", []))
        if (enabled is not None and "DKIM_SIGNED" not in _list(enabled)) or (
            "DKIM_SIGNED" in disabled
        ):
            key = f"{KEY}.settings.conf.{rule}"
            yield Consequence(key, UNSIGNED, "keep DKIM_SIGNED among its symbols")


def _truth(value: object) -> bool | None:
    """Return a boolean of UCL; None for another value."""
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    return known.get(str(value).lower())


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - UCL holds anything
    return list(value) if isinstance(value, list | tuple) else [value]


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - UCL holds anything
    return value if isinstance(value, Mapping) else {}
