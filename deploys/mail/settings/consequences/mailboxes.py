"""Consequences for mailboxes: mail that is lost or not found, and users who cannot read."""

from collections.abc import Iterator, Mapping
from typing import Any

from ... import paths
from ...postfix import MAILBOXES
from ..model import MailSettings
from .consequence import Choice, Consequence, main_key, value
from .dovecot import KEY, sections
from .networks import wide_networks
from .rspamd import KEY as RSPAMD
from .rspamd import PROXY

EVERY = {4: "*", 6: "::"}  # as Dovecot writes every address of a family
# Parameters that choose the place of messages, of Dovecot 2.3 and 2.4.
PLACES = ("mail_location", "mail_home", "mail_driver", "mail_path", "mail_inbox_path")
# Rules and quotas are plugins; "$mail_plugins" keeps those that are there.
KEPT = "$mail_plugins"
SPAM = "x-spam"  # of rspamd's milter, by default
NO, YES = {"no", "false"}, {"yes", "true"}
LARGEST = ("quota_max_mail_size", "quota_mail_size")  # of a message, of Dovecot 2.3 and 2.4
LOGS = ("log_path", "info_log_path")
TO_JOURNAL = {"", "syslog"}
ADDRESS_IN_LOG = ("%r", "rip")  # of a client, in the elements of 2.3 and 2.4


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
    if _is(own.get("quota_full_tempfail"), NO):
        words, why = "bounce mail that it has accepted", "if a mailbox or a disk is full"
        yield Consequence(f"{KEY}.quota_full_tempfail", words, "remove it", why)
    trusted = "login_trusted_networks"
    yield from wide_networks(f"{KEY}.{trusted}", str(own.get(trusted, "")), "trust clients of")
    yield from _plugins(host, own)
    yield from _rules(host, own)
    yield from _full(host, own)
    yield from _logs(host, own)
    for path, section in ((KEY, own), *sections(own)):
        yield from _readers(path, section)
        if section.get("mail_fsync") == "never":
            words, why = "lose mail that it has accepted", "if the machine stops"
            yield Consequence(f"{path}.mail_fsync", words, "remove it", why)
    transport = value(host, "virtual_transport")
    if transport != MAILBOXES["virtual_transport"]:
        words, why = f"deliver mail of mailboxes by {transport}", "and not to Dovecot"
        yield Consequence(main_key(host, "virtual_transport"), words, "remove it", why)


def _is(setting: object, words: set[str]) -> bool:
    return str(setting).lower() in words


