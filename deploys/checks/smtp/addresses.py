"""Addresses to ask for: those of nobody, and foreign ones in disguise."""

from collections.abc import Iterator, Sequence

from deploys.checks.delivery.message import new_run


def nobody(domain: str) -> str:
    """Return an address that nobody has."""
    return f"no-such-user-{new_run()}@{domain}"


def disguised(foreign: str, ours: Sequence[str]) -> Iterator[str]:
    """Write a foreign address in the ways that make a careless server route it onwards."""
    user, _, domain = foreign.rpartition("@")
    yield from (f'"{foreign}"', f'"{user}%{domain}"', f"{domain}!{user}", f"{user}@[192.0.2.1]")
    for own in ours:
        yield from (f"{user}%{domain}@{own}", f"{foreign}@{own}", f"{domain}!{user}@{own}")
        yield f"@{own}:{foreign}"
