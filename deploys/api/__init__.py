"""Deploys that operators call, one in each module, so that a run imports only what it needs."""
