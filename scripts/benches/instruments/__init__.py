"""What the benches measure with: the bench lab, messages, name servers, reports."""
