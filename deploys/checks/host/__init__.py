"""State of a mail host: services, queue, disk, clock, keys, files and updates."""
