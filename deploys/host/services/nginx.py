"""
nginx of a mail host: the small web sites of its domains, over HTTPS (RFC 9110).

Requests to unsubscribe from bulk mail go on to the handler of the stream, by SCGI.

It listens on port 443 only, because a CA reaches certbot on port 80. Its configuration is separate
from Debian's, so that other sites on the host are never served. A client that asks for another name
gets no TLS. Requests are not logged.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address

from ...mail import autoconfig, ciphers, mta_sts, paths, units
from ...mail.settings.model import MailSettings
from ...mail.settings.site import Site
from ..model.desired import Dialogue, File, Preflight, Query, Service, Step
from ..model.templates import render
from ..model.versions import installed
from ..tls import certificates, mta_sts_policy
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = mta_sts_policy.SERVICE
UNIT = units.NGINX
DIRECTORY = paths.WEB_SITES
CONFIGURATION = f"{DIRECTORY}/nginx.conf"
DROP_INS = f"/etc/systemd/system/{UNIT}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
PORT = units.HTTPS_PORT
# The preflight must not overwrite the live process id. Its errors go to a file, because nginx keeps
# its standard error open, and a reader would never see its end.
ERRORS = f"{paths.PREFLIGHT}/nginx-errors"
NGINX = f"nginx -e stderr -c {CONFIGURATION} -g 'pid {paths.PREFLIGHT}/nginx;'"
START = ("sh", "-c", f"{NGINX} 2>{ERRORS} || {{ cat {ERRORS} >&2; exit 1; }}")


def query(settings: MailSettings) -> Query:
    """Return the state of nginx that a plan needs, even if others use it."""
    row = units.service(settings, NAME)
    base = base_query(
        settings,
        NAME,
        (DIRECTORY, DROP_INS),
        (CONFIGURATION, DROP_IN, *(path for s in settings.sites for path in _paths(s))),
    )
    return replace(base, ports=row.ports, certificates=certificates.of_sites(settings))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired nginx, for the sites in the settings."""
    probes = tuple(_probe(site) for site in settings.sites)
    files = (
        File(CONFIGURATION, configuration(settings, installed(inputs.existing, NAME))),
        File(DROP_IN, render(DROP_IN, configuration=CONFIGURATION, restricted=settings.sandbox)),
        *(file for site in settings.sites for file in _files(site)),
    )
    return replace(
        base_service(query(settings), files),
        certificates=certificates.of_sites(settings),
        validators=(("nginx", "-t", "-q", "-e", "stderr", "-c", "{directory}/nginx.conf"),),
        preflight=Preflight((START,), probes) if settings.preflight else None,
        probes=probes,
    )


def configuration(settings: MailSettings, version: tuple[int, ...]) -> str:
    """Return `nginx.conf` for a version of nginx."""
    hybrid = (ciphers.HYBRID_GROUP,) if version >= (1, 26) else ()  # Debian 13, with OpenSSL 3.5
    return render(
        CONFIGURATION,
        port=PORT,
        groups=(*hybrid, *ciphers.GROUPS),
        signature_algorithms=ciphers.SIGNATURE_ALGORITHMS,
        both_families=any(isinstance(one, IPv6Address) for one in settings.addresses),
        one_click=paths.ONE_CLICK_SOCKET if settings.one_click_name else "",
        servers=[server for site in settings.sites for server in _servers(site)],
    )


def _servers(site: Site) -> Iterator[dict[str, object]]:
    """Yield each name of a site, with its paths and the files behind them."""
    answers: dict[str, dict[str, str]] = {
        site.policy_name: {mta_sts.PATH: paths.mta_sts_policy(site.domain)},
        site.thunderbird_name: dict.fromkeys(autoconfig.PATHS, _thunderbird_path(site)),
        site.outlook_name: {autoconfig.OUTLOOK_PATH: _outlook_path(site)},
    }
    for name in site.names:
        yield {
            "name": name,
            "certificate": paths.certificate(name),
            "answers": answers.get(name, {}),
            "handed_over": name not in answers,
        }


def _files(site: Site) -> Iterator[File]:
    if site.mode:
        yield File(paths.mta_sts_policy(site.domain), str(site.policy(site.mode)))
    if site.autoconfig:
        hosts = site.submission, site.mailboxes, site.pop3
        yield File(_thunderbird_path(site), autoconfig.thunderbird(site.domain, *hosts))
        yield File(_outlook_path(site), autoconfig.outlook(site.domain, *hosts))


def _paths(site: Site) -> tuple[str, ...]:
    return paths.mta_sts_policy(site.domain), _thunderbird_path(site), _outlook_path(site)


def _thunderbird_path(site: Site) -> str:
    return f"{DIRECTORY}/{site.domain}/config-v1.1.xml"


def _outlook_path(site: Site) -> str:
    return f"{DIRECTORY}/{site.domain}/autodiscover.xml"


def _probe(site: Site) -> Dialogue:
    """Return the request that shows that a site is served: its first name and path."""
    server = next(_servers(site))
    if site.one_click:
        # No token is valid; without its handler nginx answers by itself.
        step = Step("GET /", r"^(404|503) text/plain\n")
    else:
        path, file = next(iter(server["answers"])), next(_files(site))  # type: ignore[call-overload]
        step = Step(f"GET {path}", rf"^200 text/(plain|xml)\n{re.escape(file.content)}$")
    return Dialogue(
        "web site",
        f"check that {UNIT} runs and that nothing else listens on port {PORT}",
        (step,),
        port=PORT,
        tls=str(server["certificate"]),
        site=str(server["name"]),
    )