def _readers(path: str, section: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield what lets others than its user read a mailbox."""
    kind, service = path.rpartition(".")[2], path.partition(".")[2].partition(".")[0]
    if _is(section.get("mail_full_filesystem_access"), YES):
        words = "let every user read the mail of others"
        why = "because one user of the system owns it all"
        key = f"{path}.mail_full_filesystem_access"
        yield Consequence(key, words, "remove it", why, Choice.NEVER)
    if kind.startswith("passdb") and _is(section.get("master"), YES):
        yield Consequence(path, "let one login open every mailbox", "remove master")
    everybody = str(section.get("mode", "0"))[-1] != "0"
    if kind.startswith("unix_listener") and service == "service doveadm" and everybody:
        words, why = "take commands for mailboxes from each of its users", "and show any message"
        yield Consequence(path, words, "write a mode like 0600", why)


def _rules(host: MailSettings, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield other scripts of Sieve than those of the inventory, and another way for their mail."""
    if not host.has_rules:
        return
    of_inventory = any(one.sieve for one in host.mailboxes.values())
    words = {
        "sieve_default": "not apply the rules of mail_mailboxes" if of_inventory else "",
        "sieve_script inventory": "not apply the rules of mail_mailboxes" if of_inventory else "",
        "sieve_before": "not file spam into Junk" if host.judgement else "",
        "sieve_script junk": "not file spam into Junk" if host.judgement else "",
    }
    for key, name, _ in _parameters(own):
        if words.get(name):
            yield Consequence(key, words[name], "remove it")
    marked = host.rspamd.get(PROXY, {}).get("spam_header", SPAM)
    if host.judgement and str(marked).lower() != SPAM:
        key, why = f"{RSPAMD}.{PROXY}.spam_header", "which is found by its header field X-Spam"
        yield Consequence(key, "not file spam into Junk", "remove it", why)
    if "sendmail_path" in own:
        sent = f"send mail of rules by {own['sendmail_path']}"
        yield Consequence(f"{KEY}.sendmail_path", sent, "remove it", "and not by Postfix")


def _full(host: MailSettings, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield what becomes of mail that has no room."""
    for key, name, setting in _parameters(own):
        if name in LARGEST:
            words, why = "bounce mail that it has accepted", f"if it is larger than {setting}"
            yield Consequence(key, words, "remove it", why)
    if not host.has_quotas:
        return
    full, waits = "accept mail for full mailboxes", "which then waits, and is returned"
    for key, name, setting in _parameters(own):
        if name == "quota_status_overquota" and str(setting).upper().startswith(("DUNNO", "OK")):
            yield Consequence(key, full, "remove it", waits)
        elif (name, setting) == ("quota", "") or (name == "quota_enforce" and _is(setting, NO)):
            yield Consequence(key, "not apply quotas", "remove it")
    asked = f"unix:{paths.in_queue(paths.QUOTA_SOCKET)}"
    if asked not in value(host, "smtpd_recipient_restrictions"):
        key = main_key(host, "smtpd_recipient_restrictions")
        yield Consequence(key, full, f"begin it with check_policy_service {asked}", waits)


def _parameters(own: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each parameter with its key and name, those of 2.3's section for plugins too."""
    plugins = own.get("plugin", {})
    of_plugins = plugins.items() if isinstance(plugins, Mapping) else ()
    yield from ((f"{KEY}.{name}", name, one) for name, one in own.items())
    yield from ((f"{KEY}.plugin.{name}", name, one) for name, one in of_plugins)


def _logs(host: MailSettings, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield what hides wrong passwords from fail2ban."""
    words = "not ban addresses that guess passwords"
    if not host.ban_seconds:
        return
    for name in LOGS:
        if str(own.get(name, "")) not in TO_JOURNAL:
            why = "because fail2ban reads the journal"
            yield Consequence(f"{KEY}.{name}", words, "remove it", why)
    name = "login_log_format_elements"
    if name in own and not any(one in str(own[name]) for one in ADDRESS_IN_LOG):
        why = "because the log does not name them"
        yield Consequence(f"{KEY}.{name}", words, "add rip=%r to it", why)


def _listening(host: MailSettings, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield each published address at which Dovecot would not listen."""
    heard = str(own.get("listen", "*, ::")).replace(",", " ").replace("[", "").replace("]", "")
    for address in host.addresses:
        if not {EVERY[address.version], str(address), host.hostname} & {*heard.lower().split()}:
            words, why = f"not offer mailboxes at {address}", "which its records name"
            yield Consequence(f"{KEY}.listen", words, "add the address to it", why)


def _plugins(host: MailSettings, own: Mapping[str, Any]) -> Iterator[Consequence]:
    """Yield the lists of plugins without those that mail needs; 2.4 writes each as a boolean."""
    delivery = own.get("protocol lmtp", {})
    needed = {"quotas": "quota"} if host.has_quotas else {}
    rules = {"rules of sieve": "sieve"} if host.has_rules else {}
    for key, section, names in (
        (KEY, own, needed),
        (f"{KEY}.protocol lmtp", delivery, needed | rules),
    ):
        plugins = section.get("mail_plugins") if isinstance(section, Mapping) else None
        if isinstance(plugins, str):
            kept = {*plugins.split(), *(("quota",) if KEPT in plugins else ())}
            gone = {*names.values()} - kept
        else:
            switches = plugins if isinstance(plugins, Mapping) else {}
            gone = {name for name in names.values() if _is(switches.get(name), NO)}
        for what, name in names.items():
            if name in gone:
                fix = f"add {name} to it"
                yield Consequence(f"{key}.mail_plugins", f"not apply {what}", fix)
