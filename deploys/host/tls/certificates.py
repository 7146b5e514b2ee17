"""
Certificates of a mail host (RFC 5280): one for each of its names, selected by SNI (RFC 6066).

A name has one file with an ECDSA and an RSA key and their certificates. They come from an ACME
server, from the operator's files, or from this host itself (self-signed). A later renewal or a
replaced file is taken over on the host without a run.
"""

import json
from dataclasses import replace
from pathlib import Path

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model.desired import Certificate, File
from ..model.templates import render

PROGRAM = "/usr/local/lib/pyinfra-mail/certificates"
UNITS = "/usr/local/lib/systemd/system"
HOOKS = "/etc/letsencrypt/renewal-hooks/deploy"
CERTBOT = "/etc/systemd/system/certbot.service.d"
DIRECTORIES = (PROGRAM, UNITS, HOOKS, CERTBOT)
MAIL_KINDS, SITE_KINDS = ("ecdsa", "rsa"), ("ecdsa",)  # of keys
AGENT = Path(__file__).parents[1] / "agent"
# Modules of the agent that stay on the host, in a package of the same name.
PROGRAM_MODULES = tuple(f"tls/{name}.py" for name in ("chain", "dane", "pem", "served_file"))


def certificates(settings: MailSettings) -> tuple[Certificate, ...]:
    """Return the certificate of every name of a host."""
    return tuple(_certificate(settings, name, MAIL_KINDS) for name in settings.host_names)


def of_sites(settings: MailSettings) -> tuple[Certificate, ...]:
    """Return the certificates of a host's web sites; with own files, of the names with files."""
    return tuple(
        replace(_certificate(settings, name, SITE_KINDS), unit=units.NGINX)
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
        contact=settings.acme_contact,
        authority=settings.acme_ca_file,
        kinds=kinds,
        next=_next_path(settings, name),
        rotate=settings.tls_rotate == "now" and name == settings.hostname,
    )


def files(settings: MailSettings) -> tuple[File, ...]:
    """Return the program that takes over renewed certificates on the host, and its triggers."""
    if settings.tls == "self-signed":
        return ()
    return (
        *(File(f"{PROGRAM}/{name}", (AGENT / name).read_text()) for name in PROGRAM_MODULES),
        File(f"{PROGRAM}/certificates.json", _sources_json(settings)),
        File(f"{PROGRAM}/take-over", render(f"{PROGRAM}/take-over")),
        *(_certbot_files(settings) if settings.tls == "acme" else _watch_files(settings)),
    )


def _certbot_files(settings: MailSettings) -> tuple[File, ...]:
    hook = File(f"{HOOKS}/pyinfra-mail", render(f"{HOOKS}/pyinfra-mail"), mode=0o755)
    if not settings.acme_ca_file:
        return (hook,)
    drop_in = f"{CERTBOT}/pyinfra-mail.conf"
    return (
        hook,
        File(f"{PROGRAM}/acme-ca.pem", settings.acme_ca_file),
        File(drop_in, render(drop_in)),
    )


def _watch_files(settings: MailSettings) -> tuple[File, ...]:
    watched = sorted({file for files in settings.tls_files.values() for file in files})
    watch = f"{UNITS}/{units.CERTIFICATES_WATCH}"
    service = watch.replace(".path", ".service")
    return File(watch, render(watch, watched=watched)), File(service, render(service))


def _sources_json(settings: MailSettings) -> str:
    sources = [
        {"path": one.path, "sources": one.files, "name": one.name, "unit": one.unit}
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
        return tuple(
            f"{paths.CERTBOT_LIVE}/{name}-{kind}/{part}" for kind in kinds for part in parts
        )
    return settings.tls_files[name] if settings.tls == "files" else ()
