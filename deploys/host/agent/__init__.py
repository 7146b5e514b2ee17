"""
The agent: a program that runs on a host for one request, and leaves nothing behind.

The controller sends these modules and a request on standard input; one line of JSON comes back. An
incomplete request is never started. A started one runs to its end, even without its connection.
Only the standard library is imported, but for keys and certificates (python3-cryptography). Where
certificates are renewed on the host, four modules of `tls` stay there for that.
"""
