"""Consequences of mail_dovecot for mailboxes: mail that is not found, and users who cannot read."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import MailSettings
from .consequence import Consequence
from .dovecot import KEY
from .networks import wide_networks

EVERY = {4: "*", 6: "::"}  # as Dovecot writes every address of a family
# Parameters that choose the place of messages, of Dovecot 2.3 and 2.4.
PLACES = ("mail_location", "mail_home", "mail_driver", "mail_path", "mail_inbox_path")
# Rules and quotas are plugins; "$mail_plugins" keeps those that are there.
KEPT = "$mail_plugins"


def mailboxes(host: MailSettings) -> Iterator[Consequence]:
    """Yield what the operator's own settings of Dovecot do to mailboxes."""
    if not host.mailboxes:
        return
    own = host.dovecot
    yield from _listening(host, own)
    for name in PLACES:
        if name in own:
            words, why = "keep mail at another place", "where old messages are not seen"
            fix = "remove it, or move the messages there first"
            yield Consequence(f"{KEY}.{name}", words, fix, why)
    if str(own.get("quota_full_tempfail", "yes")).lower() in ("no", "false"):
        words, why = "bounce mail that it has accepted", "if a mailbox or a disk is full"
        yield Consequence(f"{KEY}.quota_full_tempfail", words, "remove it", why)
    trusted = "login_trusted_networks"
    yield from wide_networks(f"{KEY}.{trusted}", str(own.get(trusted, "")), "trust clients of")
    yield from _plugins(host, own)


def _listening(host: MailSettings, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield each published address at which Dovecot would not listen."""
    heard = str(own.get("listen", "*, ::")).replace(",", " ").replace("[", "").replace("]", "")
    for address in host.addresses:
        if not {EVERY[address.version], str(address), host.hostname} & {*heard.lower().split()}:
            words, why = f"not offer mailboxes at {address}", "which its records name"
            yield Consequence(f"{KEY}.listen", words, "add the address to it", why)


def _plugins(host: MailSettings, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield the lists of plugins, as Dovecot 2.3 writes them, without those that mail needs."""
    delivery = own.get("protocol lmtp", {})
    needed = {"quotas": "quota"} if host.has_quotas else {}
    rules = {"rules of sieve": "sieve"} if host.has_rules else {}
    for key, section, names in (
        (KEY, own, needed),
        (f"{KEY}.protocol lmtp", delivery, needed | rules),
    ):
        plugins = section.get("mail_plugins") if isinstance(section, Mapping) else None
        if not isinstance(plugins, str):
            continue
        kept = {*plugins.split(), *(("quota",) if KEPT in plugins else ())}
        for what, name in names.items():
            if name not in kept:
                fix = f"add {name} to it"
                yield Consequence(f"{key}.mail_plugins", f"not apply {what}", fix)
