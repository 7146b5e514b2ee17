"""State of a host's certificates, and of their sources, as the agent reports it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploys.host.agent.system.shell import Refused
from deploys.host.agent.tls import certificates, chain, dane
from deploys.host.agent.tls.certificates import existing_certificate, take
from deploys.host.model.desired import Certificate, CertificateSource
from deploys.host.model.state import FoundListener
from deploys.host.tls.certificates import HOME, files
from tests.host.found import settings
from tests.host.pairs import EC, NAME, OTHER, RSA, certificate, key


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """No service runs, whatever listens on this machine: a lab's name server, for example."""
    monkeypatch.setattr(certificates, "listener", lambda _: None)


def with_sources(folder: Path, source: CertificateSource, **texts: str) -> Certificate:
    """Return the certificate of a name with these source files."""
    for name, text in texts.items():
        (folder / name).write_text(text)
    return Certificate(
        path=str(folder / "served" / "mx1.pem"),
        name=NAME,
        source=source,
        files=tuple(str(folder / part) for part in ("key", "chain", "rsa_key", "rsa_chain")),
    )


def whole(days: float = 60) -> dict[str, str]:
    return {
        "key": key(EC),
        "chain": certificate(EC, days=days),
        "rsa_key": key(RSA),
        "rsa_chain": certificate(RSA, days=days),
    }


def test_a_served_certificate_is_current_until_its_sources_change(tmp_path: Path) -> None:
    one = with_sources(tmp_path, "files", **whole())
    take(one)

    found = existing_certificate(one)
    assert found
    assert (found.kinds, found.current, found.problem) == (("ecdsa", "rsa"), True, "")
    assert (found.covered, found.self_signed, found.days) == (True, False, 59)

    replaced = existing_certificate(with_sources(tmp_path, "files", **whole(days=90)))
    assert replaced
    assert (replaced.current, replaced.problem) == (False, "")


@pytest.mark.parametrize(("port", "served"), [(25, False), (53, False), (80, True)])
def test_a_new_key_waits_for_its_records_if_mail_or_a_resolver_is_served(
    port: int,
    served: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unpublished(*_: str) -> None:
        raise dane.UnpublishedKey("no TLSA record has its key")

    monkeypatch.setattr(certificates, "listener", {port: FoundListener(1, "other")}.get)
    monkeypatch.setattr(dane, "require_published", unpublished)
    one = with_sources(tmp_path, "files", **whole())

    take(one)

    assert Path(one.path).exists() == served


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (whole() | {"key": key(OTHER)}, "the key does not match its certificate"),
        (whole(days=-1), "expired on"),
        (whole() | {"chain": certificate(EC, since=1)}, "correct the clock, or put a certificate"),
        ({}, "cannot be read"),
    ],
)
def test_invalid_files_of_the_operator_are_a_problem(
    tmp_path: Path, texts: dict[str, str], sentence: str
) -> None:
    one = with_sources(tmp_path, "files", **texts)

    found = existing_certificate(one)

    assert found
    assert sentence in found.problem
    with pytest.raises(Refused, match=sentence):
        take(one)


def test_a_certificate_that_expired_in_use_is_a_problem(tmp_path: Path) -> None:
    one = with_sources(tmp_path, "files", **whole(days=-1))
    served = Path(one.path)
    served.parent.mkdir()
    served.write_text("".join(Path(path).read_text() for path in one.files))

    found = existing_certificate(one)

    assert found
    assert "expired on" in found.problem


@pytest.mark.parametrize(("since", "early"), [(-1, False), (2, True)])
def test_a_certificate_that_a_clock_ahead_has_made_is_early(
    since: float,
    early: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    served = tmp_path / "mx1.pem"
    served.write_text(key(EC) + certificate(EC, since=since))

    found = existing_certificate(Certificate(path=str(served), name=NAME))

    assert found
    assert found.early == early


@pytest.mark.parametrize("missing", [{}, {"key": key(EC), "chain": certificate(EC)}])
def test_a_certificate_that_a_ca_has_not_issued_yet_is_no_problem(
    tmp_path: Path, missing: dict[str, str]
) -> None:
    assert existing_certificate(with_sources(tmp_path, "acme", **missing)) is None


@pytest.mark.parametrize(
    ("sources", "complete", "days"),
    [
        ({}, True, None),
        ({"rsa_key": "", "rsa_chain": ""}, False, None),
        ({"chain": certificate(EC, days=90)}, True, 59),
        (whole(days=90), True, 89),
    ],
)
def test_the_sources_tell_if_a_kind_of_key_is_missing_and_which_certificate_expires_first(
    tmp_path: Path,
    sources: dict[str, str],
    complete: bool,  # noqa: FBT001
    days: int | None,
) -> None:
    take(with_sources(tmp_path, "acme", **whole()))
    one = with_sources(tmp_path, "acme", **sources)
    for name in (name for name, text in sources.items() if not text):
        (tmp_path / name).unlink()

    found = existing_certificate(one)

    assert found
    assert (found.complete, found.source_days) == (complete, days)


def parser_missing(*_: str) -> None:
    raise ImportError("python3-cryptography is not installed yet")


def test_a_certificate_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = with_sources(tmp_path, "files", **whole())
    take(one)
    found = existing_certificate(one)

    monkeypatch.setattr(chain, "leaves", parser_missing)

    assert existing_certificate(one) == found


def test_a_new_host_without_the_parser_has_no_certificate_and_names_missing_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "leaves", parser_missing)

    assert existing_certificate(with_sources(tmp_path, "files", **whole())) is None
    (tmp_path / "chain").unlink()
    found = existing_certificate(with_sources(tmp_path, "files"))
    assert found
    assert "cannot be read" in found.problem


def test_a_host_that_still_lacks_the_parser_keeps_its_certificate_and_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = with_sources(tmp_path, "files", **whole())
    take(one)
    monkeypatch.setattr(dane, "NOTES", tmp_path)
    dane.note_keys(NAME, ["0a" * 32], 3600)
    monkeypatch.setattr(chain, "leaves", parser_missing)

    found = existing_certificate(one)

    assert found
    assert (found.readable, found.current, found.problem) == (False, True, "")
    assert found.keys == ("0a" * 32,)


def test_the_program_on_the_host_takes_over_renewed_files(tmp_path: Path) -> None:
    own = settings(mail_tls="files", mail_tls_files={NAME: ["/key.pem", "/chain.pem"]})
    program, served = tmp_path / "certificates", tmp_path / "served.pem"
    for file in files(own):
        if file.path.startswith(HOME):
            path = program / file.path.removeprefix(f"{HOME}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.content)
    served.write_text(key(EC) + certificate(EC, days=3))
    (tmp_path / "new.pem").write_text(key(EC) + certificate(EC))
    row = {
        "path": str(served),
        "sources": [str(tmp_path / "new.pem")],
        "name": NAME,
        "units": ["x"],
    }
    (program / "certificates.json").write_text(json.dumps([row]))
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\n')
    systemctl.chmod(0o755)

    done = subprocess.run(
        (sys.executable, "-B", program / "take-over"),
        env={"PATH": f"{tmp_path}:/bin:/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert served.read_text() == (tmp_path / "new.pem").read_text()
    assert (tmp_path / "asked").read_text() == "try-reload-or-restart x\n"
