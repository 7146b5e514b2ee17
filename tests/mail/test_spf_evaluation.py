"""SPF results as receivers find them: scenarios of a DNS, and a table of senders for each."""

from collections.abc import Mapping

import pytest
import spf as pyspf
from hypothesis import given, settings
from hypothesis import strategies as st

from deploys.mail.names import LONGEST
from deploys.mail.spf_evaluation import PermError, Sender, SpfLookup, SpfReceiver, TempError

Zone = Mapping[str, Mapping[str, tuple[str, ...]]]
FOUR, SIX = "192.0.2.25", "2001:db8::25"
DOMAIN = "b.example"


def dns(zone: Zone) -> SpfLookup:
    """Return a DNS of these names; one below `down.example` has no answer."""

    def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
        if name.endswith("down.example"):
            return None
        return zone.get(name, {}).get(record_type, ())

    return lookup


def result(
    zone: Zone, address: str, sender: str = f"anna@{DOMAIN}", helo: str = "mx.b.example"
) -> str:
    """Return the result for a sender."""
    local, _, domain = sender.rpartition("@")
    receiver = SpfReceiver(Sender.of(address, domain, helo, local), dns(zone))
    try:
        return receiver.of_domain(domain).result
    except PermError:
        return "permerror"
    except TempError:
        return "temperror"


ZONE: Zone = {
    "four.example": {"A": (FOUR,)},
    "six.example": {"AAAA": (SIX,)},
    "both.example": {"A": (FOUR,), "AAAA": (SIX,), "MX": ("10 both.example.",)},
    "near.example": {
        "A": ("192.0.2.200",),
        "AAAA": ("2001:db8::ffff",),
        "MX": ("10 near.example.",),
    },
    "nomail.example": {"MX": ("0 .",)},
    "many.example": {"MX": tuple(f"{n} four.example." for n in range(10))},
    "toomany.example": {"MX": tuple(f"{n} four.example." for n in range(11))},
    "emptymx.example": {"MX": ("1 x.example.", "2 y.example.", "3 z.example.", "4 both.example.")},
    "pass.example": {"TXT": ("v=spf1 +all",)},
    "fail.example": {"TXT": ("note", "v=spf1 -all")},
    "soft.example": {"TXT": ("v=spf1 ~all",)},
    "neutral.example": {"TXT": ("v=spf1 ?all",)},
    "text.example": {"TXT": ("no policy",)},
    "two.example": {"TXT": ("v=spf1 -all", "V=SPF1 +all")},
    "broken.example": {"TXT": ("v=spf1 +all moo",)},
    "self.example": {"TXT": ("v=spf1 a:%{d} -all",), "A": (FOUR,), "AAAA": (SIX,)},
    "onward.example": {"TXT": ("v=spf1 redirect=self.example",)},
    "loop.example": {"TXT": ("v=spf1 include:loop.example -all",)},
    "anna._at.b.example": {"A": ("127.0.0.2",)},
    "25.2.0.192.in-addr.example": {"A": ("127.0.0.2",)},
    "25.2.0.192.in-addr.arpa": {"PTR": ("host.b.example.", "alien.example.")},
    "host.b.example": {"A": (FOUR,)},
    "alien.example": {"A": ("198.51.100.1",)},
}


