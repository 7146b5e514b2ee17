"""Check of a list of recipients before mail is sent to them; no mail server is contacted."""
