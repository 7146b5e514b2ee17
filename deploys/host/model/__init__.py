"""A host's plan: existing state, desired state, and the changes between them."""
