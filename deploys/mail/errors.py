"""Mistakes of the operator, each as one sentence."""


class MailError(Exception):
    """A mistake that the operator can fix; the text says where, what is wrong and what to write."""


class UnansweredError(Exception):
    """A question without an answer: nobody answered, or there was no way to ask; says why."""


class RefusedError(UnansweredError):
    """A server is there, and hung up or has no valid certificate; the network is not the cause."""
