"""
Parts of the programs that stay on a host: each goes there with the programs that import it.

Only the standard library is imported.
"""