@pytest.mark.parametrize(
    ("terms", "four", "six"),
    [
        ("", "neutral", "neutral"),
        ("all", "pass", "pass"),
        ("-all", "fail", "fail"),
        ("~ALL", "softfail", "softfail"),
        ("?all", "neutral", "neutral"),
        ("mx -all +all", "fail", "fail"),
        # Addresses, by the family of the sender
        ("ip4:192.0.2.25 -all", "pass", "fail"),
        ("ip4:192.0.2.0/24 -all", "pass", "fail"),
        ("ip4:192.0.2.24/32 -all", "fail", "fail"),
        ("ip4:0.0.0.0/0 -all", "pass", "fail"),
        ("ip6:2001:db8::/64 -all", "fail", "pass"),
        ("ip6:::/0 -all", "fail", "pass"),
        ("ip6:::ffff:192.0.2.25 -all", "fail", "fail"),
        ("a:four.example -all", "pass", "fail"),
        ("a:six.example -all", "fail", "pass"),
        ("a:BOTH.example. -all", "pass", "pass"),
        ("a:near.example -all", "fail", "fail"),
        ("a:near.example/24 -all", "pass", "fail"),
        ("a:near.example//64 -all", "fail", "pass"),
        ("a:near.example/24//64 -all", "pass", "pass"),
        ("a:near.example/0//0 -all", "pass", "pass"),
        ("-a:both.example +all", "fail", "fail"),
        ("mx:both.example -all", "pass", "pass"),
        ("mx:near.example/24//64 -all", "pass", "pass"),
        ("mx:near.example -all", "fail", "fail"),
        ("mx:four.example -all", "fail", "fail"),  # an address alone is no MX
        ("mx:nomail.example -all", "fail", "fail"),
        ("mx:many.example -all", "pass", "permerror"),  # void lookups of AAAA
        ("mx:toomany.example -all", "permerror", "permerror"),
        ("ip4:192.0.2.25 mx:toomany.example -all", "pass", "permerror"),
        ("mx:emptymx.example -all", "permerror", "permerror"),
        # Other policies
        ("include:pass.example -all", "pass", "pass"),
        ("?include:pass.example -all", "neutral", "neutral"),
        ("include:fail.example ~all", "softfail", "softfail"),
        ("include:soft.example -all", "fail", "fail"),
        ("include:neutral.example -all", "fail", "fail"),
        ("include:text.example +all", "permerror", "permerror"),
        ("include:erehwon.example +all", "permerror", "permerror"),
        ("include:two.example +all", "permerror", "permerror"),
        ("include:broken.example +all", "permerror", "permerror"),
        ("include:loop.example +all", "permerror", "permerror"),
        ("include:self.example -all", "pass", "pass"),  # %{d} is the domain of the include
        ("include:onward.example -all", "pass", "pass"),
        ("ip4:192.0.2.25 include:erehwon.example -all", "pass", "permerror"),
        ("ip4:192.0.2.25 redirect=erehwon.example", "pass", "permerror"),
        ("redirect=fail.example", "fail", "fail"),
        ("redirect=soft.example ip4:192.0.2.25", "pass", "softfail"),
        ("redirect=text.example", "permerror", "permerror"),
        ("redirect=erehwon.example -all", "fail", "fail"),
        ("redirect=onward.example", "pass", "pass"),
        ("include=fail.example +all", "pass", "pass"),
        ("exp=erehwon.example -all", "fail", "fail"),
        ("exp=x.down.example -all", "fail", "fail"),
        # Errors come before any result
        ("+all moo", "permerror", "permerror"),
        ("ip4:192.0.2.25 foo=%abc", "permerror", "permerror"),
        ("a:x.down.example +all", "temperror", "temperror"),
        ("ip4:192.0.2.25 a:x.down.example +all", "pass", "temperror"),
        ("include:x.down.example +all", "temperror", "temperror"),
        # Names and macros
        ("exists:anna._at.b.example -all", "pass", "pass"),  # A also for an IPv6 sender
        ("exists:six.example -all", "fail", "fail"),
        ("exists:%{l}._at.%{o} -all", "pass", "pass"),
        ("exists:%{L}._at.%{d2} -all", "pass", "pass"),
        ("exists:%{l1r-}._at.%{d9} -all", "pass", "pass"),
        ("exists:%{ir}.%{v}.example -all", "pass", "fail"),
        ("exists:%{h}.x -all", "fail", "fail"),
        ("a:%{p} -all", "pass", "fail"),
        ("ptr -all", "pass", "fail"),
        ("ptr:b.example -all", "pass", "fail"),
        ("ptr:B.EXAMPLE -all", "pass", "fail"),
        ("ptr:st.b.example -all", "fail", "fail"),  # a whole label
        ("ptr:alien.example -all", "fail", "fail"),  # does not lead back
        (f"a:{'x' * 64}.example -all", "fail", "fail"),
        (f"a:{'x.' * 150}four.example -all", "fail", "fail"),
        ("a:b..example -all", "fail", "fail"),
        (r"a:four\.example -all", "fail", "fail"),
        # Limits
        (" ".join(["a:near.example"] * 10) + " -all", "fail", "fail"),
        (" ".join(["a:near.example"] * 11) + " -all", "permerror", "permerror"),
        (" ".join(["a:near.example"] * 10) + " redirect=pass.example", "permerror", "permerror"),
        (" ".join(["a:near.example"] * 9) + " redirect=pass.example", "pass", "pass"),
        (" ".join(["ip4:192.0.2.1"] * 40) + " -all", "fail", "fail"),
        ("a:x.example a:y.example -all", "fail", "fail"),
        ("a:x.example a:y.example a:z.example -all", "permerror", "permerror"),
        ("a:four.example a:six.example a:x.example +all", "pass", "pass"),
        ("a:x.example a:y.example a:six.example +all", "permerror", "pass"),
    ],
)
def test_a_policy_has_a_result_for_a_sender_of_each_family(terms: str, four: str, six: str) -> None:
    zone = {**ZONE, DOMAIN: {"TXT": ("site=1", f"v=spf1 {terms}")}}

    assert (result(zone, FOUR), result(zone, SIX)) == (four, six)
    assert result(zone, f"::ffff:{FOUR}") == four


