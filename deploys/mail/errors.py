"""What an operator can get wrong, as sentences."""


class MailError(Exception):
    """A mistake that the operator can mend; its text is the one sentence to read."""


class UnansweredError(Exception):
    """A question without an answer: nobody answered, or there was no way to ask; says why."""


class RefusedError(UnansweredError):
    """A server is there, and hung up or has no valid certificate; the network is not the cause."""
