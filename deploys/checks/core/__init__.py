"""Values that every check shares: findings, the report, waivers, progress, the world."""
