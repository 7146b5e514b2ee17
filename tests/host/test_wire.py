"""Requests and answers between controller and agent, and the agent's archive itself."""

import base64
import hashlib
import io
import json
import subprocess
import sys
import syslog
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from deploys.host.agent import __main__ as program
from deploys.host.model.plan import preparation
from deploys.host.model.request import (
    ApplyRequest,
    CertifyRequest,
    ChallengeRequest,
    DkimRotation,
    ExistingRequest,
    PrepareRequest,
    PublishedKeys,
    Request,
)
from deploys.host.model.state import Existing
from deploys.host.model.wire import WireError, decode, encode, payload
from deploys.host.services import registry
from deploys.host.services.plan_input import plan_input
from deploys.host.transport import payloads, remote
from tests.host.found import bare, settings

OWN = settings(mail_tls="acme", mail_mta_sts="testing")
DESIRED = registry.services(OWN, plan_input(OWN, bare(own=OWN)))
ROTATION = DkimRotation(("/old.key",), {"/mx1.json": {"1": {"revoked": 5.5}}})
REQUESTS: Mapping[type[Request], Request] = {
    ExistingRequest: payloads.existing_request(OWN),
    PrepareRequest: payloads.prepare_request(
        OWN, DESIRED, list(preparation(DESIRED, bare(own=OWN)))
    ),
    ChallengeRequest: ChallengeRequest(
        payloads.existing_request(OWN).queries, DESIRED[0].certificates
    ),
    CertifyRequest: payloads.certify_request(OWN, DESIRED, [], [PublishedKeys("mx1", ("0a",), 60)]),
    ApplyRequest: payloads.apply_request(
        OWN,
        [payloads.planned_service(one, bare(own=OWN), changed=True) for one in DESIRED],
        {"milter": "milter.service"},
        ROTATION,
    ),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_arrives_as_it_was_sent(kind: type[Request]) -> None:
    digest, text = payload(REQUESTS[kind]).splitlines()
    message = json.loads(text)

    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert message["verb"] == kind.verb
    assert decode(kind, message["request"]) == REQUESTS[kind]


def test_an_answer_arrives_as_it_was_sent() -> None:
    assert decode(Existing, json.loads(encode(bare()))) == bare()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"clok": 1}, "Existing has no field clok"),
        ({"clock": "now"}, "Existing.clock has a value of the type str"),
        ({"system": {"id": "debian", "version_id": "12"}}, "lacks the field pretty_name"),
        ({"system": "debian"}, "Existing.system has a value of the type str"),
        ({"packages": {"postfix": 3}}, r"Existing.packages\[postfix\] has a value of the type int"),
        ({"notes": "all"}, "Existing.notes has a value of the type str"),
        ({"listeners": {"25": {"pid": True, "process": "exim4"}}}, "of the type bool"),
    ],
)
def test_an_answer_with_a_field_that_is_unknown_missing_or_of_another_type_is_an_error(
    changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(WireError, match=sentence):
        decode(Existing, asdict(bare()) | changed)


def test_an_error_of_the_agent_itself_is_one_sentence_with_its_place() -> None:
    text = json.dumps({"verb": "preflight"})  # without a request
    lines = (remote.agent(), hashlib.sha256(text.encode()).hexdigest(), text, "")

    done = subprocess.run(
        (sys.executable, "-I", "-c", remote.BOOTSTRAP),
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )

    assert not done.stderr
    where = (
        r"^preflight: pyinfra-mail itself has an error, KeyError in __main__\.py line \d+; report"
    )
    with pytest.raises(remote.Refusal, match=where):
        remote.answer_in(done.stdout.splitlines())


def test_the_traceback_goes_to_the_journal_without_the_text_of_the_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _, line: written.append(line))

    program.answer({"verb": "preflight"})

    assert written[0].lstrip().startswith('File "')
    assert written[-1] == "KeyError"


LATE = {f"{remote.PROGRAM}.tls.{name}" for name in ("chain", "self_signed")}  # cryptography's


def test_on_a_new_host_the_agent_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    archive = base64.b64decode(remote.agent())
    (tmp_path / "agent").write_bytes(archive)
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    modules = [name.removesuffix(".py").replace("/", ".") for name in names]
    program = f"import sys; sys.path.insert(0, {str(tmp_path / 'agent')!r})\n" + "\n".join(
        f"import {module}" for module in modules if module not in LATE
    )

    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", program), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert {f"{remote.PROGRAM}.apply", *LATE} <= set(modules)
