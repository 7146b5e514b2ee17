"""Requests to a program of ours on a host: JSON on its standard input, and JSON as its answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyinfra.api.command import FunctionCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.state import State

from ...mail.settings.model import MailSettings
from ...run.command_line import refusal
from ...run.remote import RemoteError, connector_arguments, run
from .commands import fail


@dataclass(frozen=True)
class HostRequests:
    """Requests to a program by its command; the subject in sentences is like "the suppressions"."""

    command: str
    subject: str

    def asked(self, host: Host, settings: MailSettings, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Return the answer to a request; a run without it ends with one sentence."""
        try:
            return self.answer(host, settings, request)
        except RemoteError as error:
            raise refusal(f"{host.name}: {self.subject} cannot be read: {error}") from error

    def changed(self, settings: MailSettings, request: Mapping[str, Any]) -> FunctionCommand:
        """Return the command of an operation that sends a request."""
        return FunctionCommand(self._send, (settings, request), {})

    def answer(self, host: Host, settings: MailSettings, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Return the answer to a request; raise RemoteError."""
        arguments = connector_arguments(host.current_op_global_arguments)
        command = StringCommand(self.command)
        return json.loads(
            run(host, command, [json.dumps(request)], settings.timeout, arguments)[-1]
        )

    def _send(
        self, state: State, host: Host, settings: MailSettings, request: Mapping[str, Any]
    ) -> bool:
        try:
            self.answer(host, settings, request)
        except RemoteError as error:
            return fail(state, host, f"{self.subject} cannot be changed: {error}; run again")
        return True
