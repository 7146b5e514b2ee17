"""Values that every check shares: findings, inspections, targets, the report, the world."""
