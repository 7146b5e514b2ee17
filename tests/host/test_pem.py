"""Files with keys and certificates: valid ones are served, others are refused in one sentence."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from deploys.host.agent.tls import chain, pem, served_file
from tests.host.pairs import EC, NAME, OTHER, RSA, certificate, key


def files(folder: Path, *texts: str) -> list[str]:
    paths = [folder / f"{number}.pem" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return [str(path) for path in paths]


def any_key(*_: str) -> None:
    """Allow any key."""


def test_several_files_become_one_that_only_root_can_read(tmp_path: Path) -> None:
    target = tmp_path / "served" / "mx1.pem"
    above = certificate(OTHER, "ca.example")
    sources = files(
        tmp_path, key(EC), certificate(EC) + above, key(RSA), certificate(RSA, "*.harbor.example")
    )

    assert served_file.take(str(target), sources, NAME, any_key)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [(leaf.kind, leaf.names) for leaf in chain.leaves(target.read_text())] == [
        ("ecdsa", (NAME,)),
        ("rsa", ("*.harbor.example",)),
    ]
    assert not served_file.take(str(target), sources, NAME, any_key)
    assert [path.name for path in target.parent.iterdir()] == ["mx1.pem"]


def test_text_between_keys_and_certificates_is_left_out(tmp_path: Path) -> None:
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    (source,) = files(tmp_path, f"words\n{parameters}{key(EC)}\nmore words\n{certificate(EC)}")

    assert pem.joined([source]) == key(EC) + certificate_of(source)


def certificate_of(path: str) -> str:
    return "-----BEGIN CERT" + Path(path).read_text().split("-----BEGIN CERT")[1]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ([key(EC), certificate(OTHER)], "the key does not match its certificate"),
        ([key(EC), certificate(RSA)], "the key does not match its certificate"),
        ([key(EC), certificate(EC, days=-1)], "expired on 20"),
        ([key(EC), certificate(EC, since=1)], "on, and this host has 20"),
        ([key(EC), certificate(EC, "mx2.harbor.example")], "is for mx2.harbor.example"),
        ([key(EC), certificate(EC, "*.example")], "is for *.example"),
        ([certificate(EC), key(EC)], "must begin with a private key"),
        ([key(EC)], "each followed by its certificate"),
        ([key(EC, BestAvailableEncryption(b"x")), certificate(EC)], "unencrypted"),
        (["", ""], "must begin with a private key"),
        (
            [key(EC), certificate(EC), key(RSA), certificate(OTHER)],
            "does not match its certificate",
        ),
    ],
    ids=[
        "another key",
        "a key of another kind",
        "expired",
        "not valid yet",
        "another name",
        "a wildcard of another level",
        "the wrong order",
        "no certificate",
        "an encrypted key",
        "empty files",
        "the second pair",
    ],
)
def test_invalid_files_are_refused_and_the_current_certificate_stays_in_use(
    tmp_path: Path, texts: list[str], sentence: str
) -> None:
    target = tmp_path / "mx1.pem"
    target.write_text("what was served")
    sources = files(tmp_path, *texts)

    for refuse in (
        lambda: served_file.take(str(target), sources, NAME, any_key),
        lambda: served_file.require_valid(sources, NAME),
    ):
        with pytest.raises(pem.Unfit) as refused:
            refuse()
        assert sentence in str(refused.value)
        assert sources[0] in str(refused.value)

    assert target.read_text() == "what was served"
    assert not list(tmp_path.glob("*.new"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(pem.Unfit, match=r"/nowhere\.pem cannot be read \(No such file"):
        pem.joined([str(tmp_path / "nowhere.pem")])


def test_a_self_signed_certificate_is_recognised(tmp_path: Path) -> None:
    (path,) = files(tmp_path, key(EC) + certificate(EC, issuer="subject"))

    assert [leaf.self_signed for leaf in chain.leaves(Path(path).read_text())] == [True]
