"""
An SPF policy as it is written (RFC 7208): one, that receivers can read, and that comes to an end.

What comes of it for each address that sends is another check, `dns.spf_senders`.
"""

from ...mail.errors import MailError
from ...mail.spf import MAX_OCTETS, VERSION, Spf, is_policy, name_of
from ..core.finding import Check, Finding
from ..core.world import Answer

SPF = Check(
    "dns.spf",
    "domain",
    "Is there one policy of who may send, that receivers can read, and that shuts out the others?",
    "RFC 7208 section 4.5",
    why=(
        "Without a policy anybody passes as the domain; two of them, or a broken one, are an "
        "error, and then the domain's own mail is refused."
    ),
    remedy="Publish exactly one TXT record that begins with `v=spf1` and ends in `-all` or `~all`.",
)


def policy(domain: str, answer: Answer) -> Finding:
    """Judge the policies among a server's TXT records."""
    policies = [value for value in answer.values if is_policy(value)]
    if len(policies) != 1:
        saw = f"{answer.server}: {len(policies)} TXT records at {domain} start with {VERSION}"
        return SPF.error(domain, saw, f"publish exactly one {VERSION} policy at {domain}")
    saw = f"{answer.server}: {policies[0][:MAX_OCTETS]}"
    try:
        return _read(domain, saw, Spf.parse(policies[0]))
    except MailError as problem:
        fix = f"correct the TXT record at {domain}: {problem}"
        return SPF.error(domain, saw, fix[: 2 * MAX_OCTETS])


def _read(domain: str, saw: str, found: Spf) -> Finding:
    if found.all.lower() in ("all", "+all"):
        return SPF.error(domain, f"{saw}, which lets everybody in", f"write {_END}")
    if not found.all and "redirect" not in map(name_of, found.terms):
        return SPF.warning(domain, f"{saw}, which says nothing of others", f"end it in {_END}")
    if found.all.startswith("?"):
        return SPF.warning(domain, f"{saw}, which doubts nobody", f"write {_END}")
    if "ptr" in map(name_of, found.terms):
        fix = "name the hosts by mx, a, ip4: or ip6: (RFC 7208 section 5.5)"
        return SPF.warning(domain, f"{saw}, in which ptr is slow and often ignored", fix)
    if found.ignored:
        fix = f"move {' '.join(found.ignored)} before {found.all}, or remove it"
        return SPF.warning(domain, f"{saw}, which ends before its last term", fix)
    return SPF.ok(domain, saw)


_END = "-all, or ~all while you are not sure who sends"
