"""Input of a host's plan: the host's own answer, and the evidence from the DNS beside it."""

from dataclasses import dataclass

from ...mail.settings.model import HostSettings, MailSettings
from ..dkim.state import DkimState, dkim_state
from ..model.lookup import RecordLookup, no_lookup
from ..model.state import Existing
from ..tls.mta_sts_policy import PolicyState, policy_state


@dataclass(frozen=True)
class PlanInput:
    """State of a host, of its DKIM keys and of its MTA-STS policies; a client has neither."""

    existing: Existing
    dkim: DkimState
    policies: PolicyState

    @property
    def waiting(self) -> tuple[str, ...]:
        """Return a sentence for everything that waits for the DNS or for time to pass."""
        return (*self.dkim.waiting, *self.policies.waiting)


def plan_input(
    settings: HostSettings, existing: Existing, lookup: RecordLookup = no_lookup
) -> PlanInput:
    """Return the input of a host's plan, with the records that the controller sees."""
    if not isinstance(settings, MailSettings):
        return PlanInput(existing, DkimState(), PolicyState())
    return PlanInput(
        existing,
        dkim_state(settings, existing, lookup),
        policy_state(settings, existing, lookup),
    )
