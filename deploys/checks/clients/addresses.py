"""Addresses for RCPT: unknown recipients, and foreign addresses in forms that hide them."""

from collections.abc import Iterator

from .message import new_run


def unknown_recipient(domain: str) -> str:
    """Return an address that does not exist."""
    return f"no-such-user-{new_run()}@{domain}"


def any_recipient(recipient: str) -> str:
    """Return a recipient of an inventory as an address; that of a catch-all is one of many."""
    return unknown_recipient(recipient[1:]) if recipient.startswith("@") else recipient


def disguised(foreign: str) -> Iterator[str]:
    """Yield a foreign address in the forms that a careless server relays."""
    user, _, domain = foreign.rpartition("@")
    yield from (f'"{foreign}"', f'"{user}%{domain}"', f"{domain}!{user}", f"{user}@[192.0.2.1]")


def behind(own: str, foreign: str) -> Iterator[str]:
    """Yield a foreign address in forms that end in a domain of the server."""
    user, _, domain = foreign.rpartition("@")
    yield f"@{own}:{foreign}"
    forms = f"{user}%{domain}", foreign, f"{domain}!{user}", f'"{foreign}"', f'"{user}%{domain}"'
    yield from (f"{form}@{own}" for form in forms)
