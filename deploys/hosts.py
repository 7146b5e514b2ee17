"""The hosts alone, mail hosts and clients: configured, no zone touched, nothing sent."""

from deploys.api.hosts import hosts

hosts()
