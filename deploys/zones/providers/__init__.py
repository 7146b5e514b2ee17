"""DNS providers: their octoDNS classes, options, limits and zones."""
