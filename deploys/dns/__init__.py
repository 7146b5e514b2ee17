"""DNS questions: to authoritative servers, to resolvers, and to the parent of a zone."""
