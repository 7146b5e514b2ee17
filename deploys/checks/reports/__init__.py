"""Reports of other mail servers, as the hosts of the fleet have read them."""
