"""
Checks of a mail system from outside, after a deploy or on any day.

A check does not rely on what the deploy knows. It asks name servers, port 25 and mailboxes, and
yields findings: what was seen, and the fix. It changes nothing, apart from the test messages that
it sends and removes. A check without an answer is unknown, with the reason; it never passes.
"""
