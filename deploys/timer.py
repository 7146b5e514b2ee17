"""The proof again and again: a timer on this machine, the controller, that runs the checks."""

from deploys.api.timer import timer

timer()
