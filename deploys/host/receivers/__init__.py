"""
Receiver groups of bulk mail: a program that names the transport of each recipient to Postfix.

Postfix asks over a UNIX socket (socketmap_table(5)). The table `receivers` answers with the
transport of the recipient's group; `paced`, which only the queue manager asks, lets few messages
pass to a group that is slowed. The folder goes to the host with `programs`: it needs Python 3.11
and dnspython, and imports nothing else of this project.
"""
