"""
Certificates by ACME (RFC 8555) through certbot: one lineage for each kind of key.

certbot's own timer renews them if the host can answer the challenge: HTTP-01 at port 80, by
certbot's own server or in the directory of a web server that runs, or DNS-01 in a zone that the
host changes itself. For DNS-01 with the controller see `dns_challenge`.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ...model.desired import Certificate
from ..system.processes import listener
from ..system.shell import Refused, run, tail
from . import pem, update_hook
from .certificates import renewal

CA_FILE = Path("/run/pyinfra-mail/acme-ca.pem")
HTTP = 80
ISSUE_SECONDS, UPDATE_SECONDS = 60, 240
KINDS = {
    "ecdsa": ("--elliptic-curve", "secp256r1"),
    "rsa": ("--rsa-key-size", "3072"),
}
# Lines of certbot that are not the reason of a failure.
ADVICE = re.compile(
    r"\s*$|Ask for help|An unexpected error|See the logfile|Saving debug log|Some challenges"
    r"|Hint:|Requesting"
)
# The problem of one name (RFC 8555 section 6.7), as certbot prints it.
PROBLEM = re.compile(r"^ +Domain: +(\S+)\n +Type: +(\S+)\n +Detail: +(.+)$", re.MULTILINE)
AT_PORT_80 = (
    "port 80 of every A and AAAA record of {name} must lead to this host: check them, NAT and "
    "firewall, or write mail_acme_challenge = 'dns'"
)
AT_NAME_SERVERS = "every name server must answer with _acme-challenge.{name}: check them"
AT_ZONE = (
    "_acme-challenge.{name} must be a CNAME into the zone of mail_acme_dns on every name server: "
    "run deploys/site.py"
)
USUAL = {"dns": AT_NAME_SERVERS, "update": AT_ZONE}
REMEDIES = {
    "caa": "the CAA records of {name} must allow this authority and account",
    "rateLimited": "wait for as long as the authority says",
}


def issue(certificate: Certificate, kinds: Iterable[str]) -> None:
    """Let certbot obtain a certificate for each kind of key; raise Refused with its reason."""
    holder = listener(HTTP)
    if holder and certificate.challenge == "http":
        process = f"{holder.process} (process {holder.pid})"
        raise Refused(
            "issue",
            f"{process} listens on port 80, which the CA needs for its HTTP-01 challenge; stop it, "
            "or write mail_acme_webroot or mail_acme_challenge = 'dns'",
        )
    if certificate.challenge == "webroot" and not Path(certificate.webroot).is_dir():
        raise Refused("issue", f"mail_acme_webroot: {certificate.webroot} is no directory here")
    seconds = UPDATE_SECONDS if certificate.challenge == "update" else ISSUE_SECONDS
    for kind in kinds:
        argv = command(certificate, kind, _challenge(certificate))
        environment = {**trust(certificate), **update_hook.ENVIRONMENT}
        done = run(*argv, timeout=seconds, extra=environment)
        if done.returncode:
            raise Refused("issue", reason(certificate, f"{done.stdout}\n{done.stderr}"))


def _challenge(certificate: Certificate) -> tuple[str, ...]:
    """Return certbot's options of a challenge that the host itself answers."""
    if certificate.challenge == "update":
        return update_hook.OPTIONS
    if certificate.challenge == "webroot":
        return "--webroot", "--webroot-path", certificate.webroot
    return "--standalone", "--preferred-challenges", "http"


def command(certificate: Certificate, kind: str, challenge: Iterable[str]) -> list[str]:
    """Return the command that obtains the certificate of one key, or keeps a valid one."""
    name, server, way = certificate.name, *renewal(certificate)
    other = server and (server, way) != (certificate.directory, certificate.challenge)
    anew = certificate.rotate or other or certificate.challenge == "dns"
    return [
        *("certbot", "certonly", "--non-interactive", *account(certificate), *challenge),
        *("--cert-name", f"{name}-{kind}", "-d", name, "--key-type", kind, *KINDS[kind]),
        # A renewal keeps the key, so that the TLSA record stays valid.
        *("--reuse-key", "--force-renewal" if anew else "--keep-until-expiring"),
    ]


def account(certificate: Certificate) -> list[str]:
    """Return certbot's options of an account at an ACME server."""
    contact = certificate.contact
    email = ("--email", contact) if contact else ("--register-unsafely-without-email",)
    return ["--agree-tos", *email, "--server", certificate.directory]


def trust(certificate: Certificate) -> dict[str, str]:
    """Return the environment in which certbot trusts the ACME server's own CA."""
    if not certificate.authority:
        return {}
    pem.write(str(CA_FILE), certificate.authority)
    return {"REQUESTS_CA_BUNDLE": str(CA_FILE)}


def reason(certificate: Certificate, output: str) -> str:
    """Return the reason of the authority in certbot's output, and the remedy."""
    if refusal := update_hook.REFUSAL.search(output):
        return refusal.group(1)
    if not (found := PROBLEM.search(output)):
        lines = [line for line in output.splitlines() if not ADVICE.match(line)]
        return tail("\n".join(lines), 2)[:600] or "certbot gave no reason; see /var/log/letsencrypt"
    name, kind, detail = found.groups()
    usual = USUAL.get(certificate.challenge, AT_PORT_80)
    remedy = REMEDIES.get(kind, usual).format(name=name)
    return f"the authority says of {name}: {detail.strip()[:400]} ({kind}); {remedy}"
