"""
What runs on the host: Python's standard library only, sent along with every command.

Nothing of it stays there, but for `pem` where renewed certificates are taken over without a run.
The controller sends these modules and one request on standard input; one line of JSON comes back.
A request that did not arrive whole is never begun, and one that was begun goes on to its end even
when the connection is lost.
"""
