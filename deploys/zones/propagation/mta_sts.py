"""
Announcement of MTA-STS policies, once the web servers answer with them at every address.

A sender that sees a new id fetches the policy immediately (RFC 8461 section 3.1). If it finds the
old text, it keeps that for its max_age. So the TXT record changes last. If a web server does not
answer with exactly the text of the id, the record does not change.
"""

import time
from collections.abc import Collection, Iterator

from pyinfra import host, logger, state

from ...dns.answer import exchange
from ...dns.authority import finder
from ...dns.query import routed
from ...dns.resolver import recursive_answer, values
from ...mail import mta_sts
from ...mail.errors import MailError, UnansweredError
from ...mail.records import Facts, MailRecord, announcement, records_for
from ...mail.settings.model import Fleet, MailSettings
from ...run.https import Https
from ...run.threads import in_parallel

HTTPS, SECONDS = 443, 5.0
PATIENCE = 5.0  # seconds for a web server that has just started
WORKERS = 32
OK = 200


def announcements(
    fleet: Fleet, ready: Collection[str], facts: Facts | None = None
) -> tuple[MailRecord, ...]:
    """Return all records, with announcements of the policies that are served; warn of others."""
    policies = [
        (member, domain, text)
        for member in fleet.hosts
        if member.inventory_name in ready and member.dns is not None
        for domain, text in (facts or {})[member.inventory_name].policies.items()
    ]
    reasons = _reasons(fleet, policies) if state.is_executing else [""] * len(policies)
    for (_, domain, _), reason in zip(policies, reasons, strict=True):
        if reason:
            sentence = (
                f"{domain}: the new MTA-STS policy is not announced: {reason}; a later run tries "
                "again"
            )
            host.log_styled(sentence, fg="yellow", log_func=logger.warning)
    answering = [one for one, reason in zip(policies, reasons, strict=True) if not reason]
    return (*records_for(fleet, ready, facts), *(announcement(*one) for one in answering))


def _reasons(fleet: Fleet, policies: Collection[tuple[MailSettings, str, str]]) -> list[str]:
    return in_parallel(lambda one: _lasting_obstacle(fleet, *one), policies, WORKERS)


def _lasting_obstacle(fleet: Fleet, member: MailSettings, domain: str, text: str) -> str:
    """Return the obstacle to an announcement that stays after PATIENCE, or an empty text."""
    deadline = time.monotonic() + PATIENCE
    while reason := next(_obstacles(fleet, member, domain, text), ""):
        if time.monotonic() > deadline:
            return reason
        time.sleep(0.25)
    return ""


def _obstacles(fleet: Fleet, member: MailSettings, domain: str, text: str) -> Iterator[str]:
    """Yield the obstacles to the announcement of a policy."""
    yield from _unanswered(member, domain, text)
    policy = mta_sts.Policy.parse(text)
    if policy.mode == "enforce":
        for name in _mx_hosts(fleet, domain):
            if not policy.names(name):
                yield (
                    f"its MX {name} is not in the policy, and mail to it would wait; remove it "
                    "from the zone, or set mail_mta_sts = 'testing'"
                )


def _unanswered(member: MailSettings, domain: str, text: str) -> Iterator[str]:
    url, reached = mta_sts.policy_url(domain), 0
    # By address, because resolvers may not know the name yet.
    for address in filter(routed, map(str, member.addresses)):
        reached += 1
        try:
            page = Https(member.acme_ca_file, HTTPS).get(url, SECONDS, address)
        except UnansweredError as problem:
            yield str(problem)
            continue
        if (page.status, page.kind) != (OK, "text/plain"):
            yield f"{url} at {address} answers {page.status} {page.kind}, not {OK} text/plain"
        elif page.text != text:
            yield f"{url} at {address} answers {OK} text/plain and another policy"
    if not reached:
        yield f"no address of {mta_sts.policy_host(domain)} can be reached from here"


def _mx_hosts(fleet: Fleet, domain: str) -> Iterator[str]:
    """Yield the MX hosts of a domain in the DNS, those of others too."""
    addresses = dict.fromkeys(a for member in fleet.hosts for a in member.resolvers)
    try:
        answer = recursive_answer(finder(tuple(addresses)), f"{domain}.", "MX")
    except MailError:
        return  # the check dns.mx reports that
    yield from map(exchange, values(answer, "MX"))
