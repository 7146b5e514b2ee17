"""Addresses to ask for: those of nobody, and foreign ones in disguise."""

from collections.abc import Iterator

from .message import new_run


def nobody(domain: str) -> str:
    """Return an address that nobody has."""
    return f"no-such-user-{new_run()}@{domain}"


def disguised(foreign: str) -> Iterator[str]:
    """Write a foreign address in the ways that make a careless server route it onwards."""
    user, _, domain = foreign.rpartition("@")
    yield from (f'"{foreign}"', f'"{user}%{domain}"', f"{domain}!{user}", f"{user}@[192.0.2.1]")


def behind(own: str, foreign: str) -> Iterator[str]:
    """Write a foreign address behind a domain that the server receives mail for."""
    user, _, domain = foreign.rpartition("@")
    yield f"@{own}:{foreign}"
    forms = f"{user}%{domain}", foreign, f"{domain}!{user}", f'"{foreign}"', f'"{user}%{domain}"'
    yield from (f"{form}@{own}" for form in forms)
