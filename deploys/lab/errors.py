"""What can go wrong with a lab, as sentences."""

from pyinfra.api.exceptions import PyinfraError

from ..mail.errors import MailError


class LabError(MailError, PyinfraError):
    """A lab that cannot be; pyinfra prints its text as one line, wherever it is raised."""
