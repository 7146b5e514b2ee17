"""Mistakes in certificates: missing files, settings that exclude each other, too strong a key."""

import base64
import binascii
from collections.abc import Iterator, Sequence

from ... import names
from ...errors import MailError
from ..model import MailSettings
from ..secret import references
from ..values.acme import AcmeDns


def certificate_mistakes(host: MailSettings) -> Iterator[str]:
    """Yield the mistakes in the sources of a host's certificates."""
    yield from _files(host)
    if host.tls_rotate and not host.dane:
        yield (
            f"{host.inventory_name}: mail_tls_rotate serves the next keys, and without "
            "mail_dane a host has none; set mail_dane = True"
        )
    if host.tls_rotate and host.tls == "files":
        yield (
            f"{host.inventory_name}: mail_tls_rotate serves keys that the host makes, and mail_tls "
            "is 'files'; replace your files instead"
        )
    if host.acme_challenge == "dns" and (key := _of_http(host)):
        yield (
            f"{host.inventory_name}: {key} needs the challenge at port 80, and mail_acme_challenge "
            f"is 'dns'; remove one of the two"
        )
    if host.acme_dns:
        found = _update(host, host.acme_dns)
        yield from (f"{host.inventory_name}: mail_acme_dns{one}" for one in found)


def _files(host: MailSettings) -> Iterator[str]:
    given = set(host.tls_files)
    wanted = {*host.host_names, *host.site_names} if host.tls == "files" else set()
    before = {site.policy_name for site in host.sites}  # mode none is served there too
    for name in sorted(wanted - given):
        yield (
            f"{host.inventory_name}: mail_tls_files.{name} is missing, and mail_tls is 'files'; "
            "name the files of its key and its certificate"
        )
    for name in sorted(given - wanted - before):
        yield (
            f"{host.inventory_name}: mail_tls_files.{name} is not used; set mail_tls = 'files' "
            "and add the name to mail_tls_names, or remove it"
        )


def _of_http(host: MailSettings) -> str:
    """Return the key of a setting that DNS-01 does not go with."""
    if host.acme_webroot:
        return "mail_acme_webroot"
    return "mail_tls_rotate" if host.tls_rotate and not host.acme_dns else ""


def _update(host: MailSettings, own: AcmeDns) -> Iterator[str]:
    """Yield what is wrong with the zone of proofs that a host changes itself."""
    if host.tls != "acme" or host.acme_challenge != "dns":
        yield " has no effect; set mail_tls = 'acme' and mail_acme_challenge = 'dns' too"
    # A key on the host for the zone of a domain could change its mail.
    zones = {*host.published_names, *host.host_names}
    if above := sorted(name for name in zones if f".{name}".endswith(f".{own.zone}")):
        yield (
            f".zone: with a key for {own.zone} the host could change records of {above[0]}; "
            f"delegate a zone of its own for the proofs, like 'acme.{own.zone}'"
        )
    if own.key_secret in (secret for _, secret in references("mail_dns", host.dns or {})):
        yield (
            ".key_secret is that of mail_dns, and the credentials of a zone stay on the "
            "controller; make a key that may change TXT records of the proofs only"
        )
    for name in host.certified_names:
        if len(proof := own.proof_name(name)) > names.LONGEST:
            yield (
                f".zone: the proof of {name} would be at a name of {len(proof)} octets, and "
                f"{names.LONGEST} are allowed; use a shorter zone"
            )


def shared_mistakes(hosts: Sequence[MailSettings]) -> Iterator[str]:
    """Yield the mistake of hosts that prove one name in different zones; a CNAME leads to one."""
    zones: dict[str, tuple[str, str]] = {}
    by_dns = (host for host in hosts if host.tls == "acme" and host.acme_challenge == "dns")
    for host in by_dns:
        zone = host.acme_dns.zone if host.acme_dns else ""
        for name in host.certified_names:
            first, other = zones.setdefault(name, (host.inventory_name, zone))
            if zone != other:
                yield (
                    f"{host.inventory_name}: {name} is a name of {first} too, and its proofs can "
                    "be in one zone only; write the same mail_acme_dns.zone for both"
                )


def key_mistakes(own: AcmeDns | None) -> Iterator[str]:
    """Yield the mistake in the key of a zone of proofs, whose reference is read."""
    if not own:
        return
    try:
        base64.b64decode(own.key_secret.resolve(), validate=True)
    except MailError as error:
        yield f"mail_acme_dns.key_secret: {error}"
    except binascii.Error:
        yield (
            f"mail_acme_dns.key_secret: the secret {own.key_secret.where} is not in base64; write "
            "the key as 'keymgr -t' or 'tsig-keygen' prints it"
        )