@pytest.mark.parametrize(
    ("sender", "found"),
    [
        ("anna@fail.example", "fail"),
        ("fail.example", "fail"),
        ("anna@two.example", "permerror"),
        ("anna@text.example", "none"),
        ("anna@erehwon.example", "none"),
        ("anna@example", "none"),  # section 4.3: not multi-label
        ("anna@[192.0.2.25]", "none"),
        (f"anna@{'x' * 64}.example", "none"),
        ("anna@fail..example", "none"),
        ("anna@m\u00fc.example", "none"),
        ("anna@x.down.example", "temperror"),
    ],
)
def test_a_domain_without_a_policy_has_no_result(sender: str, found: str) -> None:
    assert result(ZONE, FOUR, sender) == found


def test_a_long_name_loses_labels_from_the_left() -> None:
    labels = [f"l{number}{'x' * 50}" for number in range(6)]
    kept = f"{'.'.join(labels[2:])}.{DOMAIN}"
    zone = {DOMAIN: {"TXT": ("v=spf1 exists:%{l}.%{d} -all",)}, kept: {"A": (FOUR,)}}

    assert len(kept) <= LONGEST < len(f"{labels[1]}.{kept}")
    assert result(zone, FOUR, f"{'.'.join(labels)}@{DOMAIN}") == "pass"


MECHANISMS = (
    "a mx ptr a/24 mx//64 -all ~all all ?mx A:Four.Example a:x.example a:four.example "
    "a:six.example a:near.example/24//64 mx:near.example//64 mx:emptymx.example mx:both.example "
    "mx:toomany.example ptr:b.example exists:%{l}._at.%{o} exists:%{ir}.%{v}.example "
    "exists:%{l1r-}._at.%{d2} ip4:192.0.2.0/24 ip4:198.51.100.1 ip6:2001:db8::/32 ip6:::1 "
    "-ip4:0.0.0.0/0 include:onward.example include:fail.example -include:soft.example "
    "?include:pass.example include:erehwon.example include:two.example include:broken.example"
)
# No unknown modifier: pyspf refuses its repetition, which RFC 7208 section 6 allows.
MODIFIERS = "redirect=fail.example redirect=onward.example redirect=erehwon.example exp=why.example"
BROKEN = "ip4:1.2.3 ip6:1.2.3.4 a:b moo foo=% include: a//129 all/1"
TERMS = st.sampled_from([*MECHANISMS.split(), *MODIFIERS.split(), *BROKEN.split()])


class _Pyspf(pyspf.query):  # type: ignore[misc] # pyspf has no types
    """The evaluation of pyspf, in the same DNS."""

    def __init__(self, zone: Zone, address: str) -> None:
        super().__init__(i=address, s=f"anna@{DOMAIN}", h="mx.b.example")
        self.lookup = dns(zone)

    def dns(
        self, name: str, qtype: str, cnames: object = None, *, ignore_void: bool = False
    ) -> list[object]:
        del cnames
        found = self.lookup(name.lower().rstrip("."), qtype) or ()
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > pyspf.MAX_VOID_LOOKUPS:
                raise pyspf.PermError("void")
        if qtype == "MX":
            return [(int(one.split()[0]), one.split()[1].rstrip(".")) for one in found]
        return [(one.encode(),) if qtype == "TXT" else one.rstrip(".") for one in found]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(terms=st.lists(TERMS, max_size=6), address=st.sampled_from([FOUR, SIX, "198.51.100.1"]))
def test_results_are_those_of_another_implementation(terms: list[str], address: str) -> None:
    zone = {**ZONE, DOMAIN: {"TXT": (f"v=spf1 {' '.join(terms)}",), "A": (FOUR,)}}
    theirs, _, _ = _Pyspf(zone, address).check()

    assert result(zone, address) == theirs
