"""The lab: a small Internet of its own, made of containers on this machine."""
