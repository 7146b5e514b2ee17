"""Trials: settings that a host of the lab stages, validates and tests, and never loads."""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

from deploys.host.model.plan import configuration
from deploys.host.model.request import ApplyRequest, DkimRotation
from deploys.host.model.wire import encode
from deploys.host.services import registry
from deploys.host.services.plan_input import plan_input
from deploys.host.transport.payloads import apply_request, existing_request, planned_service
from deploys.host.transport.remote import BOOTSTRAP, PROGRAM, Input, agent, answer_in
from deploys.lab.definition import Role
from deploys.lab.inventory import hosts
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import HostSettings
from tests.lab.labs import NAME
from tests.lab.mistakes import IPV4, IPV6, OTHER_NAME
from tests.lab.runs import LAB

Keys = Mapping[str, Any]
# Names in the tables, which are those of the first mail host.
HOSTNAME, DOMAIN = "mx1.harbor.example", "harbor.example"
# A certificate for another name than the host's.
OTHER_CERTIFICATE = f"""
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj /CN=other.example -addext subjectAltName=DNS:other.example \
    -keyout {OTHER_NAME} -out /run/other.crt 2>/dev/null
cat /run/other.crt >>{OTHER_NAME}
"""
# The agent, with a program of ours: each line is a request, and is answered by a refusal or "".
TRIAL = BOOTSTRAP.partition("from ")[0] + (
    f"import json;from {PROGRAM}.apply import _test;from {PROGRAM}.services.stage import stage;"
    f"from {PROGRAM}.system.shell import Refused;"
    f"from {PROGRAM.removesuffix('.agent')}.model.request import ApplyRequest;"
    f"from {PROGRAM.removesuffix('.agent')}.model.wire import decode\n"
    """
for line in sys.stdin:
    services = decode(ApplyRequest, json.loads(line)).services
    said, copied = "", set()
    try:
        for planned in services:
            if planned.changed:
                stage(planned.service, copied)
        _test(services)
    except Refused as refused:
        said = f"{refused.step}: {refused}"
    print(json.dumps(said), flush=True)
"""
)


class Host:
    """A mail host of the lab, its usual settings, and its state, which is read once.

    As a client it tries the settings of a null client. It may have other settings of its own.
    """

    def __init__(self, name: str, role: Role = "mail", own: Keys = MappingProxyType({})) -> None:
        self.name, self.role = name, role
        self.data = {**dict(hosts(NAME, role))["client" if role == "client" else name], **own}
        self.existing = answer_in(self._run(BOOTSTRAP, Input(existing_request(self.settings({})))))

    def settings(self, keys: Keys) -> HostSettings:
        """Return its settings with others on top, whose names and addresses become its own."""
        own = {self.name: {**self.data, **self._named(keys)}}
        fleet = fleet_from({}, {}, own) if self.role == "client" else fleet_from(own, {})
        return fleet.deployed(self.name)

    def tried(self, rows: Sequence[Keys]) -> list[str]:
        """Return for each row the step and the reason of its refusal, or ""."""
        requests = [encode(self._request(self.settings(keys))) for keys in rows]
        return [json.loads(line) for line in self._run(TRIAL, [agent(), *requests])]

    def _request(self, settings: HostSettings) -> ApplyRequest:
        desired = registry.services(settings, plan_input(settings, self.existing))
        planned = [
            planned_service(one, self.existing, changed=any(configuration(one, self.existing)))
            for one in desired
        ]
        return apply_request(settings, planned, {}, DkimRotation((), {}))

    def _named(self, keys: Any) -> Any:
        if isinstance(keys, Mapping):
            return {self._named(key): self._named(value) for key, value in keys.items()}
        if isinstance(keys, list):
            return [self._named(each) for each in keys]
        if not isinstance(keys, str):
            return keys
        names = {HOSTNAME: self.data["mail_hostname"]}
        if domains := self.data.get("mail_domains"):
            ipv4, ipv6 = self.data["mail_addresses"]
            names |= {DOMAIN: domains[0], IPV4: ipv4, IPV6: ipv6}
        for word, own in names.items():
            keys = keys.replace(word, own)
        return keys

    def _run(self, program: str, lines: Iterable[str]) -> list[str]:
        done = subprocess.run(
            ("podman", "exec", "-i", LAB.container(self.name), "python3", "-c", program),
            input="\n".join((*lines, "")),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


def all_tried(rows: Mapping[Host, Sequence[Keys]]) -> dict[Host, list[str]]:
    """Return what each host says to its rows; the hosts work at the same time."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(rows, pool.map(lambda host: host.tried(rows[host]), rows), strict=True))


def together(rows: Iterable[Keys]) -> list[tuple[Keys, list[Keys]]]:
    """Return rows joined, as many at a time as agree, with the rows of each."""
    groups: list[tuple[Keys, list[Keys]]] = []
    for row in rows:
        for number, (keys, members) in enumerate(groups):
            if (both := _joined(keys, row)) is not None:
                groups[number] = both, [*members, row]
                break
        else:
            groups.append((row, [row]))
    return groups


def _joined(first: Keys, other: Keys) -> Keys | None:
    """Return two dictionaries as one; None if both have another value for the same key."""
    both = {**first, **other}
    for key in first.keys() & other.keys():
        one, two = first[key], other[key]
        if one == two:
            continue
        if not (isinstance(one, Mapping) and isinstance(two, Mapping)):
            return None
        if (inner := _joined(one, two)) is None:
            return None
        both[key] = inner
    return both
