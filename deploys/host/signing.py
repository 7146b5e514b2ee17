"""
With which keys a host signs for which domains.

A key is made on the host, published, and used once every name server of the domain answers with
it. One that signs already goes on, whatever becomes of its record: mail that is on its way may
still be verified, and unsigned mail would be the surprise.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping

from deploys.host.desired import Key
from deploys.host.found import Existing
from deploys.mail import dkim
from deploys.mail.settings import MailSettings

TABLE = "/etc/rspamd/local.d/dkim_signing.conf"
OWNER = "_rspamd"
_DOMAINS = re.compile(r"^domain = (\{.*?^\});$", re.DOTALL | re.MULTILINE)

Table = dict[str, dict[str, list[dict[str, str]]]]
Seen = Callable[[MailSettings, Mapping[str, str]], Collection[str]]


def keys(settings: MailSettings) -> tuple[Key, ...]:
    """Return the keys that are made on a host."""
    return (
        Key(dkim.key_path(settings, "rsa"), "rsa2048", OWNER),
        Key(dkim.key_path(settings, "ed25519"), "ed25519", OWNER),
    )


def public(settings: MailSettings, existing: Existing) -> dict[str, str]:
    """Return what is public of a host's keys, by their algorithms."""
    found = {name: existing.keys.get(dkim.key_path(settings, name)) for name in dkim.ALGORITHMS}
    return {name: key for name, key in found.items() if key}


def unseen(settings: MailSettings, existing: Existing) -> dict[str, str]:
    """Return the records of keys that do not sign yet, and what they have to say."""
    used = {
        f"{one['selector']}._domainkey.{domain}"
        for domain, how in _table(existing).items()
        for one in how["selectors"]
    }
    records = dkim.published(settings, public(settings, existing))
    return {name: text for name, text in records if name not in used}


def looked_for(settings: MailSettings, existing: Existing, seen: Seen) -> Existing:
    """Return what exists, together with the records that every name server answers with."""
    records = unseen(settings, existing)
    return existing.model_copy(update={"published": frozenset(seen(settings, records))})


def domains(settings: MailSettings, existing: Existing) -> Table:
    """Return rspamd's table: each domain and the keys that sign for it."""
    table = {
        domain: _ready(settings, existing, domain) for domain in dkim.signing_domains(settings)
    }
    return {domain: {"selectors": selectors} for domain, selectors in table.items() if selectors}


def _ready(settings: MailSettings, existing: Existing, domain: str) -> list[dict[str, str]]:
    """Return the keys that sign for a domain; those of before, until all of now are ready."""
    waiting = set(unseen(settings, existing)) - existing.published
    ready = [
        {"selector": dkim.selector(settings, name), "path": dkim.key_path(settings, name)}
        for name in public(settings, existing)
        if dkim.record_name(settings, name, domain) not in waiting
    ]
    if len(ready) == len(dkim.ALGORITHMS):
        return ready
    before = _table(existing).get(domain, {"selectors": []})["selectors"]
    return [*ready, *(one for one in before if one not in ready)]


def unpublished(settings: MailSettings, existing: Existing) -> list[str]:
    """Return a sentence for each signature that is left out, with the record that it waits for."""
    return [
        f"mail of {name.partition('._domainkey.')[2]} leaves without the signature "
        f'{name.partition(".")[0]}; publish: {name}. TXT "{text}"'
        for name, text in unseen(settings, existing).items()
        if name not in existing.published
    ]


def traces(settings: MailSettings, existing: Existing) -> tuple[str, ...]:
    """Return what the log shows once a host's own mail is signed, as patterns."""
    own = settings.postfix_main.keys() & {"smtpd_milters", "local_header_rewrite_clients"}
    if own or "logging.inc" in settings.rspamd:
        return ()  # the operator's own way of doing it
    first = dkim.signing_domains(settings)[0]
    table = domains(settings, existing).get(first, {"selectors": []})
    return tuple(
        rf"DKIM_SIGNED.*{re.escape(first)}:s={one['selector']}\b" for one in table["selectors"]
    )


def _table(existing: Existing) -> Table:
    """Return the keys that sign, as the host's own table says."""
    file = existing.services["rspamd"].files.get(TABLE)
    text = b64decode(file.content).decode("utf-8", "replace") if file else ""
    found = _DOMAINS.search(text)
    table: Table = json.loads(found[1]) if found else {}
    return {domain: how for domain, how in table.items() if "selectors" in how}
