"""
Test lines of spam filters: GTUBE, which every filter refuses, and one like it for the folder Junk.

rspamd knows both. It heeds the second one only where it heeds a third as well, with which mail
passes unjudged; so a rule of ours heeds it, in a Subject.
"""

_LINE = "JS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
REFUSED, MARKED = f"X{_LINE}", f"Y{_LINE}"
