"""SRV records of mailbox services, which a test may have left in a zone as nobody's."""

from tests.lab.labs import Raised
from tests.lab.test_zones import PowerDns


def withdrawn(lab: Raised, *domains: str) -> None:
    """Remove them, so that the next run publishes its own."""
    powerdns = PowerDns(lab)
    for domain in domains:
        for service in ("imaps", "pop3s"):
            powerdns.replace(domain, f"_{service}._tcp.{domain}", "SRV", 3600, [])
