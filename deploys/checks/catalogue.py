"""Every question that is asked, by its id."""

from deploys.checks import (
    authentication,
    certificates,
    delivery,
    keys,
    names,
    proof,
    signatures,
    smtp,
    submission,
    tlsa,
)
from deploys.checks.finding import Question

_ASKED = (
    proof.HOST,
    names.MX,
    names.ADDRESS,
    names.SPF,
    names.DMARC,
    keys.DKIM,
    smtp.CONNECT,
    smtp.STARTTLS,
    certificates.TLS,
    tlsa.TLSA,
    smtp.POSTMASTER,
    smtp.UNKNOWN_RECIPIENT,
    smtp.RELAY,
    submission.SUBMISSION,
    delivery.ARRIVED,
    delivery.SECONDS,
    authentication.SPF,
    signatures.DKIM,
    authentication.DMARC,
    submission.PRIVACY,
)

QUESTIONS: dict[str, Question] = {question.id: question for question in _ASKED}
