"""
Drift of a host: files that differ from the last deploy, settings that differ from the inventory.

A deploy notes on the host the paths of its files, and a digest of the set that each service loaded.
A file with another content is an edit that the next deploy undoes, or a change that no service has
loaded. The settings of Postfix (`postconf`) are compared with the inventory.
"""

from collections.abc import Iterator, Sequence

from ..core.finding import Check, Finding
from .snapshot import Snapshot

DRIFT = Check(
    "host.drift",
    "host",
    "Is the host in the state of its last deploy?",
    "postconf(5)",
    why="A change by hand is lost with the next deploy, or breaks at the next restart.",
    remedy="Write the change into the inventory and deploy, or deploy to undo it.",
)

# Parameters that follow from other settings.
_DERIVED = (
    "myhostname",
    "message_size_limit",
    "virtual_alias_domains",
    "smtpd_milters",
    "smtpd_tls_chain_files",
)
# Limits for guessed passwords, and no password in clear text, as in main.cf.j2.
_OF_ACCOUNTS = {"smtpd_client_auth_rate_limit": ("1200",), "smtpd_tls_auth_only": ("yes",)}
_OF_EVERY_HOST = {"smtpd_relay_restrictions": ("reject_unauth_destination",)}
_OF_MAILBOXES = ("virtual_mailbox_domains", "virtual_mailbox_maps", "virtual_transport")
# Of main.cf, in every snapshot.
PARAMETERS = (*_DERIVED, *_OF_MAILBOXES, *_OF_ACCOUNTS, *_OF_EVERY_HOST)


def drift(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the deployed files, and the most important settings."""
    name = snapshot.host.inventory_name
    if not snapshot.lines("deployed") or not snapshot.lines("postconf"):
        yield DRIFT.unknown(name, f"{name}: it has no notes of a deploy", f"deploy {name}")
        return
    found = [*_files(snapshot), *_settings(snapshot)]
    yield from found
    if not found:
        count = len({line.split()[0] for line in snapshot.lines("deployed")})
        saw = (
            f"{name}: the files of {count} services are as deployed; Postfix is as in the inventory"
        )
        yield DRIFT.ok(name, saw)


def _files(snapshot: Snapshot) -> Iterator[Finding]:
    name = snapshot.host.inventory_name
    fix = f"write the change into the inventory, then deploy {name}"
    for line in snapshot.lines("deployed"):
        service, state, *paths = [*line.split(), ""]
        what = " ".join(filter(None, paths)) or "its files"
        words = {
            "table": f"{what} and its table are not as deployed",
            "missing": f"{what} is missing",
            "changed": f"{what} changed since {service} loaded it",
            "same": "",
            "unnoted": "",  # without a deploy since the last boot, everything was loaded at boot
        }.get(state)
        if words is None:
            yield DRIFT.unknown(
                name, f"{name}: the files cannot be compared: {line[:200]}", f"deploy {name}"
            )
        elif words:
            yield DRIFT.error(name, f"{name}: {words}", fix)


def _settings(snapshot: Snapshot) -> Iterator[Finding]:
    host = snapshot.host
    pairs = (line.partition("=") for line in snapshot.lines("postconf"))
    has = {key.strip(): value.strip() for key, _, value in pairs}
    derived = (*_DERIVED, *(_OF_MAILBOXES if host.knows_mailboxes else ()))
    # Each word has to be in the setting. A setting of mail_postfix_main is the operator's own.
    wanted: dict[str, Sequence[str]] = {
        **_OF_EVERY_HOST,
        **(_OF_ACCOUNTS if host.logins else {}),
        **{name: host.postfix_parameters[name].replace(",", " ").split() for name in derived},
    }
    for key, words in wanted.items():
        lacking = sorted(set(words) - set(has.get(key, "").replace(",", " ").split()))
        if lacking and key not in host.postfix_main:
            saw = f"{host.inventory_name}: {key} = {has.get(key, '')[:200]}"
            fix = f"deploy {host.inventory_name}: the inventory has {', '.join(lacking)}"
            yield DRIFT.error(host.inventory_name, saw, fix)
