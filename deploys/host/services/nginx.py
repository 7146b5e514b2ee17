"""
nginx, described: the small web sites of a host's domains, over HTTPS (RFC 9110) and nothing else.

It listens on 443 alone, as port 80 is where an authority asks certbot. Its configuration stands
beside the distribution's, so no site that comes with the package, or that anybody has left there,
is ever served; a name without a site gets no TLS at all. Nobody's address is kept.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address

from ...mail import autoconfig, mta_sts, paths, units
from ...mail.settings.model import MailSettings
from ...mail.settings.site import Site
from ..model.desired import Dialogue, File, Preflight, Query, Service, Step
from ..model.templates import render
from ..tls import certificates, mta_sts_policy
from .plan_input import PlanInput

NAME = mta_sts_policy.SERVICE
UNIT = units.NGINX
DIRECTORY = paths.WEB_SITES
CONFIGURATION = f"{DIRECTORY}/nginx.conf"
DROP_INS = f"/etc/systemd/system/{UNIT}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
PORT = units.HTTPS_PORT
# In the rehearsal the live one's process id must not be written over; and as it keeps its standard
# error for itself, who reads that would wait for ever.
ROOM = "/run/pyinfra-mail/preflight"
SAID = f"{ROOM}/nginx-said"
NGINX = f"nginx -e stderr -c {CONFIGURATION} -g 'pid {ROOM}/nginx;'"
START = ("sh", "-c", f"{NGINX} 2>{SAID} || {{ cat {SAID} >&2; exit 1; }}")


def query(settings: MailSettings) -> Query:
    """Return what to ask a host about nginx, be it there for others."""
    own = units.service(settings, NAME)
    return Query(
        name=NAME,
        directories=(DIRECTORY, DROP_INS),
        packages=own.packages,
        files=(CONFIGURATION, DROP_IN, *(path for s in settings.sites for path in _paths(s))),
        units=own.units,
        ports=own.ports,
        certificates=certificates.of_sites(settings),
    )


def service(settings: MailSettings, given: PlanInput) -> Service:
    """Return what nginx shall be on a host whose sites are those that have to stand."""
    questions = tuple(_probe(site) for site in settings.sites)
    return Service(
        query=query(settings),
        unit=UNIT,
        enabled=UNIT,
        files=(
            File(CONFIGURATION, configuration(settings)),
            File(DROP_IN, render(DROP_IN, configuration=CONFIGURATION)),
            *(file for site in settings.sites for file in _files(site)),
        ),
        certificates=certificates.of_sites(settings),
        masked=(UNIT,),
        validators=(("nginx", "-t", "-q", "-e", "stderr", "-c", "{directory}/nginx.conf"),),
        preflight=Preflight((START,), questions) if settings.preflight else None,
        probes=questions,
    )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield nothing: there is no key for settings of nginx."""
    yield from ()


def configuration(settings: MailSettings) -> str:
    """Return nginx's own file."""
    return render(
        CONFIGURATION,
        port=PORT,
        both_families=any(isinstance(one, IPv6Address) for one in settings.addresses),
        servers=[server for site in settings.sites for server in _servers(site)],
    )


def _servers(site: Site) -> Iterator[dict[str, object]]:
    """Yield each name of a site, with the paths that it answers to and their files."""
    config, discover = (f"{prefix}.{site.domain}" for prefix in ("autoconfig", "autodiscover"))
    answers: dict[str, dict[str, str]] = {
        site.policy_name: {mta_sts.PATH: paths.mta_sts_policy(site.domain)},
        config: dict.fromkeys(autoconfig.PATHS, _autoconfig(site)),
        discover: {autoconfig.OUTLOOK_PATH: _autodiscover(site)},
    }
    for name in site.names:
        certificate = paths.certificate(name)
        yield {"name": name, "certificate": certificate, "answers": answers[name]}


def _files(site: Site) -> Iterator[File]:
    if site.mode:
        yield File(paths.mta_sts_policy(site.domain), str(site.policy(site.mode)))
    if site.autoconfig:
        yield File(_autoconfig(site), autoconfig.thunderbird(site.domain, site.submission))
        yield File(_autodiscover(site), autoconfig.outlook(site.domain, site.submission))


def _paths(site: Site) -> tuple[str, ...]:
    return paths.mta_sts_policy(site.domain), _autoconfig(site), _autodiscover(site)


def _autoconfig(site: Site) -> str:
    return f"{DIRECTORY}/{site.domain}/config-v1.1.xml"


def _autodiscover(site: Site) -> str:
    return f"{DIRECTORY}/{site.domain}/autodiscover.xml"


def _probe(site: Site) -> Dialogue:
    """Return the question that shows a site to be there: its first name and path."""
    server, file = next(_servers(site)), next(_files(site))
    path = next(iter(server["answers"]))  # type: ignore[call-overload]
    return Dialogue(
        "web site",
        f"see whether {UNIT} runs and nothing else answers at port {PORT}",
        (Step(f"GET {path}", rf"^200 text/(plain|xml)\n{re.escape(file.content)}$"),),
        port=PORT,
        tls=str(server["certificate"]),
        site=str(server["name"]),
    )
