"""
Certificates by ACME (RFC 8555) through certbot: HTTP-01, and one lineage for each kind of key.

certbot's own timer renews them.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ...model.desired import Certificate
from ..system.processes import listener
from ..system.shell import Refused, run, tail
from . import pem
from .certificates import renewed_by

CA_FILE = Path("/run/pyinfra-mail/acme-ca.pem")
HTTP = 80
ISSUE_SECONDS = 60
KINDS = {
    "ecdsa": ("--elliptic-curve", "secp256r1"),
    "rsa": ("--rsa-key-size", "3072"),
}
# Lines of certbot that are not the reason of a failure.
ADVICE = re.compile(
    r"\s*$|Ask for help|An unexpected error|See the logfile|Saving debug log|Some challenges"
    r"|Hint:|Requesting"
)


def issue(certificate: Certificate, kinds: Iterable[str]) -> None:
    """Let certbot obtain a certificate for each kind of key; raise Refused with its reason."""
    holder = listener(HTTP)
    if holder:
        process = f"{holder.process} (process {holder.pid})"
        raise Refused(
            "issue",
            f"{process} listens on port 80, which the CA needs for its HTTP-01 challenge; stop it",
        )
    for kind in kinds:
        done = run(*_certbot(certificate, kind), timeout=ISSUE_SECONDS, extra=_trust(certificate))
        if done.returncode:
            raise Refused("issue", _reason(done.stderr or done.stdout))


def _certbot(certificate: Certificate, kind: str) -> list[str]:
    """Return the command that obtains the certificate of one key, or keeps a valid one."""
    name, contact = certificate.name, certificate.contact
    anew = certificate.rotate or renewed_by(name) not in ("", certificate.directory)
    return [
        *("certbot", "certonly", "--non-interactive", "--agree-tos", "--standalone"),
        *(("--email", contact) if contact else ("--register-unsafely-without-email",)),
        *("--server", certificate.directory, "--preferred-challenges", "http"),
        *("--cert-name", f"{name}-{kind}", "-d", name, "--key-type", kind, *KINDS[kind]),
        # A renewal keeps the key, so that the TLSA record stays valid.
        *("--reuse-key", "--force-renewal" if anew else "--keep-until-expiring"),
    ]


def _trust(certificate: Certificate) -> dict[str, str]:
    """Return the environment in which certbot trusts the ACME server's own CA."""
    if not certificate.authority:
        return {}
    pem.write(str(CA_FILE), certificate.authority)
    return {"REQUESTS_CA_BUNDLE": str(CA_FILE)}


def _reason(output: str) -> str:
    lines = [line for line in output.splitlines() if not ADVICE.match(line)]
    return tail("\n".join(lines), 2)[:600]
