"""What an operator can get wrong, as sentences."""


class MailError(Exception):
    """A mistake that the operator can mend; its text is the one sentence to read."""
