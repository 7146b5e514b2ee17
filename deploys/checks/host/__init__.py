"""What a host says of itself: its services, its queue, its disk, its clock, its keys."""
