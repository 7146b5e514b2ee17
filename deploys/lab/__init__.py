"""The lab: containers on this machine, as hosts of a small Internet."""
