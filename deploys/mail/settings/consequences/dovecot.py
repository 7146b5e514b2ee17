"""Consequences of mail_dovecot: logins that nobody should have, or that nobody would have."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import MailSettings
from .consequence import Choice, Consequence

KEY = "mail_dovecot"
CLEARTEXT = ("disable_plaintext_auth", "auth_allow_cleartext")  # Dovecot 2.3, 2.4
PASSWORD_LOGS = ("auth_debug_passwords", "auth_verbose_passwords")
WITHOUT_DOMAIN = ("%n", "%Ln", "%{user|username", "%{username")
LOCAL = ("127.", "::1", "localhost")
# What a service of Dovecot does for each client that reaches it; those of users ask for a login.
OPENED = {
    "lmtp": "take mail for mailboxes without a check",
    "doveadm": "take commands for mailboxes",
    "quota-status": "answer questions about quotas",
}
OF_LOGINS = "answer questions about logins"
OF_USERS = "-login"


def logins(host: MailSettings) -> Iterator[Consequence]:
    """Yield what the operator's own settings of Dovecot do to logins."""
    if not host.logins:
        return
    own = host.dovecot
    yield from _mechanisms(str(own.get("auth_mechanisms", "plain login")))
    yield from _names(own)
    for name in PASSWORD_LOGS:
        if str(own.get(name, "no")).lower() not in ("no", "false"):
            words = "write passwords to the log"
            yield Consequence(f"{KEY}.{name}", words, "remove it")
    for path, section in sections(own):
        kind = path.rpartition(".")[2]
        if kind.startswith("passdb"):
            yield from _passwords(path, section)
        elif kind.startswith("inet_listener"):
            yield from _listener(path, section)
    if own.get("protocols") or host.imap_starttls:
        yield from _cleartext(own, "required" if host.mailboxes else "no")


def _mechanisms(text: str) -> Iterator[Consequence]:
    key, mechanisms = f"{KEY}.auth_mechanisms", text.lower().split()
    if "anonymous" in mechanisms:
        why = "because a login needs no password"
        yield Consequence(key, "relay for everybody", "remove anonymous", why, Choice.NEVER)
    if "plain" not in mechanisms:
        why = "which know PLAIN (RFC 4616)"
        words = "refuse logins of mail programs"
        yield Consequence(key, words, "keep plain in the list", why, Choice.NEVER)


def _names(own: Mapping[str, Any]) -> Iterator[Consequence]:
    words, why = "refuse every login", "because a login is a whole address"
    if str(own.get("auth_username_format", "")).startswith(WITHOUT_DOMAIN):
        key = f"{KEY}.auth_username_format"
        yield Consequence(key, words, "keep the domain, as %Lu does", why, Choice.NEVER)
    characters = str(own.get("auth_username_chars", ""))
    if characters and "@" not in characters:
        yield Consequence(f"{KEY}.auth_username_chars", words, "add @ to it", why, Choice.NEVER)


def _passwords(path: str, section: Mapping[str, Any]) -> Iterator[Consequence]:
    text = " ".join(f"{name}={value}" for name, value in section.items()).lower()
    if "static" not in path and section.get("driver") != "static":
        return
    if "nopassword" in text or "allow_all" in text:
        words, why = "relay for everybody", "because every password is right"
        yield Consequence(path, words, "remove it", why, Choice.NEVER)
    else:
        words, why = "accept one password for every login", "and anybody who has it"
        yield Consequence(path, words, "write passwords in mail_accounts", why)


def _listener(path: str, section: Mapping[str, Any]) -> Iterator[Consequence]:
    address = str(section.get("address", section.get("listen", "*")))
    service = path.split(".")[1].removeprefix("service").strip()
    if service.endswith(OF_USERS) or address.startswith(LOCAL):
        return
    if str(section.get("port", "0")) != "0":
        words = f"{OPENED.get(service, OF_LOGINS)} at port {section['port']}"
        yield Consequence(path, words, 'write "address": "127.0.0.1"', "from every host")


def _cleartext(own: Mapping[str, Any], ssl: str) -> Iterator[Consequence]:
    for name, wrong in zip(CLEARTEXT, ("no", "yes"), strict=True):
        given = {"true": "yes", "false": "no"}.get(str(own.get(name, "")).lower(), own.get(name))
        if given == wrong and str(own.get("ssl", ssl)).lower() != "required":
            words = "take passwords without TLS"
            yield Consequence(f"{KEY}.{name}", words, "remove it", choice=Choice.NEVER)


def sections(own: Mapping[str, Any], path: str = KEY) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each section with its key."""
    for name, value in own.items():
        if isinstance(value, Mapping):
            yield f"{path}.{name}", value
            yield from sections(value, f"{path}.{name}")
