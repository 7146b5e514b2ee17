"""
A consequence: an effect on mail that follows from the effective settings, without a host.

Its words say what the host would do. The operator accepts it by writing the words in `mail_accept`.
"""

from dataclasses import dataclass
from enum import Enum

from ..model import HostSettings

MAIN, MASTER = "mail_postfix_main", "mail_postfix_master"


class Choice(Enum):
    """Answers to the question whether a consequence can be meant."""

    FREE = "no acceptance is needed"
    OPEN = "the operator accepts it"
    NEVER = "no operator can want it"


@dataclass(frozen=True)
class Consequence:
    """
    An effect of one setting.

    `words` continue the sentence "the host would ...", `why` is a part of it that is not accepted
    by its words, and `fix` is in the imperative.
    """

    key: str
    words: str
    fix: str
    why: str = ""
    choice: Choice = Choice.OPEN

    def __str__(self) -> str:
        """Return one sentence: the key, the effect, and what to write."""
        told = f"{self.key}: the host would {self.words}{self.why and f', {self.why}'}; {self.fix}"
        return f"{told}{accepted_by(self.words)}" if self.choice is Choice.OPEN else told


def accepted_by(words: str) -> str:
    """Return the end of a sentence that tells how to accept a consequence."""
    return f', or write mail_accept = ["{words}"]'


def main_key(host: HostSettings, parameter: str, setting: str = "") -> str:
    """Return the key that decides a parameter of main.cf: the operator's own, or a setting."""
    own = parameter in host.postfix_main or not setting
    return f"{MAIN}.{parameter}" if own else setting


def value(host: HostSettings, parameter: str) -> str:
    """Return the effective value of a parameter, with the parameters that it names."""
    return host.postfix_expanded(host.postfix_value(parameter))
