"""Send a campaign from a host of the lab: pyinfra @local inventories/lab/campaign.py"""

from deploys.lab.campaign import campaign

campaign()
