"""
Forwarded mail: its sender is rewritten (SRS, Sender Rewriting Scheme), so that SPF passes.

An alias that leads elsewhere leads to a placeholder, an address of `DOMAIN`, which Postfix brings
to a server of its own on loopback. There the placeholder becomes the address again, and postsrsd
rewrites the sender to one at the host's own name. Only forwarded mail goes this way. The rewritten
address leads back: postsrsd verifies it, and names the author's.
"""

import re
from collections.abc import Mapping

from . import postfix

DOMAIN = "forward.invalid"  # RFC 2606 section 2: never in the DNS
MAPS, BOUNCE_MAPS = "transport_maps", "recipient_canonical_maps"
WAY = postfix.inline({DOMAIN: f"forward:{postfix.FORWARD_HOP}"})


def placeholder(address: str) -> str:
    """Return the placeholder of an address elsewhere."""
    return f"{address.replace('@', '=')}@{DOMAIN}"


def is_rewritten(sender: str, hostname: str) -> bool:
    """Tell a sender that a host has rewritten."""
    return bool(re.fullmatch(rf"SRS[01]=.+@{re.escape(hostname)}", sender, re.IGNORECASE))


def parameters(hostname: str) -> Mapping[str, str]:
    """Return the parameters of main.cf with which rewritten addresses lead back."""
    # Other recipients do not depend on postsrsd. A dollar sign is written twice in main.cf.
    own = rf"{{/^(SRS[01]=.+@{re.escape(hostname)})$$/ $$1}}"
    return {
        BOUNCE_MAPS: f"pipemap:{{ regexp:{{ {own} }}, tcp:127.0.0.1:{postfix.SRS_BACK_PORT} }}",
        "recipient_canonical_classes": "envelope_recipient",
    }
