"""Raise the lab, or remove it.

pyinfra @local deploys/lab.py
pyinfra @local deploys/lab.py --data lab=absent --data lab_images=absent
"""

from deploys.lab.deploy import lab

lab()
