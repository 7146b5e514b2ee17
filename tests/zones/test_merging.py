"""How our values join those that a name already holds."""

import pytest

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones.merging import Merged, merged

NAME = "harbor.example"
A = MailRecord("mx1.harbor.example", "A", ("203.0.113.11", "203.0.113.12"), 3600, "")
MX = MailRecord(NAME, "MX", ("10 mx1.harbor.example.", "10 mx2.harbor.example."), 3600, "")
SPF = MailRecord(NAME, "TXT", ("v=spf1 mx ~all",), 3600, "")
DMARC = MailRecord(f"_dmarc.{NAME}", "TXT", ("v=DMARC1; p=none",), 3600, "")
KEY = MailRecord(f"mx1-rsa._domainkey.{NAME}", "TXT", ("v=DKIM1; k=rsa; p=TmV3",), 3600, "")
DIGESTS = (f"3 1 1 {'0a' * 32}", f"3 1 1 {'0b' * 32}")
TLSA = MailRecord("_25._tcp.mx1.harbor.example", "TLSA", DIGESTS, 300, "")
OTHER = MailRecord(NAME, "TXT", ("kept=1",), 3600, "")


@pytest.mark.parametrize(
    ("record", "existing", "ours", "kept"),
    [
        (A, (), A.values, ()),
        (A, ("203.0.113.12",), A.values, ()),
        (MX, (), MX.values, ()),
        (MX, ("5 mx.faraway.example.",), MX.values, ("5 mx.faraway.example.",)),
        (MX, ("20 MX1.Harbor.example.",), ("20 MX1.Harbor.example.", MX.values[1]), ()),
        (SPF, ("a=1", "b=2"), ("v=spf1 mx ~all",), ("a=1", "b=2")),
        (SPF, ("a=1", "v=spf1 a -all"), ("v=spf1 mx a -all",), ("a=1",)),
        (DMARC, (), DMARC.values, ()),
        (DMARC, ("v=DMARC1; p=reject",), (), ("v=DMARC1; p=reject",)),
        (DMARC, ("verify=1",), DMARC.values, ("verify=1",)),
        (KEY, ("v=DKIM1; p=T2xk", "note=1"), KEY.values, ("note=1",)),
        (TLSA, (f"3 1 1 {'ff' * 32}", "2 1 1 aa", DIGESTS[0]), DIGESTS, ("2 1 1 aa",)),
        (OTHER, ("a=1", "kept=1"), ("kept=1",), ("a=1",)),
    ],
)
def test_what_others_hold_stays(
    record: MailRecord, existing: tuple[str, ...], ours: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    assert merged(record, existing) == Merged(ours, kept)


@pytest.mark.parametrize(
    ("record", "existing", "words"),
    [
        (A, ("203.0.113.11", "203.0.113.80"), "mx1.harbor.example has the A 203.0.113.80, which"),
        (MX, ("0 .",), "harbor.example has a null MX"),
        (SPF, ("v=spf1 -all", "v=spf1 mx -all"), "harbor.example: 2 SPF policies"),
        (SPF, ("v=spf1 mox -all",), "harbor.example: the SPF policy 'v=spf1 mox -all' is broken"),
    ],
)
def test_what_only_the_owner_can_decide_is_refused(
    record: MailRecord, existing: tuple[str, ...], words: str
) -> None:
    with pytest.raises(MailError) as error:
        merged(record, existing)

    assert words in str(error.value)
