"""Instruments of the benches: the bench lab, senders, name servers, reports."""
