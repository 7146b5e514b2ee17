"""Failures that an operator can cause or remove, each as one sentence."""


class MailError(Exception):
    """A mistake that the operator can fix; the text says where, what is wrong and what to write."""


class UnansweredError(MailError):
    """A question without an answer; the text says why no server answered or could be asked."""


class RefusedError(UnansweredError):
    """A server was reached, and closed the connection or has no valid certificate."""
