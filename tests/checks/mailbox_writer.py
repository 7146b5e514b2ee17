"""
Delivery into a mailbox, in a process of its own, with the locks of a mail server.

`python -m tests.checks.mailbox_writer KIND MAILBOX NAME COUNT TEST` appends COUNT messages, and the
test message in the file TEST after every third one. KIND is the order of the locks.
"""

import fcntl
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXCLUSIVE = os.O_CREAT | os.O_EXCL | os.O_WRONLY


def message(name: str, number: int) -> bytes:
    """Return a message as it is in a mailbox."""
    text = f"{name} {number}\nFrom here on it is long.\n" + f"{number}\n" * (number % 50 * 40)
    return f"From {name} Mon Oct  5 09:30:00 2026\nSubject: {name}-{number}\n\n{text}\n".encode()


@contextmanager
def locked_as_postfix(box: Path) -> Iterator[int]:
    """Open, then wait for both locks; the file has to be in its place still."""
    with opened(box) as file:
        while not dot_lock(box):
            time.sleep(0.001)
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert os.fstat(file).st_nlink == 1
        yield file
        dot_unlock(box)


@contextmanager
def locked_as_exim(box: Path) -> Iterator[int]:
    """Open when the lock file is there, then wait for the other lock."""
    while not dot_lock(box):
        time.sleep(0.001)
    with opened(box) as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield file
    dot_unlock(box)


@contextmanager
def locked_by_policy(box: Path) -> Iterator[int]:
    """Open and lock, and try the lock file after that; the file is not looked at again."""
    with opened(box) as file:
        while True:
            fcntl.lockf(file, fcntl.LOCK_EX)
            if dot_lock(box):
                break
            fcntl.lockf(file, fcntl.LOCK_UN)
            time.sleep(0.001)
        yield file
        dot_unlock(box)


KINDS = {"postfix": locked_as_postfix, "exim": locked_as_exim, "policy": locked_by_policy}


@contextmanager
def opened(box: Path) -> Iterator[int]:
    file = os.open(box, os.O_RDWR | os.O_CREAT, 0o600)
    yield file
    os.close(file)


def dot_lock(box: Path) -> bool:
    try:
        os.close(os.open(f"{box}.lock", EXCLUSIVE))
    except FileExistsError:
        return False
    return True


def dot_unlock(box: Path) -> None:
    Path(f"{box}.lock").unlink()


def main(kind: str, box: str, name: str, count: str, test: str) -> None:
    """Deliver one after the other, slowly enough that others get their turn."""
    test_message = Path(test).read_bytes()
    for number in range(int(count)):
        for text in (message(name, number), *([test_message] if number % 3 == 0 else ())):
            with KINDS[kind](Path(box)) as file:
                os.lseek(file, 0, os.SEEK_END)
                half = len(text) // 2
                os.write(file, text[:half])
                os.write(file, text[half:])
            time.sleep(random.uniform(0, 0.01))  # noqa: S311


if __name__ == "__main__":
    main(*sys.argv[1:])
