"""
New DMARC policies below a policy that applies already (RFC 9989 section 4.10).

A domain without a policy of its own has that of a name above it. A new policy that asks for less
would lower it, so none is published. Our other records make a name exist, so that the `np` of the
policy above no longer applies: where that asks for more, the new policy is as strict.
"""

from ...mail.dmarc import POLICIES, Dmarc, is_policy
from ...mail.dmarc_tree import Found, inherited, record_name
from ...mail.records import MailRecord
from .record_types import Merged, Surroundings


def below_another(
    record: MailRecord, existing: tuple[str, ...], around: Surroundings
) -> Merged | None:
    """Return the merge of a new policy with one above, or None if that asks for no more."""
    if record.strict or any(map(is_policy, existing)):
        return None
    domain, wanted = record.name.removeprefix("_dmarc."), Dmarc.parse(record.values[0])
    silent: list[str] = []

    def texts(name: str) -> tuple[str, ...]:
        found = around.texts(name)
        silent.extend([name] if found is None else [])
        return found or ()

    above = inherited(domain, texts)
    now = above.step(domain, exists=around.exists(domain)) if above else 0
    lasting = above.step(domain) if above else 0
    if above and now > max(lasting, wanted.step):
        policy, note = _as_strict(above, wanted, now)
        return Merged((str(policy),), existing, note)
    if above and lasting > wanted.step:
        return Merged((), existing, _left_out(above, lasting, wanted))
    if silent:
        note = f"the policy at {silent[0]} is not known, and may ask for more than this one"
        return Merged(record.values, existing, note)
    return None


def _as_strict(above: Found, wanted: Dmarc, step: int) -> tuple[Dmarc, str]:
    """Return the policy in place of the `np` above, and the reason."""
    asked, at = POLICIES[step], record_name(above.domain)
    policy = Dmarc((*wanted.tags[:1], ("p", asked), *wanted.tags[2:]))
    return policy, f"{at} has np={asked} for names that do not exist, so p is not {wanted['p']}"


def _left_out(above: Found, step: int, wanted: Dmarc) -> str:
    lost = f"; {wanted['rua']} gets no reports, add it there" if wanted["rua"] else ""
    return (
        f"{record_name(above.domain)} asks for {POLICIES[step]} here already, which a policy with "
        f"p={wanted['p']} would lower; set mail_dmarc = '{POLICIES[step]}' to publish one{lost}"
    )
