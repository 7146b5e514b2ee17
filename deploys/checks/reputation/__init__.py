"""What others hold of hosts and domains: blocklists, and how long a domain has been known."""

_RESERVED = ("example", "test", "invalid", "localhost", "local", "internal")
_EXAMPLES = ("example.com", "example.net", "example.org")


def is_reserved(domain: str) -> bool:
    """Tell a name that nobody can register (RFC 2606, RFC 6761): no registry knows of it."""
    return domain.rpartition(".")[2] in _RESERVED or f".{domain}".endswith(
        tuple(f".{name}" for name in _EXAMPLES)
    )
