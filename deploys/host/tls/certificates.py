"""
Certificates of a mail host (RFC 5280): one for each of its names, selected by SNI (RFC 6066).

A name has one file with an ECDSA and an RSA key and their certificates. They come from an ACME
server, from the operator's files, or from this host itself (self-signed). A later renewal or a
replaced file is taken over on the host without a run.
"""

import json
from dataclasses import replace

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model.desired import Certificate, Challenge, File
from ..model.program import HostProgram
from ..model.templates import render

# Modules of the agent that stay on the host, for a script there.
PROGRAM = HostProgram(
    "certificates",
    tuple(f"host/agent/tls/{name}.py" for name in ("chain", "dane", "pem", "served_file")),
    imports=tuple(f"host.agent.tls.{name}" for name in ("chain", "dane", "served_file")),
)
# For certbot's hook, which is called with these alone before the set is in its place.
PROOF = HostProgram("certificates", ("host/tls/dns_update.py",), imports=("host.tls.dns_update",))
HOME = PROGRAM.home
TAKE_OVER, CHALLENGE, UPDATE = (
    f"{HOME}/{name}" for name in ("take-over", "challenge", "update.json")
)
HOOKS = "/etc/letsencrypt/renewal-hooks/deploy"
CERTBOT = "/etc/systemd/system/certbot.service.d"
DIRECTORIES = (HOME, paths.UNITS, HOOKS, CERTBOT)
MAIL_KINDS, SITE_KINDS = ("ecdsa", "rsa"), ("ecdsa",)  # of keys


def certificates(settings: MailSettings) -> tuple[Certificate, ...]:
    """Return the certificate of every name of a host."""
    return tuple(_certificate(settings, name, MAIL_KINDS) for name in settings.host_names)


def of_sites(settings: MailSettings) -> tuple[Certificate, ...]:
    """Return the certificates of a host's web sites; with own files, of the names with files."""
    return tuple(
        replace(_certificate(settings, name, SITE_KINDS), units=(units.NGINX,))
        for site in settings.sites
        for name in site.names
        if settings.tls != "files" or name in settings.tls_files
    )


def _certificate(settings: MailSettings, name: str, kinds: tuple[str, ...]) -> Certificate:
    return Certificate(
        path=paths.certificate(name),
        name=name,
        source=settings.tls,
        files=_source_paths(settings, name, kinds),
        directory=settings.acme_directory if settings.tls == "acme" else "",
        challenge=_challenge(settings),
        webroot=settings.acme_webroot,
        contact=settings.acme_contact,
        authority=settings.acme_ca_file,
        kinds=kinds,
        next=_next_path(settings, name),
        units=_units(settings),
        rotate=settings.tls_rotate == "now" and name == settings.hostname,
    )


def _units(settings: MailSettings) -> tuple[str, ...]:
    """Return the units that have loaded the certificates of the host's own names."""
    # The name of Postfix works on Debian 12 and 13.
    return (units.POSTFIX[0], *((units.DOVECOT,) if settings.mailboxes else ()))


def _challenge(settings: MailSettings) -> Challenge:
    if settings.acme_dns:
        return "update"
    return "webroot" if settings.acme_webroot else settings.acme_challenge


def files(settings: MailSettings) -> tuple[File, ...]:
    """Return the program that takes over renewed certificates on the host, and its triggers."""
    if settings.tls == "self-signed":
        return ()
    return (
        *dict.fromkeys((*PROGRAM.files, *_proof(settings))),
        File(f"{HOME}/certificates.json", _sources_json(settings)),
        File(TAKE_OVER, render(TAKE_OVER)),
        *(_certbot_files(settings) if settings.tls == "acme" else _watch_files(settings)),
    )


def _certbot_files(settings: MailSettings) -> tuple[File, ...]:
    hook = File(f"{HOOKS}/pyinfra-mail", render(f"{HOOKS}/pyinfra-mail"), mode=0o755)
    hooks = (hook, *_challenge_files(settings))
    if not settings.acme_ca_file:
        return hooks
    drop_in = f"{CERTBOT}/pyinfra-mail.conf"
    return (
        *hooks,
        File(f"{HOME}/acme-ca.pem", settings.acme_ca_file),
        File(drop_in, render(drop_in)),
    )


def hook_files(settings: MailSettings) -> tuple[File, ...]:
    """Return the hook of certbot that changes the zone of proofs, with the key for it."""
    return (*_proof(settings), *_challenge_files(settings), *secret_files(settings))


def _proof(settings: MailSettings) -> tuple[File, ...]:
    return PROOF.files if settings.acme_dns else ()


def _challenge_files(settings: MailSettings) -> tuple[File, ...]:
    return (File(CHALLENGE, render(CHALLENGE)),) if settings.acme_dns else ()


def secret_files(settings: MailSettings) -> tuple[File, ...]:
    """Return the file with the key for the zone of proofs, whose reference is read."""
    own = settings.acme_dns
    if not own:
        return ()
    known = {
        "zone": own.zone,
        "server": str(own.server),
        "key_name": own.key_name,
        "key_algorithm": own.key_algorithm,
        "key_secret": own.key_secret.resolve(),
    }
    return (File(UPDATE, json.dumps(known, indent=2) + "\n", mode=0o600, secret=True),)


def _watch_files(settings: MailSettings) -> tuple[File, ...]:
    watched = sorted({file for files in settings.tls_files.values() for file in files})
    watch = f"{paths.UNITS}/{units.CERTIFICATES_WATCH}"
    service = watch.replace(".path", ".service")
    return File(watch, render(watch, watched=watched)), File(service, render(service))


def _sources_json(settings: MailSettings) -> str:
    sources = [
        {"path": one.path, "sources": one.files, "name": one.name, "units": one.units}
        for one in (*certificates(settings), *of_sites(settings))
    ]
    return json.dumps(sources, indent=2) + "\n"


def _next_path(settings: MailSettings, name: str) -> str:
    """Return the file of the next keys; only the host's own name has TLSA records."""
    rotates = settings.dane and settings.tls != "files" and name == settings.hostname
    return paths.next_certificate(name) if rotates else ""


def _source_paths(settings: MailSettings, name: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    if settings.tls == "acme":
        parts = ("privkey.pem", "fullchain.pem")
        lineages = (f"{name}-{kind}" for kind in kinds)
        return tuple(
            f"{paths.certbot(_challenge(settings), lineage)}/live/{lineage}/{part}"
            for lineage in lineages
            for part in parts
        )
    return settings.tls_files[name] if settings.tls == "files" else ()
