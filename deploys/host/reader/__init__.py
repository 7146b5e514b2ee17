"""
Reader of reports: the program that stays on a host and reads what arrives at its report addresses.

It imports the standard library, Debian's packages and the parser that is carried along with it.
"""
