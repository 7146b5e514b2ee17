"""Duplicates in a list: the first line of each address, in a table of fixed size."""

from array import array

_OCTETS = (1 << 64) - 1


class FirstLines:
    """
    The first line of each text, for at most so many texts.

    A digest of 64 bits stands for a text: of a million texts, two have the same with a probability
    of one in thirty million. A million texts take 24 MiB.
    """

    def __init__(self, most: int) -> None:
        size = 1 << (2 * most + 1).bit_length()  # at most half of the slots are taken
        self._mask = size - 1
        self._digests = array("Q", bytes(8 * size))
        self._lines = array("I", bytes(4 * size))

    def of(self, text: str, line: int) -> int:
        """Return the first line that had this text; 0 if it is this line."""
        digest = hash(text) & _OCTETS
        slot = digest & self._mask
        while self._lines[slot]:
            if self._digests[slot] == digest:
                return self._lines[slot]
            slot = (slot + 1) & self._mask
        self._digests[slot], self._lines[slot] = digest, line
        return 0
