"""Any octets in a record: each parser returns a value or raises its one sentence."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploys.mail import bimi, dkim, dmarc, mta_sts, tls_rpt
from deploys.mail.errors import MailError

# Octets of policies, so that a random text is nearly one.
PIECES = (
    *("v=DMARC1", "v=TLSRPTv1", "v=STSv1", "v=BIMI1", "v=DKIM1", "k=rsa", "k=ed25519", "p=TmV3"),
    *("p=none", "P = reject", "sp=", "t=y", "psd=n", "rua=", "ruf=mailto:", "a@b.example", "!10m"),
    *("id=1", "l=https://b.example/l.svg", "version: STSv1", "mode: none", "mx: ", "max_age: 1"),
    *(";", ";;", ",", "=", ":", " ", "\t", "\n", "\r\n", "%", "%41", "\x00", "\x1c", "\x85"),
    *("\u00fc", "\u2028", "\ufeff", "https://[", "mailto:%22"),
)
OCTETS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.tuples(st.sampled_from(PIECES), st.binary(max_size=60)).map(
        lambda pair: pair[0] + pair[1].decode(errors="replace")
    ),
)
PARSERS: dict[str, Callable[[str], object]] = {
    "dmarc": lambda text: str(dmarc.Dmarc.parse(text)),
    "tls_rpt": lambda text: str(tls_rpt.TlsRpt.parse(text)),
    "mta_sts": lambda text: str(mta_sts.Policy.parse(text)),
    "announcement": mta_sts.announced_id,
    "bimi": lambda text: str(bimi.Bimi.parse(text)),
    "dkim": lambda text: str(dkim.DkimKey.parse(text)),
    "receiver": dmarc.receiver,
}
TESTS = (
    *(dmarc.is_policy, tls_rpt.is_policy, mta_sts.is_announcement, mta_sts.is_ours),
    *(bimi.is_assertion, dkim.is_key, dkim.is_revoked),
)


@pytest.mark.parametrize("parser", PARSERS)
def test_no_octets_make_a_parser_fail(parser: str) -> None:
    @settings(max_examples=300, deadline=None)
    @given(OCTETS)
    def read(text: str) -> None:
        for tell in TESTS:
            assert tell(text) in (True, False)
        with suppress(MailError):
            PARSERS[parser](text)

    read()


@pytest.mark.parametrize(
    "text",
    ["k=rsa;p\x1c=", "p\u00a0=TmV3", "p=\u00fc", "v=DKIM1; p=TmV3; p=TmV3", "v=DKIM1; =; p=TmV3"],
)
def test_a_dkim_key_with_odd_octets_is_refused(text: str) -> None:
    with pytest.raises(MailError):
        dkim.DkimKey.parse(text)
