"""
Drift: what a host is, against what was deployed and what the inventory demands.

A deploy notes on the host which files are its own, and a digest of what each service has loaded.
A file that has another content since is either an edit that the next deploy undoes, or a change
that no service has read. What Postfix itself says (`postconf`) is held against the inventory.
"""

from collections.abc import Iterator

from ...mail.paths import certificate
from ..core.finding import Check, Finding
from .snapshot import Snapshot

DRIFT = Check(
    "host.drift",
    "host",
    "Is the host as it was deployed?",
    "postconf(5)",
    why="What was changed by hand is gone with the next deploy, or breaks at the next restart.",
    remedy="Put the change into the inventory and deploy, or deploy to undo it.",
)

# What slows down who guesses passwords, and keeps those from being read: as main.cf.j2 has it.
_OF_ACCOUNTS = {"smtpd_client_auth_rate_limit": ("1200",), "smtpd_tls_auth_only": ("yes",)}


def drift(snapshot: Snapshot) -> Iterator[Finding]:
    """Judge the files that were deployed, and the settings that matter most."""
    name = snapshot.host.inventory_name
    if not snapshot.lines("deployed") or not snapshot.lines("postconf"):
        yield DRIFT.unknown(name, f"{name}: nothing tells what was deployed", f"deploy {name}")
        return
    found = [*_files(snapshot), *_settings(snapshot)]
    yield from found
    if not found:
        count = len({line.split()[0] for line in snapshot.lines("deployed")})
        saw = f"{name}: the files of {count} services are as deployed, and Postfix as demanded"
        yield DRIFT.ok(name, saw)


def _files(snapshot: Snapshot) -> Iterator[Finding]:
    name = snapshot.host.inventory_name
    fix = f"put what was changed into the inventory, and deploy {name}"
    for line in snapshot.lines("deployed"):
        service, state, *paths = [*line.split(), ""]
        what = " ".join(filter(None, paths)) or "its files"
        words = {
            "table": f"{what} and its table are not as deployed",
            "missing": f"{what} is missing",
            "changed": f"{what} changed since {service} loaded it",
            "same": "",
            "unnoted": "",  # since the last boot nothing was deployed, and all was read anew
        }.get(state)
        if words is None:
            yield DRIFT.unknown(name, f"{name}: cannot compare: {line[:200]}", f"deploy {name}")
        elif words:
            yield DRIFT.error(name, f"{name}: {words}", fix)


def _settings(snapshot: Snapshot) -> Iterator[Finding]:
    host = snapshot.host
    pairs = (line.partition("=") for line in snapshot.lines("postconf"))
    has = {key.strip(): value.strip() for key, _, value in pairs}
    # Each wanted word has to be among the setting's; what an operator writes himself is his.
    wanted: dict[str, tuple[str, ...]] = {
        "myhostname": (host.hostname,),
        "message_size_limit": (str(host.message_size_limit),),
        "virtual_alias_domains": host.domains,
        "smtpd_relay_restrictions": ("reject_unauth_destination",),
        "smtpd_milters": ("unix:rspamd/milter.sock",),
        "smtpd_tls_chain_files": (certificate(host.hostname),),
        **(_OF_ACCOUNTS if host.accounts else {}),
    }
    for key, words in wanted.items():
        lacking = sorted(set(words) - set(has.get(key, "").replace(",", " ").split()))
        if lacking and key not in host.postfix_main:
            saw = f"{host.inventory_name}: {key} = {has.get(key, '')[:200]}"
            fix = f"deploy {host.inventory_name}: the inventory demands {', '.join(lacking)}"
            yield DRIFT.error(host.inventory_name, saw, fix)
