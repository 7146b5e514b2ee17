"""
Checks: questions to the world, asked after a deploy or on any day.

A check trusts nothing that the deploy believes. It asks name servers, port 25 and mailboxes, and
yields findings: what was asked, what was seen, how to mend it. It changes nothing but for the test
messages that it sends. A check that could not ask says "unknown" and why, never "passed".
"""
