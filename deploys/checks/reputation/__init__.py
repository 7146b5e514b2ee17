"""Reputation of hosts and domains: blocklists, routes, and the age of domains."""

_RESERVED = ("example", "test", "invalid", "localhost", "local", "internal")
_EXAMPLES = ("example.com", "example.net", "example.org")


def is_reserved(domain: str) -> bool:
    """Tell if a name is reserved, so that it cannot be registered (RFC 2606, RFC 6761)."""
    return domain.rpartition(".")[2] in _RESERVED or f".{domain}".endswith(
        tuple(f".{name}" for name in _EXAMPLES)
    )
