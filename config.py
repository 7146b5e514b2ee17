"""pyinfra reads this file before it connects to any host, so mistakes are reported first."""

from deploys import check_first

check_first()
