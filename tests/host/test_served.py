"""What a host says of the certificates that it serves, and of their sources."""

from pathlib import Path

import pytest

from deploys.host.agent.system.shell import Refused
from deploys.host.agent.tls.certificates import look, take
from deploys.host.model.desired import Certificate, CertificateSource
from tests.host.pairs import EC, NAME, OTHER, RSA, certificate, key


def asked(folder: Path, source: CertificateSource, **texts: str) -> Certificate:
    """Return what is asked about a name whose sources are these files."""
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


def test_what_was_taken_is_current_until_its_sources_change(tmp_path: Path) -> None:
    one = asked(tmp_path, "files", **whole())
    take(one)

    found = look(one)
    assert found
    assert (found.kinds, found.current, found.problem) == (("ecdsa", "rsa"), True, "")
    assert (found.covered, found.self_signed, found.days) == (True, False, 59)

    replaced = look(asked(tmp_path, "files", **whole(days=90)))
    assert replaced
    assert (replaced.current, replaced.problem) == (False, "")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (whole() | {"key": key(OTHER)}, "the key is not the certificate's"),
        (whole(days=-1), "ended on"),
        ({}, "cannot be read"),
    ],
)
def test_files_of_the_operator_that_cannot_serve_are_a_problem(
    tmp_path: Path, texts: dict[str, str], sentence: str
) -> None:
    one = asked(tmp_path, "files", **texts)

    found = look(one)

    assert found
    assert sentence in found.problem
    with pytest.raises(Refused, match=sentence):
        take(one)


def test_what_ended_while_it_was_served_is_a_problem_too(tmp_path: Path) -> None:
    one = asked(tmp_path, "files", **whole(days=-1))
    served = Path(one.path)
    served.parent.mkdir()
    served.write_text("".join(Path(path).read_text() for path in one.files))

    found = look(one)

    assert found
    assert "ended on" in found.problem


@pytest.mark.parametrize("missing", [{}, {"key": key(EC), "chain": certificate(EC)}])
def test_an_authority_that_has_issued_nothing_or_half_is_no_problem_of_the_operator(
    tmp_path: Path, missing: dict[str, str]
) -> None:
    assert look(asked(tmp_path, "acme", **missing)) is None
