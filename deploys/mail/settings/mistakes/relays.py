"""
Relays of mail hosts that contradict themselves, another setting, or another host of the fleet.

A relay that is the host itself, or that leads back to it, would send mail in a circle until it
bounces.
"""

from collections.abc import Iterator, Mapping, Sequence

from ..model import MailSettings
from ..relays import ALL, NEXT_HOPS, RelayServer, next_hop

VERIFIED = "secure"


def relay_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistakes in the relays of hosts, each alone and all together."""
    owners = {name: host for host in hosts for name in host.host_names}
    for host in hosts:
        name = host.inventory_name
        yield from (f"{name}: {one}" for one in _forms(host))
        for key, server in host.relays.table.items():
            where = f"{name}: {relay_key(host, key)}"
            yield from (f"{where}: {one}" for one in _subject(host, key))
            if server:
                yield from (f"{where}: {one}" for one in _login(server))
                yield from (f"{where}: {one}" for one in _of_fleet(server, owners))
    yield from _loops(hosts, owners)


def relay_key(host: MailSettings, key: str, part: str = "") -> str:
    """Return a relay's key in the inventory, or that of a part of it."""
    text = host.relay.get(key) if key == ALL else None
    if text and text.model_fields_set == {"host"}:
        return f"mail_relay_{part}" if part else "mail_relay"
    return f"mail_relay.{key}.{part}" if part else f"mail_relay.{key}"


def _forms(host: MailSettings) -> Iterator[str]:
    """Yield the settings that say of the same mail two things, or of no mail anything."""
    written = host.relay.get(ALL)
    if not (written and written.model_fields_set == {"host"}):
        for one, value in host.relay_options.items():
            if value and (one, value) != ("tls", VERIFIED):
                yield (
                    f"mail_relay_{one} belongs to a relay that is written as name:port; write "
                    f"'{one}' in the dictionary of its relay, in mail_relay"
                )
    if host.relay:
        for parameter in NEXT_HOPS:
            if parameter in host.postfix_main:
                yield (
                    f"mail_postfix_main.{parameter} and mail_relay both choose the next hop; "
                    "remove one of them"
                )
        for server in host.relays.transports.values():
            if (hop := next_hop(server.host)) in host.tls_outbound:
                yield (
                    f"mail_tls_outbound.{hop} has no effect, as mail_relay has the TLS level of "
                    "its relays; remove it"
                )


def _subject(host: MailSettings, key: str) -> Iterator[str]:
    """Yield the keys that match no mail, or mail that the host delivers itself."""
    table, domain = host.relays.table, key.rpartition("@")[2]
    bounces = (host.bulk.bounces,) if host.bulk else ()
    if "@" in key and domain not in (*host.author_domains, host.hostname, *bounces):
        yield (
            f"{domain} is neither in mail_domains nor in mail_sending_domains, so nothing is sent "
            "from it; add it there, or correct the key"
        )
    if key in (*host.domains, host.hostname):
        yield (
            f"mail to {key} is delivered here and goes to no relay; write '@{key}' for mail from "
            "it, or remove it"
        )
    if not table[key] and not _excepts(table, key) and domain not in bounces:
        yield "no other mail goes to a relay, so 'direct' has no effect; remove it"


def _excepts(table: Mapping[str, RelayServer | None], key: str) -> bool:
    """Tell whether a key excepts mail from a relay: one of all mail, of senders or of a parent."""
    if key == ALL:
        return False
    of_senders = any(one for other, one in table.items() if "@" in other)
    above = [f".{key.split('.', number)[-1]}" for number in range(1, key.count(".") + 1)]
    of_parent = any(table.get(one) for one in above)
    address = table.get(f"@{key.rpartition('@')[2]}") if not key.startswith("@") else None
    own = bool(address) if "@" in key else of_senders or of_parent
    return bool(table.get(ALL)) or own


def _login(server: RelayServer) -> Iterator[str]:
    if server.login and not server.password:
        yield "the login has no password; write one, as a reference like env('RELAY_PASSWORD')"
    if server.password and not server.login:
        yield "the password has no login; write it, or remove the password"
    if server.password and server.tls != VERIFIED:
        yield (
            f"the password would go to any server, as tls = '{server.tls}' verifies none; write "
            "tls = 'secure', with a file of certificates in 'ca' if it is a private CA"
        )
    if server.ca and server.tls != VERIFIED:
        yield f"'ca' has no effect, as tls = '{server.tls}' verifies no certificate; remove it"
    if server.wrapped and server.tls == "may":
        yield "port 465 has TLS from the first octet; write tls = 'secure' or 'encrypt'"


def _of_fleet(server: RelayServer, owners: Mapping[str, MailSettings]) -> Iterator[str]:
    """Yield what a relay of the same inventory would refuse, or what would refuse it."""
    owner = owners.get(server.name)
    if not owner:
        return
    if server.login and server.login not in owner.logins:
        yield (
            f"{server.login} is no account of {owner.inventory_name}; add it to its mail_accounts, "
            "or correct the login"
        )
    if owner.tls == "self-signed" and server.tls == VERIFIED and not server.ca:
        yield (
            f"the certificate of {server.name} is self-signed, so the host would keep all its "
            f"mail; set mail_tls = 'acme' or 'files' for {owner.inventory_name}, or name a file "
            "with the certificate in 'ca'"
        )


def _loops(hosts: Sequence[MailSettings], owners: Mapping[str, MailSettings]) -> Iterator[str]:
    told: set[frozenset[str]] = set()
    keys = dict.fromkeys(key for host in hosts for key in host.relays.table)
    for host in hosts:
        for key in keys:
            circle = _circle(host, key, owners)
            names = frozenset(circle)
            if circle and names not in told:
                told.add(names)
                way = " -> ".join((*circle, circle[0]))
                yield (
                    f"{host.inventory_name}: {relay_key(host, key)}: mail would go round, {way}; "
                    "name a relay that does not lead back to this host"
                )


def _circle(host: MailSettings, key: str, owners: Mapping[str, MailSettings]) -> list[str]:
    """Return the hosts through which mail of a key comes back to a host; [] if it does not."""
    seen: list[str] = []
    at: MailSettings | None = host
    while at and at.inventory_name not in seen:
        seen.append(at.inventory_name)
        server = at.relays.of(key)
        at = owners.get(server.name) if server else None
    return seen if at is host else []
