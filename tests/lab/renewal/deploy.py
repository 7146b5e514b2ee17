"""The renewal of deploys/certificates.py, for which every certificate is due."""

from deploys.api.certificates import certificates
from deploys.host.model import plan

plan.RENEWAL_DAYS = 100_000

certificates()
