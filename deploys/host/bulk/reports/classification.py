"""
Classes of failed deliveries: hard, soft and policy, by enhanced status code (RFC 3463) and text.

A hard bounce is about the recipient, who does not exist or takes no mail at all. A soft bounce may
be over tomorrow. A policy bounce is about the sender or the content, and says nothing about the
recipient. Many servers give a code that is too general, so a text that is clear comes first.
"""

import re
from typing import Literal

BounceClass = Literal["hard", "soft", "policy"]

_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
# A 5.1.1 is never about the sender, whatever the text quotes.
_CERTAIN = {"5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
_HARD_CODES = _CERTAIN | {"5.1.2", "5.4.4"}
_SOFT_CODES = {"5.2.2", "5.4.7"}
_POLICY_CODES = {"5.1.7", "5.1.8", "5.2.3", "5.3.4"}
_POLICY_SUBJECTS = {"6", "7"}  # RFC 3463 section 3: content, and security or policy
_POLICY = re.compile(
    r"spam|black ?list|block ?list|blocked|denylist|dnsbl|\brbl\b|reputation|\bspf\b|\bdkim\b"
    r"|\bdmarc\b|unauthenticated|authentication[- ]results|not authenticated|rate limit"
    r"|too many (messages|connections)|poor sender|virus|malware|phish|unsolicited"
    r"|reverse dns|\bptr\b|content (rejected|not accepted)|policy reasons"
    r"|message (is )?too (big|large)|size limit|line too long",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"quota|(mailbox|inbox|account|storage)[\w' ]{0,20} (is )?(full|exceeded)|mailfolder is full"
    r"|insufficient (system )?storage|out of (space|storage)|try again|temporar|greylist",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"(user|recipient|mailbox|account|address|addressee|alias|person)[\w<>@.:'\"+=() -]{0,80}?"
    r"(unknown|not (be )?found|(does ?n[o']t|do not|not) exist|invalid|unavailable|disabled"
    r"|inactive|suspended|deactivated|not known|not listed|not recogni[sz]ed|no longer)"
    r"|(unknown|invalid|no such|bad destination|nonexistent|non-existent)[\w' -]{0,20}"
    r"(user|recipient|mailbox|account|address|person)"
    r"|doesn't have an? [\w.-]+ account|no mailbox (here )?by that name|not our customer"
    r"|recipient(ratings|notfound)|recipient address rejected: access denied"
    r"|host or domain name not found|domain not found|does not accept mail|null mx"
    r"|no longer (available|works|in use)",
    re.IGNORECASE,
)


def bounce_class(status: str, text: str) -> BounceClass:
    """Return the class of a failure from its status code, "" if it has none, and its text."""
    code = best_code(status, text)
    digit = code[:1] or _reply_class(text)
    if digit == "4":
        return "soft"
    if code in _CERTAIN:
        return "hard"
    if _POLICY.search(text):
        return "policy"
    if _FULL.search(text):
        return "soft"
    if _UNKNOWN.search(text):
        return "hard"
    return _by_code(code)


def best_code(status: str, text: str) -> str:
    """Return the most exact enhanced status code, "" if there is none."""
    found = [match[0] for match in (_CODE.search(status), _CODE.search(text)) if match]
    exact = [code for code in found if not code.endswith(".0.0")]
    return (exact or found or [""])[0]


def _by_code(code: str) -> BounceClass:
    if code in _HARD_CODES:
        return "hard"
    if code in _SOFT_CODES:
        return "soft"
    subject = code.split(".")[1] if code else ""
    return "policy" if code in _POLICY_CODES or subject in _POLICY_SUBJECTS else "soft"


def _reply_class(text: str) -> str:
    reply = _REPLY.search(text)
    return reply[1] if reply else ""
