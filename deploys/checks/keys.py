"""
DKIM keys as the world sees them (RFC 6376 section 3.6.2).

Every authoritative server has to answer with the very key that the host signs with, or the host's
mail looks forged to whoever asks that server.
"""

from collections.abc import Iterator
from functools import partial
from shlex import join

from deploys.checks.finding import Finding, Question
from deploys.checks.names import Inquiry, inquire
from deploys.checks.world import Answer, UnansweredError, World, side_by_side
from deploys.mail import dkim
from deploys.mail.errors import MailError
from deploys.mail.settings import Fleet, MailSettings

DKIM = Question(
    "dns.dkim",
    "domain",
    "Does the record hold the key that signs?",
    "RFC 6376 section 3.6.2",
    why="A signature that cannot be verified is as good as none, and DMARC may refuse the mail.",
    remedy="Publish the record that the finding quotes, the same on every name server.",
)
SHOW = 'for key; do cat "${key%.key}.pub" 2>/dev/null || echo none; done'


def published(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Compare what is public of every host's keys with what name servers answer."""
    asked = side_by_side(partial(_of_host, host, world) for host in fleet.hosts)
    for findings in asked:
        yield from findings


def _of_host(host: MailSettings, world: World) -> list[Finding]:
    domains = dkim.signing_domains(host)
    fix = f"deploy {host.inventory_name}, which makes the keys that it lacks"
    try:
        keys = _keys(host, world)
    except UnansweredError as problem:
        return [DKIM.unknown(domain, str(problem), "mend run.host first") for domain in domains]
    if len(keys) < len(dkim.ALGORITHMS):
        saw = f"{host.inventory_name} has not both of its keys"
        return [DKIM.error(domain, saw, fix) for domain in domains]
    inquiries = [
        Inquiry(DKIM, name.partition("._domainkey.")[2], name, "TXT", partial(judged, name, text))
        for name, text in dkim.published(host, keys)
    ]
    answered = side_by_side(partial(inquire, world, inquiry) for inquiry in inquiries)
    return [finding for findings in answered for finding in findings]


def _keys(host: MailSettings, world: World) -> dict[str, str]:
    paths = [dkim.key_path(host, algorithm) for algorithm in dkim.ALGORITHMS]
    command = join(("sh", "-c", SHOW, "sh", *paths))
    lines = world.hosts.run(host.inventory_name, command, [], world.timeout)
    said = zip(dkim.ALGORITHMS, map(str.strip, lines), strict=False)
    return {algorithm: key for algorithm, key in said if key != "none"}


def judged(name: str, text: str, answer: Answer) -> Finding:
    """Judge a server's TXT records at the name of a key."""
    domain = name.partition("._domainkey.")[2]
    found = [value for value in answer.values if dkim.is_key(value)]
    fix = f'publish at {name} exactly this TXT: "{text}"'
    if not found:
        return DKIM.error(domain, f"{answer.server}: no key at {name}", fix)
    if len(found) > 1:  # RFC 6376 section 3.6.2.2: what a receiver makes of that is not defined
        return DKIM.error(domain, f"{answer.server}: {len(found)} keys at {name}", fix)
    try:
        same = dkim.DkimKey.parse(found[0]) == dkim.DkimKey.parse(text)
    except MailError as problem:
        return DKIM.error(domain, f"{answer.server}: {problem}", fix)
    if same:
        return DKIM.ok(domain, f"{answer.server}: {name} holds the key that signs")
    return DKIM.error(domain, f"{answer.server}: {name} holds another key", fix)
