"""The whole way: settings, prepare, publish, activate, announce, verify."""

from deploys.api.site import site

site()
