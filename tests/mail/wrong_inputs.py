"""Wrong inputs, each with the sentence that it gets: one row for one mistake.

The keys replace those of a host without mistakes. A sentence says where, what is wrong, and what to
write instead.
"""

from typing import Any, NamedTuple

from deploys.mail.settings.secret import env
from deploys.mail.toolkit import VERSION

CRYPT = "$6$" + "a" * 8 + "$" + "b" * 86


class Row(NamedTuple):
    """Keys of a host, and the whole message."""

    keys: dict[str, Any]
    sentence: str


# Names of hosts and domains.
NAMES_OF_HOSTS_DOMAINS = (
    Row(
        {"mail_hostname": "mx1"},
        "mx1: mail_hostname: 'mx1' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_hostname": "203.0.113.5"},
        ("mx1: mail_hostname: '203.0.113.5' is an IP address; write a name like 'mx1.example.org'"),
    ),
    Row(
        {"mail_hostname": "2001:db8::1"},
        ("mx1: mail_hostname: '2001:db8::1' is an IP address; write a name like 'mx1.example.org'"),
    ),
    Row(
        {"mail_hostname": "[203.0.113.5]"},
        (
            "mx1: mail_hostname: '[203.0.113.5]' is an IP address; write a name like "
            "'mx1.example.org'"
        ),
    ),
    Row(
        {"mail_hostname": "mx1.123"},
        ("mx1: mail_hostname: 'mx1.123' ends with a number; write a name like 'mx1.example.org'"),
    ),
    Row(
        {"mail_hostname": "https://mx1.example.org"},
        (
            "mx1: mail_hostname: 'https://mx1.example.org' is not a domain name; write one "
            "like 'example.org'"
        ),
    ),
    Row(
        {"mail_hostname": "-a.example"},
        ("mx1: mail_hostname: '-a.example' is not a domain name; write one like 'example.org'"),
    ),
    Row(
        {"mail_hostname": ""},
        "mx1: mail_hostname: '' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_hostname": None},
        "mx1: mail_hostname: None is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_hostname": 5},
        "mx1: mail_hostname: 5 is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_hostname": ["mx1.example.org"]},
        (
            "mx1: mail_hostname: ['mx1.example.org'] is not a domain name; write one like "
            "'example.org'"
        ),
    ),
    Row(
        {"mail_hostname": "mx_1.example.org"},
        (
            "mx1: mail_hostname: 'mx_1.example.org' is not a domain name; write one like "
            "'example.org'"
        ),
    ),
    Row(
        {"mail_domains": "example.org"},
        "mx1: mail_domains: 'example.org' is a text; write a list: [\"example.org\"]",
    ),
    Row(
        {"mail_domains": "example.org, example.net"},
        (
            "mx1: mail_domains: 'example.org, example.net' is a text; write a list: "
            '["example.org", "example.net"]'
        ),
    ),
    Row(
        {"mail_domains": {"example.org"}},
        "mx1: mail_domains: {'example.org'} is not a list; write one in square brackets",
    ),
    Row(
        {"mail_domains": {"example.org": ""}},
        ("mx1: mail_domains: {'example.org': ''} is not a list; write one in square brackets"),
    ),
    Row(
        {"mail_domains": None},
        "mx1: mail_domains: None is not a list; write one in square brackets",
    ),
    Row(
        {"mail_domains": ["exa mple.org"]},
        ("mx1: mail_domains.0: 'exa mple.org' is not a domain name; write one like 'example.org'"),
    ),
    Row(
        {"mail_domains": ["203.0.113.5"]},
        (
            "mx1: mail_domains.0: '203.0.113.5' is an IP address; write a name like "
            "'mx1.example.org'"
        ),
    ),
    Row(
        {"mail_domains": ["anna@example.org"]},
        (
            "mx1: mail_domains.0: 'anna@example.org' is not a domain name; write one like "
            "'example.org'"
        ),
    ),
    Row(
        {"mail_domains": ["*.example.org"]},
        ("mx1: mail_domains.0: '*.example.org' is not a domain name; write one like 'example.org'"),
    ),
    Row(
        {"mail_domains": ["example..org"]},
        ("mx1: mail_domains.0: 'example..org' is not a domain name; write one like 'example.org'"),
    ),
    Row(
        {"mail_domains": ["a" * 64 + ".example"]},
        (
            "mx1: mail_domains.0: "
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example' is "
            "not a domain name; write one like 'example.org'"
        ),
    ),
    Row(
        {"mail_domains": ["harbor.example", "Harbor.Example."]},
        "mx1: mail_domains: harbor.example is in the list twice; remove one",
    ),
    Row(
        {"mail_domains": ["org"]},
        "mx1: mail_domains.0: 'org' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_silent_domains": ["x"]},
        ("mx1: mail_silent_domains.0: 'x' is not a domain name; write one like 'example.org'"),
    ),
    Row(
        {"mail_silent_domains": "old.example"},
        "mx1: mail_silent_domains: 'old.example' is a text; write a list: [\"old.example\"]",
    ),
    Row(
        {"mail_sending_domains": ["harbor.example"]},
        (
            "mx1: harbor.example is in mail_domains, so the host receives its mail, and in "
            "mail_sending_domains, so others receive it; remove it from one of them"
        ),
    ),
    Row(
        {"mail_sending_domains": ["b.example"], "mail_silent_domains": ["b.example"]},
        (
            "mx1: mail_silent_domains has b.example, which sends mail: it is in mail_domains or "
            "mail_sending_domains, or a mail_hostname; remove it from one of them"
        ),
    ),
    Row(
        {"mail_mx": 70000},
        "mx1: mail_mx.*: 70000 is too large; write at most 65535",
    ),
    Row(
        {"mail_mx": {"harbor.example": 10, "b.example": 20}},
        (
            "mx1: mail_mx.b.example has no effect: b.example is not in mail_domains; correct or "
            "remove it"
        ),
    ),
    Row(
        {"mail_silent_domains": ["harbor.example"]},
        (
            "mx1: mail_silent_domains has harbor.example, which sends mail: it is in "
            "mail_domains or mail_sending_domains, or a mail_hostname; remove it from one of them"
        ),
    ),
    Row(
        {"mail_silent_domains": ["mx1.harbor.example"]},
        (
            "mx1: mail_silent_domains has mx1.harbor.example, which sends mail: it is in "
            "mail_domains or mail_sending_domains, or a mail_hostname; remove it from one of them"
        ),
    ),
    Row(
        {"mail_tls_names": ["mail"]},
        "mx1: mail_tls_names.0: 'mail' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_tls_names": "mail.harbor.example"},
        (
            "mx1: mail_tls_names: 'mail.harbor.example' is a text; write a list: "
            '["mail.harbor.example"]'
        ),
    ),
)


# Addresses and networks.
ADDRESSES_NETWORKS = (
    Row(
        {"mail_addresses": "203.0.113.11"},
        "mx1: mail_addresses: '203.0.113.11' is a text; write a list: [\"203.0.113.11\"]",
    ),
    Row({"mail_addresses": []}, "mx1: mail_addresses: the list is empty; write at least one"),
    Row(
        {"mail_addresses": ["203.0.113.300"]},
        (
            "mx1: mail_addresses.0: '203.0.113.300' is not an address; write one like "
            "'203.0.113.25' or '2001:db8::25'"
        ),
    ),
    Row(
        {"mail_addresses": ["203.0.113.11/24"]},
        (
            "mx1: mail_addresses.0: '203.0.113.11/24' is not an address; write one like "
            "'203.0.113.25' or '2001:db8::25'"
        ),
    ),
    Row(
        {"mail_addresses": ["224.0.0.1"]},
        (
            "mx1: mail_addresses.0: '224.0.0.1' is a multicast address, which no server has; "
            "write the server's address"
        ),
    ),
    Row(
        {"mail_addresses": ["ff02::1"]},
        (
            "mx1: mail_addresses.0: 'ff02::1' is a multicast address, which no server has; "
            "write the server's address"
        ),
    ),
    Row(
        {"mail_addresses": ["0.0.0.0"]},
        (
            "mx1: mail_addresses.0: '0.0.0.0' is the unspecified address, which no server "
            "has; write the server's address"
        ),
    ),
    Row(
        {"mail_addresses": ["::"]},
        (
            "mx1: mail_addresses.0: '::' is the unspecified address, which no server has; "
            "write the server's address"
        ),
    ),
    Row(
        {"mail_addresses": ["0.1.2.3"]},
        (
            "mx1: mail_addresses.0: '0.1.2.3' is an address of the network 0.0.0.0/8, which "
            "no server has; write the server's address"
        ),
    ),
    Row(
        {"mail_addresses": ["127.0.0.1"]},
        (
            "mx1: mail_addresses.0: '127.0.0.1' is a loopback address; write the address that "
            "others reach"
        ),
    ),
    Row(
        {"mail_addresses": ["::1"]},
        ("mx1: mail_addresses.0: '::1' is a loopback address; write the address that others reach"),
    ),
    Row(
        {"mail_addresses": ["fe80::1%eth0"]},
        (
            "mx1: mail_addresses.0: 'fe80::1%eth0' is valid on one link only; write the "
            "address that others reach"
        ),
    ),
    Row(
        {"mail_addresses": ["fe80::1"]},
        (
            "mx1: mail_addresses.0: 'fe80::1' is valid on one link only; write the address "
            "that others reach"
        ),
    ),
    Row(
        {"mail_addresses": ["169.254.1.1"]},
        (
            "mx1: mail_addresses.0: '169.254.1.1' is valid on one link only; write the "
            "address that others reach"
        ),
    ),
    Row(
        {"mail_addresses": ["::ffff:203.0.113.5"]},
        (
            "mx1: mail_addresses.0: '::ffff:203.0.113.5' is an IPv4 address in IPv6; write "
            "'203.0.113.5'"
        ),
    ),
    Row(
        {"mail_addresses": ["255.255.255.255"]},
        (
            "mx1: mail_addresses.0: '255.255.255.255' is a reserved address, which no server "
            "has; write the server's address"
        ),
    ),
    Row(
        {"mail_addresses": ["240.0.0.1"]},
        (
            "mx1: mail_addresses.0: '240.0.0.1' is a reserved address, which no server has; "
            "write the server's address"
        ),
    ),
    Row(
        {"mail_addresses": ["203.0.113.11", "203.0.113.11"]},
        "mx1: mail_addresses: 203.0.113.11 is in the list twice; remove one",
    ),
    Row(
        {"mail_addresses": ["2001:db8::1", "2001:DB8:0::1"]},
        "mx1: mail_addresses: 2001:db8::1 is in the list twice; remove one",
    ),
    Row(
        {"mail_addresses": ["mx1.harbor.example"]},
        (
            "mx1: mail_addresses.0: 'mx1.harbor.example' is not an address; write one like "
            "'203.0.113.25' or '2001:db8::25'"
        ),
    ),
    Row(
        {"mail_addresses": [5]},
        (
            "mx1: mail_addresses.0: 5 is not an address; write one like '203.0.113.25' or "
            "'2001:db8::25'"
        ),
    ),
    Row(
        {"mail_networks": ["0.0.0.0/0"]},
        (
            "mx1: mail_networks.0: '0.0.0.0/0' has hosts of others, which could relay; write "
            "the networks of your hosts"
        ),
    ),
    Row(
        {"mail_networks": ["::/0"]},
        (
            "mx1: mail_networks.0: '::/0' has hosts of others, which could relay; write the "
            "networks of your hosts"
        ),
    ),
    Row(
        {"mail_networks": ["203.0.0.0/8"]},
        (
            "mx1: mail_networks.0: '203.0.0.0/8' has hosts of others, which could relay; "
            "write the networks of your hosts"
        ),
    ),
    Row(
        {"mail_networks": ["2000::/3"]},
        (
            "mx1: mail_networks.0: '2000::/3' has hosts of others, which could relay; write "
            "the networks of your hosts"
        ),
    ),
    Row(
        {"mail_networks": ["172.16.0.1/12"]},
        "mx1: mail_networks.0: '172.16.0.1/12' has bits of a host; write '172.16.0.0/12'",
    ),
    Row(
        {"mail_networks": ["203.0.113.5/24"]},
        ("mx1: mail_networks.0: '203.0.113.5/24' has bits of a host; write '203.0.113.0/24'"),
    ),
    Row(
        {"mail_networks": ["2001:db8::5/64"]},
        "mx1: mail_networks.0: '2001:db8::5/64' has bits of a host; write '2001:db8::/64'",
    ),
    Row(
        {"mail_networks": ["::ffff:0:0/96"]},
        (
            "mx1: mail_networks.0: '::ffff:0:0/96' is an IPv4 network in IPv6; write the IPv4 "
            "network"
        ),
    ),
    Row(
        {"mail_networks": ["64:ff9b::/96"]},
        (
            "mx1: mail_networks.0: '64:ff9b::/96' has hosts of others, which could relay; "
            "write the networks of your hosts"
        ),
    ),
    Row(
        {"mail_networks": ["224.0.0.0/24"]},
        ("mx1: mail_networks.0: '224.0.0.0/24' is a multicast network; write networks of hosts"),
    ),
    Row(
        {"mail_networks": ["office"]},
        "mx1: mail_networks.0: 'office' is not a network; write one like '203.0.113.0/24'",
    ),
    Row(
        {"mail_networks": "192.168.0.0/16"},
        "mx1: mail_networks: '192.168.0.0/16' is a text; write a list: [\"192.168.0.0/16\"]",
    ),
    Row(
        {"mail_networks": ["10.0.0.0/8", "10.0.0.0/8"]},
        "mx1: mail_networks: 10.0.0.0/8 is in the list twice; remove one",
    ),
    Row(
        {"mail_networks": ["10.0.0.0/33"]},
        ("mx1: mail_networks.0: '10.0.0.0/33' is not a network; write one like '203.0.113.0/24'"),
    ),
    Row(
        {"mail_resolvers": ["224.0.0.1"]},
        (
            "mx1: mail_resolvers.0: '224.0.0.1' is a multicast address, which no server has; "
            "write the server's address"
        ),
    ),
    Row(
        {"mail_resolvers": "9.9.9.9"},
        "mx1: mail_resolvers: '9.9.9.9' is a text; write a list: [\"9.9.9.9\"]",
    ),
    Row(
        {"mail_resolver_forwards": ["127.0.0.1"]},
        (
            "mx1: mail_resolver_forwards.0: '127.0.0.1' is a loopback address; write the "
            "address that others reach"
        ),
    ),
    Row(
        {"mail_resolver_forwards": ["resolver"]},
        (
            "mx1: mail_resolver_forwards.0: 'resolver' is not an address; write one like "
            "'203.0.113.25' or '2001:db8::25'"
        ),
    ),
    Row(
        {"mail_resolver_forwards": ["0.0.0.0"]},
        (
            "mx1: mail_resolver_forwards.0: '0.0.0.0' is the unspecified address, which no "
            "server has; write the server's address"
        ),
    ),
)


# Recipients.
RECIPIENTS = (
    Row(
        {"mail_aliases": {"bot": "|/usr/local/bin/bot"}},
        (
            "mx1: mail_aliases.bot.0: '|/usr/local/bin/bot' is a command; write a user of the "
            "host like 'root', or an address like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"bot": '"|/bin/cat >/tmp/x"'}},
        (
            "mx1: mail_aliases.bot.0: '\"|/bin/cat >/tmp/x\"' is a command; write a user of the "
            "host like 'root', or an address like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"log": "/var/log/mails"}},
        (
            "mx1: mail_aliases.log.0: '/var/log/mails' is a file; write a user of the host "
            "like 'root', or an address like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"team": ":include:/etc/team"}},
        (
            "mx1: mail_aliases.team.0: ':include:/etc/team' is a list in a file; write its "
            "recipients as a list"
        ),
    ),
    Row(
        {"mail_aliases": {"team": "root, joe"}},
        ('mx1: mail_aliases.team.0: \'root, joe\' has 2 recipients; write a list: ["root", "joe"]'),
    ),
    Row(
        {"mail_aliases": {"team": "root joe"}},
        ('mx1: mail_aliases.team.0: \'root joe\' has 2 recipients; write a list: ["root", "joe"]'),
    ),
    Row(
        {"mail_aliases": {"d": ""}},
        (
            "mx1: mail_aliases.d.0: '' is not a target; write a user of the host like 'root', "
            "or an address like 'anna@example.org'"
        ),
    ),
    Row({"mail_aliases": {"d": []}}, "mx1: mail_aliases.d: the list is empty; write at least one"),
    Row(
        {"mail_aliases": {"d": None}},
        "mx1: mail_aliases.d: None is not a list; write one in square brackets",
    ),
    Row(
        {"mail_aliases": {"d": 5}},
        "mx1: mail_aliases.d: 5 is not a list; write one in square brackets",
    ),
    Row(
        {"mail_aliases": {"d": "\\root"}},
        (
            "mx1: mail_aliases.d.0: '\\\\root' is not a target; write a user of the host like "
            "'root', or an address like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"d": "root@localhost"}},
        (
            "mx1: mail_aliases.d.0: 'root@localhost' has no domain; write a user of the host "
            "like 'root', or an address like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"d": ["root", "root"]}},
        "mx1: mail_aliases.d: root is in the list twice; remove one",
    ),
    Row(
        {"mail_aliases": {"d": "{reject}"}},
        (
            "mx1: mail_aliases.d.0: '{reject}' is not a target; write a user of the host like "
            "'root', or an address like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"d": "mailto:"}},
        (
            "mx1: mail_aliases.d.0: 'mailto:' is not a target; write a user of the host like "
            "'root', or an address like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"@elsewhere.example": "root"}},
        (
            "mx1: mail_aliases.@elsewhere.example: elsewhere.example is not in mail_domains; add "
            "it or correct the address"
        ),
    ),
    Row(
        {"mail_aliases": {"@harbor.example": "info@harbor.example"}},
        (
            "mx1: mail_aliases goes round: @harbor.example -> info@harbor.example -> "
            "@harbor.example; end it with a user of the host, or an address elsewhere"
        ),
    ),
    Row(
        {"mail_aliases": {"*": "root"}},
        (
            "mx1: mail_aliases.*: '*' stands for many addresses; name each recipient, or write a "
            "catch-all like '@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"*@harbor.example": "root"}},
        (
            "mx1: mail_aliases.*@harbor.example: '*@harbor.example' stands for many addresses; "
            "name each recipient, or write a catch-all like '@harbor.example'"
        ),
    ),
    Row(
        {"mail_aliases": {"info*": "root"}},
        (
            "mx1: mail_aliases.info*: 'info*' stands for many addresses; name each recipient, or "
            "write a catch-all like '@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"/^info/": "root"}},
        (
            "mx1: mail_aliases./^info/: '/^info/' stands for many addresses; name each recipient, "
            "or write a catch-all like '@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"@": "root"}},
        "mx1: mail_aliases.@: '@' is not a recipient; write one like 'info' or 'info@example.org'",
    ),
    Row(
        {"mail_aliases": {"info%elsewhere.example": "root"}},
        (
            "mx1: mail_aliases.info%elsewhere.example: 'info%elsewhere.example' names a way "
            "through another server; name each recipient without '%' and '!'"
        ),
    ),
    Row(
        {"mail_aliases": {"": "root"}},
        ("mx1: mail_aliases.: '' is not a recipient; write one like 'info' or 'info@example.org'"),
    ),
    Row(
        {"mail_aliases": {"in fo": "root"}},
        (
            "mx1: mail_aliases.in fo: 'in fo' is not a recipient; write one like 'info' or "
            "'info@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"info@": "root"}},
        (
            "mx1: mail_aliases.info@: 'info@' is not a recipient; write one like 'info' or "
            "'info@example.org'"
        ),
    ),
    Row(
        {"mail_aliases": {"info@elsewhere.example": "root"}},
        (
            "mx1: mail_aliases.info@elsewhere.example: elsewhere.example is not in "
            "mail_domains; add it or correct the address"
        ),
    ),
    Row(
        {"mail_aliases": {"Anna": "root", "anna": "joe"}},
        "mx1: mail_aliases: 'Anna' and 'anna' are one recipient; keep one of them",
    ),
    Row(
        {"mail_aliases": ["info"]},
        (
            "mx1: mail_aliases: ['info'] is not a dictionary; write a dictionary like {\"key\": "
            '"value"}'
        ),
    ),
    Row(
        {"mail_aliases": "info: root"},
        (
            "mx1: mail_aliases: 'info: root' is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"mail_aliases": {5: "root"}},
        ("mx1: mail_aliases.5: 5 is not a recipient; write one like 'info' or 'info@example.org'"),
    ),
    Row(
        {"mail_aliases": {"c": "nobody2@harbor.example"}},
        (
            "mx1: mail_aliases: c@harbor.example leads to nobody2@harbor.example, which is "
            "not a recipient of mx1; write a user of the host, a recipient, or an address "
            "elsewhere"
        ),
    ),
    Row(
        {"mail_aliases": {"a": "b@harbor.example", "b": "a@harbor.example"}},
        (
            "mx1: mail_aliases goes round: a@harbor.example -> b@harbor.example -> "
            "a@harbor.example; end it with a user of the host, or an address elsewhere"
        ),
    ),
    Row(
        {"mail_aliases": {"a": "b", "b": "c", "c": "a"}},
        (
            "mx1: mail_aliases goes round: a@harbor.example -> b@harbor.example -> "
            "c@harbor.example -> a@harbor.example; end it with a user of the host, or an "
            "address elsewhere"
        ),
    ),
    Row(
        {"mail_aliases": {"a": "a@harbor.example"}},
        (
            "mx1: mail_aliases goes round: a@harbor.example -> a@harbor.example; end it with "
            "a user of the host, or an address elsewhere"
        ),
    ),
    Row(
        {"mail_relay_domains": {"a.example": {"to": "10.0.0.7:25", "recipients": "verify"}}},
        (
            "mx1: mail_relay_domains.a.example.to: '10.0.0.7:25' is not a server; write "
            "one in brackets like '[10.0.0.7]:25' or '[mail.example.net]:25'"
        ),
    ),
    Row(
        {"mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:0", "recipients": "verify"}}},
        (
            "mx1: mail_relay_domains.a.example.to: '[10.0.0.7]:0' has no port; write one "
            "in brackets like '[10.0.0.7]:25' or '[mail.example.net]:25'"
        ),
    ),
    Row(
        {"mail_relay_domains": {"a.example": {"to": "[inside]", "recipients": "verify"}}},
        (
            "mx1: mail_relay_domains.a.example.to: 'inside' is not a domain name; write "
            "one like 'example.org'"
        ),
    ),
    Row(
        {"mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:25"}}},
        "mx1: mail_relay_domains.a.example.recipients is missing; it has no default, so write it",
    ),
    Row(
        {"mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:25", "recipients": []}}},
        (
            "mx1: mail_relay_domains.a.example.recipients: there is no recipient; write "
            "at least one, or 'verify'"
        ),
    ),
    Row(
        {"mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:25", "recipients": ["*"]}}},
        (
            "mx1: mail_relay_domains.a.example.recipients.0: '*' is not a recipient; "
            "write one like 'anna' or 'anna@example.net', or 'verify' in place of the "
            "list"
        ),
    ),
    Row(
        {
            "mail_relay_domains": {
                "a.example": {"to": "[10.0.0.7]:25", "recipients": ["anna@b.example"]}
            }
        },
        (
            "mx1: mail_relay_domains.a.example: anna@b.example is in another domain; "
            "write the recipients of a.example only"
        ),
    ),
    Row(
        {"mail_relay_domains": {"harbor.example": {"to": "[10.0.0.7]:25", "recipients": "verify"}}},
        (
            "mx1: mail_relay_domains.harbor.example: harbor.example is in mail_domains "
            "too; remove it from one of them"
        ),
    ),
    Row(
        {
            "mail_relay_domains": {
                "a.example": {"to": "[mx1.harbor.example]", "recipients": "verify"}
            }
        },
        (
            "mx1: mail_relay_domains.a.example.to: mail would go round, mx1 -> mx1; name "
            "the server where the mailboxes are"
        ),
    ),
    Row(
        {"mail_relay_domains": {"a.example": {"to": "[127.0.0.1]:25", "recipients": "verify"}}},
        (
            "mx1: mail_relay_domains.a.example.to: mail would go round, mx1 -> mx1; name "
            "the server where the mailboxes are"
        ),
    ),
    Row(
        {
            "mail_relay": {"a.example": "smtp.far.example:25"},
            "mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:25", "recipients": "verify"}},
        },
        (
            "mx1: mail_relay_domains.a.example: mail_relay.a.example chooses the next hop "
            "too; remove one of them"
        ),
    ),
    Row(
        {
            "mail_aliases": {"c": "carl@a.example"},
            "mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:25", "recipients": "anna"}},
        },
        (
            "mx1: mail_aliases: c@harbor.example leads to carl@a.example, which is not in "
            "the recipients of mail_relay_domains; write a user of the host, a recipient, "
            "or an address elsewhere"
        ),
    ),
    Row(
        {
            "mail_postfix_main": {"relay_domains": "b.example"},
            "mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:25", "recipients": "verify"}},
        },
        (
            "mx1: mail_postfix_main.relay_domains and mail_relay_domains both name the "
            "domains of other servers; remove one of them"
        ),
    ),
    Row(
        {
            "mail_postfix_main": {"transport_maps": "lmdb:/etc/ways"},
            "mail_relay_domains": {"a.example": {"to": "[10.0.0.7]:25", "recipients": "verify"}},
        },
        (
            "mx1: mail_postfix_main.transport_maps replaces the ways of "
            "mail_relay_domains; begin it with 'inline:{ {a.example = "
            "relay:[10.0.0.7]:25} }'"
        ),
    ),
    Row(
        {
            "mail_postfix_main": {"transport_maps": "lmdb:/etc/ways"},
            "mail_aliases": {"a": "a@far.example"},
        },
        (
            "mx1: mail_postfix_main.transport_maps replaces the table of forwarded mail, "
            "and mail_aliases leads elsewhere; begin it with 'inline:{ {forward.invalid = "
            "forward:[127.0.0.1]:10588} }'"
        ),
    ),
    Row(
        {"mail_aliases": {"a": "x@old.example"}, "mail_silent_domains": ["old.example"]},
        (
            "mx1: mail_aliases: a@harbor.example leads to x@old.example, which is in "
            "mail_silent_domains, where no mail is received; write a user of the host, a "
            "recipient, or an address elsewhere"
        ),
    ),
    Row(
        {"mail_postmaster": "Some One"},
        "mx1: mail_postmaster: 'Some One' is not a user of a host; write one like 'root'",
    ),
    Row(
        {"mail_postmaster": "anna@harbor.example"},
        (
            "mx1: mail_postmaster: 'anna@harbor.example' is not a user of a host; write one "
            "like 'root'"
        ),
    ),
    Row(
        {"mail_postmaster": ""},
        "mx1: mail_postmaster: '' is not a user of a host; write one like 'root'",
    ),
    Row(
        {"mail_postmaster": ["root"]},
        "mx1: mail_postmaster: ['root'] is not a user of a host; write one like 'root'",
    ),
    Row(
        {"mail_postmaster": "|/bin/cat"},
        "mx1: mail_postmaster: '|/bin/cat' is not a user of a host; write one like 'root'",
    ),
)


# Accounts and secrets.
ACCOUNTS_SECRETS = (
    Row(
        {"mail_accounts": {"postmaster@harbor.example": {"password": "hunter2"}}},
        (
            "mx1: mail_accounts.postmaster@harbor.example.password: the value (masked here) "
            "is neither a hash nor a reference; write a hash from 'doveadm pw -s ARGON2ID', "
            "or a reference like file('~/.passwords/anna')"
        ),
    ),
    Row(
        {"mail_accounts": {"postmaster@harbor.example": {"passwort": CRYPT}}},
        (
            "mx1: mail_accounts.postmaster@harbor.example.passwort is not a key; did you mean "
            "password?"
        ),
    ),
    Row(
        {"mail_accounts": {"postmaster@harbor.example": {}}},
        (
            "mx1: mail_accounts.postmaster@harbor.example.password is missing; it has no "
            "default, so write it"
        ),
    ),
    Row(
        {"mail_accounts": {"postmaster@harbor.example": "hunter2"}},
        (
            "mx1: mail_accounts.postmaster@harbor.example: the value (masked here) is not a "
            'dictionary; write a dictionary like {"key": "value"}'
        ),
    ),
    Row(
        {"mail_accounts": {"anna": {"password": CRYPT}}},
        (
            "mx1: mail_accounts.anna: 'anna' is not a mail address; write one like "
            "'anna@example.org'"
        ),
    ),
    Row(
        {"mail_accounts": {"bert@harbor.example": {"password": CRYPT}}},
        (
            "mx1: mail_accounts.bert@harbor.example: bert@harbor.example is not a recipient, "
            "and bounces come back to it; add 'bert@harbor.example' to mail_aliases"
        ),
    ),
    Row(
        {
            "mail_accounts": {
                "postmaster@harbor.example": {"password": CRYPT, "senders": ["a@other.example"]}
            }
        },
        (
            "mx1: mail_accounts.postmaster@harbor.example: a@other.example cannot be a "
            "sender: other.example is not in mail_domains; add it, write it in "
            "mail_sending_domains if others receive its mail, or correct the address"
        ),
    ),
    Row(
        {"mail_accounts": {"postmaster@harbor.example": {"password": CRYPT, "senders": ["a"]}}},
        (
            "mx1: mail_accounts.postmaster@harbor.example.senders.0: 'a' is not a mail "
            "address; write one like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_accounts": ["postmaster@harbor.example"]},
        (
            "mx1: mail_accounts: the value (masked here) is not a dictionary; write a "
            'dictionary like {"key": "value"}'
        ),
    ),
    Row(
        {"mail_accounts": {"postmaster@harbor.example": {"password": env("NEVER_SET")}}},
        (
            "mx1: mail_accounts.postmaster@harbor.example.password: the secret "
            'env("NEVER_SET") is not set: export NEVER_SET before the run'
        ),
    ),
    Row(
        {"mail_dns": {"class": "powerdns", "host": "192.0.2.1", "api_key": "hunter2"}},
        (
            "mx1: mail_dns.api_key: the value (masked here) is a secret in plain text; write "
            'a reference like env("API_KEY")'
        ),
    ),
    Row(
        {"mail_dns": {"class": "desec", "token": "hunter2"}},
        (
            "mx1: mail_dns.token: the value (masked here) is a secret in plain text; write a "
            'reference like env("TOKEN")'
        ),
    ),
    Row(
        {"mail_dns": {"class": "cloudflare", "token": "hunter2"}},
        (
            "mx1: mail_dns.token: the value (masked here) is a secret in plain text; write a "
            'reference like env("TOKEN")'
        ),
    ),
    Row(
        {
            "mail_dns": {
                "class": "rfc2136",
                "host": "192.0.2.1",
                "key_name": "a",
                "key_secret": "hunter2",
            }
        },
        (
            "mx1: mail_dns.key_secret: the value (masked here) is a secret in plain text; "
            'write a reference like env("KEY_SECRET")'
        ),
    ),
    Row(
        {"mail_dns": {"class": "route53", "access_key_id": "A", "secret_access_key": "hunter2"}},
        (
            "mx1: mail_dns.secret_access_key: the value (masked here) is a secret in plain "
            'text; write a reference like env("SECRET_ACCESS_KEY")'
        ),
    ),
    Row(
        {"mail_dns": {"class": "azure", "client_id": "c", "key": "hunter2"}},
        (
            "mx1: mail_dns.key: the value (masked here) is a secret in plain text; write a "
            'reference like env("KEY")'
        ),
    ),
    Row(
        {
            "mail_dns": {
                "class": "ovh",
                "application_key": "a",
                "application_secret": "hunter2",
                "consumer_key": env("NEVER_SET"),
            }
        },
        (
            "mx1: mail_dns.application_secret: the value (masked here) is a secret in plain "
            'text; write a reference like env("APPLICATION_SECRET")'
        ),
    ),
    Row(
        {"mail_dns": "powerdns"},
        (
            "mx1: mail_dns: the value (masked here) is not a dictionary; write a dictionary "
            'like {"key": "value"}'
        ),
    ),
    Row(
        {"mail_dns": ["powerdns"]},
        (
            "mx1: mail_dns: the value (masked here) is not a dictionary; write a dictionary "
            'like {"key": "value"}'
        ),
    ),
    Row(
        {"mail_account_rate": "100"},
        ("mx1: mail_account_rate: '100' is not a rate; write one like '100/1h' or '2000/1d'"),
    ),
    Row(
        {"mail_account_rate": "0/1h"},
        ("mx1: mail_account_rate: '0/1h' is not a rate; write one like '100/1h' or '2000/1d'"),
    ),
    Row(
        {"mail_account_rate": 100},
        "mx1: mail_account_rate: 100 is not a rate; write one like '100/1h' or '2000/1d'",
    ),
)


# Numbers, sizes and switches.
NUMBERS_SIZES_SWITCHES = (
    Row(
        {"mail_message_size_limit": 10},
        "mx1: mail_message_size_limit: 10 is too small; write at least 65536",
    ),
    Row(
        {"mail_message_size_limit": 0},
        "mx1: mail_message_size_limit: 0 is too small; write at least 65536",
    ),
    Row(
        {"mail_message_size_limit": "25 apples"},
        (
            "mx1: mail_message_size_limit: '25 apples' is not a size; write octets, or a text "
            "like '25M'"
        ),
    ),
    Row(
        {"mail_message_size_limit": "1k"},
        "mx1: mail_message_size_limit: 1024 is too small; write at least 65536",
    ),
    Row(
        {"mail_message_size_limit": True},
        ("mx1: mail_message_size_limit: True is not a size; write octets, or a text like '25M'"),
    ),
    Row(
        {"mail_message_size_limit": -1},
        ("mx1: mail_message_size_limit: -1 is not a size; write octets, or a text like '25M'"),
    ),
    Row(
        {"mail_message_size_limit": 2.5},
        ("mx1: mail_message_size_limit: 2.5 is not a size; write octets, or a text like '25M'"),
    ),
    Row({"mail_ttl": 3}, "mx1: mail_ttl: 3 is too small; write at least 60"),
    Row({"mail_ttl": 100000}, "mx1: mail_ttl: 100000 is too large; write at most 86400"),
    Row(
        {"mail_ttl": "an hour"},
        "mx1: mail_ttl: 'an hour' is not a whole number; write one in digits",
    ),
    Row({"mail_ttl": True}, "mx1: mail_ttl: True is not a whole number; write one in digits"),
    Row({"mail_ttl": 60.5}, "mx1: mail_ttl: 60.5 is not a whole number; write one in digits"),
    Row({"mail_ttl": None}, "mx1: mail_ttl: None is not a whole number; write one in digits"),
    Row({"mail_ttl": [3600]}, "mx1: mail_ttl: [3600] is not a whole number; write one in digits"),
    Row(
        {"mail_postscreen_dnsbl": ["zen.spamhaus.org"]},
        (
            "mx1: mail_postscreen_dnsbl has no effect without postscreen; write mail_postscreen = "
            "True, or remove it"
        ),
    ),
    *(
        Row(
            {"mail_postscreen": True, "mail_postscreen_dnsbl": [wrong]},
            (
                f"mx1: mail_postscreen_dnsbl.0: {wrong!r} is not a list of addresses; write one "
                "like 'zen.spamhaus.org' or 'list.dnswl.org=127.0.[0..255].[1..3]*-2'"
            ),
        )
        for wrong in ("192.0.2.1", "zen spamhaus", "zen.spamhaus.org=yes", "zen.spamhaus.org*")
    ),
    Row({"mail_queue_days": 0}, "mx1: mail_queue_days: 0 is too small; write at least 1"),
    Row({"mail_queue_days": 31}, "mx1: mail_queue_days: 31 is too large; write at most 30"),
    Row({"mail_timeout": 0}, "mx1: mail_timeout: 0 is too small; write more than 0"),
    Row(
        {"mail_timeout": "30s"},
        "mx1: mail_timeout: '30s' is not a whole number; write one in digits",
    ),
    Row({"mail_dns_timeout": 0}, "mx1: mail_dns_timeout: 0 is too small; write more than 0.0"),
    Row(
        {"mail_dns_timeout": "soon"},
        "mx1: mail_dns_timeout: 'soon' is not a number; write one in digits",
    ),
    Row(
        {"mail_dns_timeout": float("inf")},
        "mx1: mail_dns_timeout: inf is not a finite number; write one in digits",
    ),
    Row({"mail_ban_failures": 0}, "mx1: mail_ban_failures: 0 is too small; write more than 0"),
    Row({"mail_ban_seconds": -1}, "mx1: mail_ban_seconds: -1 is too small; write at least 0"),
    Row(
        {"mail_delay_warning": "4h"},
        "mx1: mail_delay_warning: '4h' is not a whole number; write one in digits",
    ),
    Row({"mail_zone_deletes": -1}, "mx1: mail_zone_deletes: -1 is too small; write at least 0"),
    Row(
        {"mail_dane": "maybe"}, "mx1: mail_dane: 'maybe' is not True or False; write True or False"
    ),
    Row({"mail_dane": 2}, "mx1: mail_dane: 2 is not True or False; write True or False"),
    Row({"mail_dane": None}, "mx1: mail_dane: None is not True or False; write True or False"),
    Row(
        {"mail_preflight": "never"},
        "mx1: mail_preflight: 'never' is not True or False; write True or False",
    ),
    Row(
        {"mail_autoconfig": []},
        "mx1: mail_autoconfig: [] is not True or False; write True or False",
    ),
)


# Choices and texts.
CHOICES_TEXTS = (
    Row(
        {"mail_tls": "certbot"},
        "mx1: mail_tls: 'certbot' is not allowed; write 'acme', 'files' or 'self-signed'",
    ),
    Row(
        {"mail_tls": None},
        "mx1: mail_tls: None is not allowed; write 'acme', 'files' or 'self-signed'",
    ),
    Row(
        {"mail_tls_profile": "modern"},
        ("mx1: mail_tls_profile: 'modern' is not allowed; write 'strict' or 'interoperable'"),
    ),
    Row(
        {"mail_tls_rotate": "yearly"},
        "mx1: mail_tls_rotate: 'yearly' is not allowed; write '' or 'now'",
    ),
    Row(
        {"mail_dmarc": "block"},
        "mx1: mail_dmarc: 'block' is not allowed; write 'none', 'quarantine', 'reject' or 'auto'",
    ),
    Row(
        {"mail_spf_all": "?all"},
        "mx1: mail_spf_all: '?all' is not allowed; write '', '-all' or '~all'",
    ),
    Row(
        {"mail_mta_sts": "on"},
        "mx1: mail_mta_sts: 'on' is not allowed; write 'none', 'testing', 'enforce' or 'auto'",
    ),
    Row(
        {"mail_mta_sts": True},
        "mx1: mail_mta_sts: True is not allowed; write 'none', 'testing', 'enforce' or 'auto'",
    ),
    Row(
        {"mail_dmarc": "auto"},
        (
            "mx1: mail_dmarc = 'auto' needs reports that a host reads; name an address in "
            "mail_domains in mail_dmarc_reports that is no other recipient, such as "
            "dmarc@harbor.example"
        ),
    ),
    Row(
        {"mail_dmarc": "auto", "mail_dmarc_reports": ["postmaster@harbor.example"]},
        (
            "mx1: mail_dmarc = 'auto' needs reports that a host reads; name an address in "
            "mail_domains in mail_dmarc_reports that is no other recipient, such as "
            "dmarc@harbor.example"
        ),
    ),
    Row(
        {"mail_mta_sts": "auto", "mail_tls": "acme", "mail_tls_rpt": ["https://a.example/"]},
        (
            "mx1: mail_mta_sts = 'auto' needs TLS reports that this host reads; name an address in "
            "its mail_domains in mail_tls_rpt that is no other recipient, such as "
            "tls@harbor.example"
        ),
    ),
    Row(
        {"mail_dmarc_forgers": ["evil.example"]},
        "mx1: mail_dmarc_forgers.0: 'evil.example' is not a network; write one like "
        "'203.0.113.0/24'",
    ),
    Row(
        {"mail_auto_days": 3},
        "mx1: mail_auto_days: 3 is too small; write at least 7",
    ),
    Row(
        {"mail_dmarc_reports": ["x"]},
        ("mx1: mail_dmarc_reports.0: 'x' is not a mail address; write one like 'anna@example.org'"),
    ),
    Row(
        {"mail_dmarc_reports": 5},
        "mx1: mail_dmarc_reports: 5 is not a list; write one in square brackets",
    ),
    Row(
        {"mail_tls_rpt": ["http://b.example"]},
        (
            "mx1: mail_tls_rpt.0: 'http://b.example' cannot receive reports; write a mail "
            "address or an https:// URL"
        ),
    ),
    Row(
        {"mail_tls_rpt": ["https://b.example/a,b"]},
        (
            "mx1: mail_tls_rpt.0: 'https://b.example/a,b' cannot receive reports; write a "
            "mail address or an https:// URL"
        ),
    ),
    Row(
        {"mail_tls_rpt": "x"},
        ("mx1: mail_tls_rpt.0: 'x' is not a mail address; write one like 'anna@example.org'"),
    ),
    Row(
        {"mail_caa": "letsencrypt"},
        "mx1: mail_caa: 'letsencrypt' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_bimi": "https://b.example/l.png"},
        (
            "mx1: mail_bimi: 'https://b.example/l.png' is not a logo; write the https:// URL "
            "of an .svg file"
        ),
    ),
    Row(
        {"mail_bimi": "http://b.example/l.svg"},
        (
            "mx1: mail_bimi: 'http://b.example/l.svg' is not a logo; write the https:// URL "
            "of an .svg file"
        ),
    ),
    Row(
        {"mail_acme_directory": "acme.example"},
        (
            "mx1: mail_acme_directory: 'acme.example' is not an https:// URL; write one like "
            "'https://acme.example.org/directory'"
        ),
    ),
    Row(
        {"mail_acme_directory": "http://acme.example/d"},
        (
            "mx1: mail_acme_directory: 'http://acme.example/d' is not an https:// URL; write "
            "one like 'https://acme.example.org/directory'"
        ),
    ),
    Row(
        {"mail_acme_contact": "nobody"},
        (
            "mx1: mail_acme_contact: 'nobody' is not a mail address; write one like "
            "'anna@example.org'"
        ),
    ),
    Row(
        {"mail_acme_ca_file": "/nowhere.pem"},
        (
            "mx1: mail_acme_ca_file: '/nowhere.pem' cannot be read (No such file or "
            "directory); name a file in PEM format"
        ),
    ),
    Row(
        {"mail_tls_files": {"mx1.harbor.example": "/x.pem"}},
        (
            "mx1: mail_tls_files.mx1.harbor.example is not used; set mail_tls = 'files' and "
            "add the name to mail_tls_names, or remove it"
        ),
    ),
    Row(
        {"mail_tls": "files"},
        (
            "mx1: mail_tls_files.mx1.harbor.example is missing, and mail_tls is 'files'; name "
            "the files of its key and its certificate"
        ),
    ),
    Row(
        {"mail_tls": "files", "mail_tls_files": {"mx1.harbor.example": "own.pem"}},
        (
            "mx1: mail_tls_files.mx1.harbor.example.0: 'own.pem' is not an absolute path; "
            "write one like '/etc/ssl/mx1.pem'"
        ),
    ),
    Row(
        {"mail_tls_files": "/x.pem"},
        (
            "mx1: mail_tls_files: '/x.pem' is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"mail_tls_outbound": {"example.org": "always"}},
        (
            "mx1: mail_tls_outbound.example.org: 'always' is not a TLS policy; write "
            "'encrypt', 'dane-only', 'verify' or 'secure', and attributes like "
            "'match=nexthop'"
        ),
    ),
    Row(
        {"mail_tls_outbound": {"user@example.org": "secure"}},
        (
            "mx1: mail_tls_outbound.user@example.org: 'user@example.org' is not a "
            "destination; write a domain like 'example.org', or a host like "
            "'[mx1.example.org]:25'"
        ),
    ),
    Row(
        {"mail_tls_outbound": "encrypt"},
        (
            "mx1: mail_tls_outbound: 'encrypt' is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"mail_resolver_trust_anchor": "20326 8 2"},
        (
            "mx1: mail_resolver_trust_anchor: '20326 8 2' is not a trust anchor; write a "
            "record like '. DS 20326 8 2 E06D...'"
        ),
    ),
    Row(
        {"mail_resolver_trust_anchor": ". IN DS 20326 8 2 XY"},
        (
            "mx1: mail_resolver_trust_anchor: '. IN DS 20326 8 2 XY' is not a trust anchor; "
            "write a record like '. DS 20326 8 2 E06D...'"
        ),
    ),
    Row(
        {"mail_dkim_selector": "a.b"},
        (
            "mx1: mail_dkim_selector: 'a.b' is not a selector; write one label like 'mx1' or "
            "'spring2027'"
        ),
    ),
    Row(
        {"mail_dkim_rotate": "monthly"},
        (
            "mx1: mail_dkim_rotate: 'monthly' is not an age of keys; write one like '180d', "
            "or '' or 'now'"
        ),
    ),
    Row(
        {"mail_dkim_rotate": 180},
        ("mx1: mail_dkim_rotate: 180 is not an age of keys; write one like '180d', or '' or 'now'"),
    ),
    Row(
        {"mail_acme_dns": {"zone": "a.example", "server": "192.0.2.1", "key_name": "mx1"}},
        "mx1: mail_acme_dns.key_secret is missing; it has no default, so write it",
    ),
    Row(
        {"mail_acme_dns": "acme.example.net"},
        (
            "mx1: mail_acme_dns: the value (masked here) is not a dictionary; write a dictionary "
            'like {"key": "value"}'
        ),
    ),
    Row(
        {"mail_dkim_cname": "keys"},
        "mx1: mail_dkim_cname: 'keys' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_dkim_cname": {"other.example": "keys.example.net"}},
        (
            "mx1: mail_dkim_cname.other.example has no effect: other.example is neither in "
            "mail_domains nor in mail_sending_domains nor the mail_hostname; correct or remove it"
        ),
    ),
    Row(
        {"mail_bounce_texts": {"bounce": "x"}},
        (
            "mx1: mail_bounce_texts.bounce: 'bounce' is not allowed; write 'failure', "
            "'delay', 'success' or 'verify'"
        ),
    ),
    Row(
        {"mail_bounce_texts": {"failure": 5}},
        "mx1: mail_bounce_texts.failure: 5 is not a text; write a text in quotation marks",
    ),
    Row(
        {"mail_bounce_texts": "sorry"},
        (
            "mx1: mail_bounce_texts: 'sorry' is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"mail_postfix_main": {"a b": "1"}},
        (
            "mx1: mail_postfix_main.a b: 'a b' is not a parameter; write one like "
            "'smtpd_client_message_rate_limit'"
        ),
    ),
    Row(
        {"mail_postfix_main": {"x": "1\ny = 2"}},
        "mx1: mail_postfix_main.x: '1\\ny = 2' has several lines; write one line",
    ),
    Row(
        {"mail_postfix_main": {"x": {"y": 1}}},
        (
            "mx1: mail_postfix_main.x: {'y': 1} is not a value of Postfix; write a text, a "
            "number, True or False"
        ),
    ),
    Row(
        {"mail_postfix_main": {"x": None}},
        (
            "mx1: mail_postfix_main.x: None is not a value of Postfix; write a text, a "
            "number, True or False"
        ),
    ),
    Row(
        {"mail_postfix_main": {"x": env("X")}},
        (
            'mx1: mail_postfix_main.x: Secret(env("X") = ***) is not a value of Postfix; '
            "write a text, a number, True or False"
        ),
    ),
    Row(
        {"mail_postfix_main": "x = 1"},
        (
            "mx1: mail_postfix_main: 'x = 1' is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"mail_postfix_main": ["x = 1"]},
        (
            "mx1: mail_postfix_main: ['x = 1'] is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"mail_postfix_master": {"smtp": "n - y - - smtpd"}},
        (
            "mx1: mail_postfix_master.smtp: 'smtp' is not a service; write its name and type, "
            "'smtp/inet'"
        ),
    ),
    Row(
        {"mail_postfix_master": {"smtp/inet": ["a"], "x/udp": "b"}},
        (
            "mx1: mail_postfix_master.x/udp: 'x/udp' is not a service; write its name and "
            "type, 'smtp/inet'"
        ),
    ),
    Row(
        {"mail_rspamd": {"../x.conf": {}}},
        (
            "mx1: mail_rspamd.../x.conf: '../x.conf' is not a file of local.d; write one like "
            "'options.inc'"
        ),
    ),
    Row(
        {"mail_rspamd": {"options.inc": "x"}},
        (
            "mx1: mail_rspamd.options.inc: 'x' is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"mail_rspamd": {"options.inc": {"a b": 1}}},
        (
            "mx1: mail_rspamd.options.inc.a b: 'a b' is not a setting of rspamd; write one "
            "like 'task_timeout'"
        ),
    ),
    Row(
        {"mail_dovecot": "x"},
        ('mx1: mail_dovecot: \'x\' is not a dictionary; write a dictionary like {"key": "value"}'),
    ),
    Row(
        {"mail_dovecot": [1]},
        ('mx1: mail_dovecot: [1] is not a dictionary; write a dictionary like {"key": "value"}'),
    ),
    Row(
        {"mail_unbound": {"Server": {}}},
        (
            "mx1: mail_unbound.Server: 'Server' is not a clause of unbound.conf; write one like "
            "'server'"
        ),
    ),
    Row(
        {"mail_unbound": {"server": 1}},
        "mx1: mail_unbound.server: 1 is not a list; write one in square brackets",
    ),
    Row(
        {"mail_unbound": {"server": {"num threads": 1}}},
        (
            "mx1: mail_unbound.server.0.num threads: 'num threads' is not an option of Unbound; "
            "write one like 'num-threads'"
        ),
    ),
    Row(
        {"mail_unbound": {"server": {"num-threads": None}}},
        (
            "mx1: mail_unbound.server.0.num-threads: None is not a value of Unbound; write a "
            "text, a number, True or False"
        ),
    ),
    Row(
        {"mail_unbound": {"server": {"local-data": "a\ninterface: 0.0.0.0"}}},
        (
            "mx1: mail_unbound.server.0.local-data: 'a\\ninterface: 0.0.0.0' is not one line; "
            "write a value in one line"
        ),
    ),
)


# Keys.
KEYS = (
    Row(
        {"mail_adresses": ["203.0.113.11"]},
        (
            f"mx1: mail_adresses is not a setting of pyinfra-mail {VERSION}; did you mean "
            "mail_addresses, or does it need a newer version?"
        ),
    ),
    Row(
        {"mail_domain": "x"},
        (
            f"mx1: mail_domain is not a setting of pyinfra-mail {VERSION}; did you mean "
            "mail_domains, or does it need a newer version?"
        ),
    ),
    Row(
        {"mail_xyzzy": 1},
        (
            f"mx1: mail_xyzzy is not a setting of pyinfra-mail {VERSION}; remove it, or "
            "install the version that has it"
        ),
    ),
    Row(
        {"mail_relais": "x"},
        (
            f"mx1: mail_relais is not a setting of pyinfra-mail {VERSION}; did you mean "
            "mail_relay, or does it need a newer version?"
        ),
    ),
    Row(
        {"mail_foo": 1},
        (
            f"mx1: mail_foo is not a setting of pyinfra-mail {VERSION}; remove it, or install "
            "the version that has it"
        ),
    ),
    Row(
        {"mial_tls": "acme"},
        (
            f"mx1: mial_tls is not a setting of pyinfra-mail {VERSION}; did you mean mail_tls, "
            "or does it need a newer version?"
        ),
    ),
    Row(
        {"mali_domains": []},
        (
            f"mx1: mali_domains is not a setting of pyinfra-mail {VERSION}; did you mean "
            "mail_domains, or does it need a newer version?"
        ),
    ),
    Row(
        {"mai_tls": "acme"},
        (
            f"mx1: mai_tls is not a setting of pyinfra-mail {VERSION}; did you mean mail_tls, "
            "or does it need a newer version?"
        ),
    ),
    Row(
        {"maill_tls": "acme"},
        (
            f"mx1: maill_tls is not a setting of pyinfra-mail {VERSION}; did you mean "
            "mail_tls, or does it need a newer version?"
        ),
    ),
    Row(
        {"MAIL_TLS": "acme"},
        (
            f"mx1: MAIL_TLS is not a setting of pyinfra-mail {VERSION}; did you mean mail_tls, "
            "or does it need a newer version?"
        ),
    ),
    Row(
        {"mailtls": "acme"},
        (
            f"mx1: mailtls is not a setting of pyinfra-mail {VERSION}; did you mean mail_tls, "
            "or does it need a newer version?"
        ),
    ),
    Row(
        {"mail-tls": "acme"},
        (
            f"mx1: mail-tls is not a setting of pyinfra-mail {VERSION}; did you mean mail_tls, "
            "or does it need a newer version?"
        ),
    ),
    Row(
        {"verfiy_fast": True},
        (
            f"mx1: verfiy_fast is not a setting of pyinfra-mail {VERSION}; did you mean "
            "verify_fast, or does it need a newer version?"
        ),
    ),
    Row(
        {"verify_onyl": "dns.*"},
        (
            f"mx1: verify_onyl is not a setting of pyinfra-mail {VERSION}; did you mean "
            "verify_only, or does it need a newer version?"
        ),
    ),
    Row(
        {"veryfy_only": "dns.*"},
        (
            f"mx1: veryfy_only is not a setting of pyinfra-mail {VERSION}; did you mean "
            "verify_only, or does it need a newer version?"
        ),
    ),
    Row(
        {"mail_canary": False, "mail_preflight": True},
        (
            "mx1: mail_canary is the old name of mail_preflight, and both are set; remove "
            "mail_canary"
        ),
    ),
)


# Settings of the checks.
SETTINGS_OF_THE_CHECKS = (
    Row(
        {"verify_fail_on": "never"},
        ("verify_fail_on: 'never' is not allowed; write 'error', 'unknown', 'warning' or 'info'"),
    ),
    Row(
        {"verify_severity": "bad"},
        "verify_severity: 'bad' is not allowed; write '', 'error' or 'warning'",
    ),
    Row({"verify_fast": "maybe"}, "verify_fast: 'maybe' is not True or False; write True or False"),
    Row(
        {"verify_host": "peer"},
        "verify_host: peer is not a host of the group 'mail'; write one of mx1",
    ),
    Row(
        {"verify_domain": "harbour.example"},
        (
            "verify_domain: harbour.example is not a domain of the group 'mail'; did you mean "
            "harbor.example?"
        ),
    ),
    Row(
        {"verify_domain": "a b"},
        "verify_domain.0: 'a b' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"verify_resolvers": "resolver"},
        (
            "verify_resolvers.0: 'resolver' is not an address; write one like '203.0.113.25' "
            "or '2001:db8::25'"
        ),
    ),
    Row(
        {"verify_blocklists": ["zen"]},
        "verify_blocklists.0: 'zen' is not a domain name; write one like 'example.org'",
    ),
    Row({"verify_only": 5}, "verify_only: 5 is not a list; write one in square brackets"),
    Row(
        {"verify_metrics": "here"},
        (
            "verify_metrics: 'here' is not an absolute path; write the directory of the "
            "textfile collector, or ''"
        ),
    ),
    Row(
        {"verify_timer": 5},
        ("verify_timer: 5 is not a calendar event; write one line like 'daily' or '*-*-* 06:00'"),
    ),
    Row(
        {"verify_timer": "daily\nhourly"},
        (
            "verify_timer: 'daily\\nhourly' is not a calendar event; write one line like "
            "'daily' or '*-*-* 06:00'"
        ),
    ),
    Row(
        {"verify_notify": "nobody"},
        (
            "verify_notify: the value (masked here) is not valid; write a mail address, an "
            "https:// URL, or a reference to one like env('WEBHOOK')"
        ),
    ),
    Row(
        {"verify_notify": "http://chat.example/TOKEN"},
        (
            "verify_notify: the value (masked here) is not valid; write a mail address, an "
            "https:// URL, or a reference to one like env('WEBHOOK')"
        ),
    ),
    Row(
        {"verify_sink": "probe"},
        (
            "verify_sink.address: 'probe' is not an address; write one like "
            "'probe@sink.example.org' or 'probe@[203.0.113.9]'"
        ),
    ),
    Row(
        {"verify_sink": {"address": "p@s.example", "port": 0}},
        "verify_sink.port: 0 is too small; write at least 1",
    ),
    Row(
        {"verify_sink": {"adress": "p@s.example"}},
        "verify_sink.adress is not a key; did you mean address?",
    ),
    Row({"verify_bulk": 5}, "verify_bulk: 5 is not a list; write one in square brackets"),
    Row(
        {"verify_list": ["customers.csv"]},
        "verify_list: ['customers.csv'] is not a file; write its name like 'customers.csv', or ''",
    ),
    Row(
        {"verify_waivers": [{"id": "smtp.tls", "reason": "x", "until": "soon"}]},
        "verify_waivers.0.until: 'soon' is not a date; write one like '2027-01-31'",
    ),
    Row(
        {"verify_waivers": [{"id": "smtp.tls"}]},
        (
            "verify_waivers.0.reason is missing; it has no default, so write it\n    "
            "verify_waivers.0.until is missing; it has no default, so write it"
        ),
    ),
    Row(
        {"verify_waivers": [{"id": "", "reason": "x", "until": "2027-01-31"}]},
        "verify_waivers.0.id: the text is empty; write one",
    ),
    Row(
        {"verify_waivers": [{"id": "smtp.tls", "reasn": "x", "until": "2027-01-31"}]},
        "verify_waivers.0.reasn is not a key; did you mean reason?",
    ),
    Row(
        {"verify_waivers": {"id": "smtp.tls"}},
        "verify_waivers: {'id': 'smtp.tls'} is not a list; write one in square brackets",
    ),
    Row(
        {"verify_waivers": ["smtp.tls"]},
        (
            "verify_waivers.0: 'smtp.tls' is not a dictionary; write a dictionary like "
            '{"key": "value"}'
        ),
    ),
    Row(
        {"verify_waivers": "smtp.tls"},
        "verify_waivers: 'smtp.tls' is a text; write a list: [\"smtp.tls\"]",
    ),
    Row(
        {
            "verify_mailboxes": [
                {"address": "a@b.example", "imap": "b.example", "login": "a", "password": "hunter2"}
            ]
        },
        (
            "verify_mailboxes.0.password: the value (masked here) is not a reference to a "
            "secret; write env(...), file(...) or command(...)"
        ),
    ),
    Row(
        {
            "verify_mailboxes": [
                {"address": "a", "imap": "b.example", "login": "a", "password": env("X")}
            ]
        },
        (
            "verify_mailboxes.0.address: 'a' is not a mail address; write one like "
            "'anna@example.org'"
        ),
    ),
    Row(
        {
            "verify_mailboxes": [
                {
                    "address": "a@b.example",
                    "imap": "b.example",
                    "login": "a",
                    "password": env("X"),
                    "port": 99999,
                }
            ]
        },
        ("verify_mailboxes.0.port: the value (masked here) is too large; write at most 65535"),
    ),
    Row(
        {
            "verify_mailboxes": [
                {
                    "address": "a@b.example",
                    "imap": "https://b.example",
                    "login": "a",
                    "password": env("X"),
                }
            ]
        },
        (
            "verify_mailboxes.0.imap: 'https://b.example' is not a server; write its name "
            "like 'imap.provider.example'"
        ),
    ),
    Row(
        {"verify_mailboxes": "a@b.example"},
        "verify_mailboxes: the value (masked here) is not a list; write a list",
    ),
)


# Relays of a mail host.
RELAYS = (
    Row(
        {"mail_relay": "smtp.relay.example"},
        ("mx1: mail_relay: 'smtp.relay.example' has no port; write one like 'mx1.example.org:465'"),
    ),
    Row(
        {"mail_relay": "192.0.2.1:587"},
        ("mx1: mail_relay: '192.0.2.1' is an IP address; write a name like 'mx1.example.org'"),
    ),
    Row(
        {"mail_relay": "user:hunter2@smtp.relay.example:587"},
        (
            "mx1: mail_relay: the value (masked here) has a login in it; write the name and the "
            "port, and the login and the password apart"
        ),
    ),
    Row(
        {"mail_relay": 587},
        (
            "mx1: mail_relay: the value (masked here) is not a relay; write one like "
            "'smtp.example.org:587', 'direct', or a dictionary with 'host', 'login' and "
            "'password'"
        ),
    ),
    Row(
        {"mail_relay": ["smtp.relay.example:587"]},
        (
            "mx1: mail_relay: the value (masked here) is not a relay; write one like "
            "'smtp.example.org:587', 'direct', or a dictionary with 'host', 'login' and "
            "'password'"
        ),
    ),
    Row(
        {"mail_relay": {"*": "drect"}},
        ("mx1: mail_relay.*: 'drect' has no port; write one like 'mx1.example.org:465'"),
    ),
    Row(
        {"mail_relay": {"example": "smtp.relay.example:587"}},
        (
            "mx1: mail_relay.example: 'example' names no mail; write '*' for all, '@example.org' "
            "or 'anna@example.org' for a sender, 'example.net' or '.example.net' for recipients"
        ),
    ),
    Row(
        {"mail_relay": {"@": "smtp.relay.example:587"}},
        (
            "mx1: mail_relay.@: '@' names no mail; write '*' for all, '@example.org' or "
            "'anna@example.org' for a sender, 'example.net' or '.example.net' for recipients"
        ),
    ),
    Row(
        {"mail_relay": {"*": {"login": "app"}}},
        ("mx1: mail_relay.*.host is missing; it has no default, so write it"),
    ),
    Row(
        {"mail_relay": {"*": {"host": "smtp.relay.example:587", "pass": "hunter2"}}},
        ("mx1: mail_relay.*.pass is not a key; remove it, or see docs/settings.md"),
    ),
    Row(
        {"mail_relay": {"*": {"host": "smtp.relay.example:587", "password": "hunter2"}}},
        (
            "mx1: mail_relay.*.password: the value (masked here) is not a reference to a secret; "
            "write env(...), file(...) or command(...)"
        ),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_login": "a b"},
        ("mx1: mail_relay_login: 'a b' is not a login; write it without spaces and colons"),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_tls": "dane"},
        ("mx1: mail_relay_tls: 'dane' is not allowed; write 'secure', 'encrypt' or 'may'"),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_password": "hunter2"},
        (
            "mx1: mail_relay_password: the value (masked here) is not a reference to a secret; "
            "write env(...), file(...) or command(...)"
        ),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_ca": "/none.pem"},
        (
            "mx1: mail_relay_ca: '/none.pem' cannot be read (No such file or directory); name a "
            "file in PEM format"
        ),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_spf": "-all"},
        (
            "mx1: mail_relay_spf: '-all' is not a mechanism that permits a relay; write one like "
            "'include:spf.relay.example'"
        ),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_spf": "includes:x.example"},
        (
            "mx1: mail_relay_spf: includes:x.example is unknown; the mechanisms are all, include,"
            " a, mx, ptr, ip4, ip6, exists"
        ),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_spf": "-ip4:192.0.2.1"},
        (
            "mx1: mail_relay_spf: '-ip4:192.0.2.1' is not a mechanism that permits a relay; write"
            " one like 'include:spf.relay.example'"
        ),
    ),
    Row(
        {"mail_relay": "smtp.relay.example:587", "mail_relay_spf": 5},
        (
            "mx1: mail_relay_spf: 5 is not a mechanism that permits a relay; write one like "
            "'include:spf.relay.example'"
        ),
    ),
)


# Judgement of incoming mail.
JUDGEMENT = (
    Row(
        {"mail_filter": "yes"},
        (
            "mx1: mail_filter: 'yes' does not say what to judge; write True, False, or a "
            'dictionary like {"junk": 5}'
        ),
    ),
    Row(
        {"mail_filter": {"junk": "high"}},
        "mx1: mail_filter.junk: 'high' is not a score; write a number like 6 or 7.5",
    ),
    Row(
        {"mail_filter": {"reject": 0}},
        "mx1: mail_filter.reject: 0 is too small; write more than 0",
    ),
    Row(
        {"mail_filter": {"junk": 15}},
        (
            "mx1: mail_filter: with junk 15 and reject 15 no mail gets into Junk; write a junk "
            "that is less than reject"
        ),
    ),
    Row(
        {"mail_filter": {"greylist": 7}},
        (
            "mx1: mail_filter: with greylist 7 and junk 6 no mail comes again; write a greylist "
            "that is less than junk"
        ),
    ),
    Row(
        {"mail_filter": {"dmarc_except": ["lists"]}},
        (
            "mx1: mail_filter.dmarc_except.0: 'lists' is neither a domain nor a network; write "
            "an author's domain like 'example.net', or a network like '192.0.2.0/24'"
        ),
    ),
    Row(
        {"mail_filter": {"dmarc_except": ["192.0.2.7/24"]}},
        (
            "mx1: mail_filter.dmarc_except.0: '192.0.2.7/24' is neither a domain nor a network; "
            "write an author's domain like 'example.net', or a network like '192.0.2.0/24'"
        ),
    ),
    Row(
        {"mail_filter": {"bayes": True}},
        (
            "mx1: mail_filter: bayes learns from mailboxes, and this host has none; write "
            '"bayes": False for it, or give it mail_mailboxes'
        ),
    ),
    Row(
        {"mail_filter": {"spam": 5}},
        "mx1: mail_filter.spam is not a key; remove it, or see docs/settings.md",
    ),
)


# A client.
A_CLIENT = (
    Row(
        {"mail_relay": {"*": "smtp.relay.example:587"}},
        (
            "app: mail_relay: the value (masked here) is not one server; write one like "
            "'mx1.example.org:465'"
        ),
    ),
    Row(
        {"mail_relay": "mx1.harbor.example"},
        ("app: mail_relay: 'mx1.harbor.example' has no port; write one like 'mx1.example.org:465'"),
    ),
    Row(
        {"mail_relay": "mx1:465"},
        "app: mail_relay: 'mx1' is not a domain name; write one like 'example.org'",
    ),
    Row(
        {"mail_relay": "mx1.harbor.example:70000"},
        (
            "app: mail_relay: 'mx1.harbor.example:70000' has no port; write one like "
            "'mx1.example.org:465'"
        ),
    ),
    Row(
        {"mail_relay": "203.0.113.11:465"},
        ("app: mail_relay: '203.0.113.11' is an IP address; write a name like 'mx1.example.org'"),
    ),
    Row(
        {"mail_relay_login": "app"},
        ("app: mail_relay_login: 'app' is not a mail address; write one like 'anna@example.org'"),
    ),
    Row(
        {"mail_relay_password": "hunter2"},
        (
            "app: mail_relay_password: the value (masked here) is not a reference to a "
            "secret; write env(...), file(...) or command(...)"
        ),
    ),
    Row(
        {"mail_relay_password": env("NEVER_SET")},
        (
            'app: mail_relay_password: the secret env("NEVER_SET") is not set: export '
            "NEVER_SET before the run"
        ),
    ),
    Row(
        {"mail_relay_ca": "/none.pem"},
        (
            "app: mail_relay_ca: '/none.pem' cannot be read (No such file or directory); name "
            "a file in PEM format"
        ),
    ),
    Row(
        {"mail_root": "root"},
        "app: mail_root: 'root' is not a mail address; write one like 'anna@example.org'",
    ),
    Row(
        {"mail_root": "ghost@harbor.example"},
        (
            "app: mail_root: ghost@harbor.example is not a recipient of mx1; write a "
            "recipient of a mail host, or an address elsewhere"
        ),
    ),
    Row(
        {"mail_root": "root@app.harbor.example"},
        (
            "app: mail_root: root@app.harbor.example is at a null client, where no mail is "
            "received; write a recipient of a mail host, or an address elsewhere"
        ),
    ),
    Row(
        {"mail_root": "|/bin/cat"},
        ("app: mail_root: '|/bin/cat' is not a mail address; write one like 'anna@example.org'"),
    ),
    Row(
        {"mail_root": ["postmaster@harbor.example"]},
        (
            "app: mail_root: ['postmaster@harbor.example'] is not a mail address; write one "
            "like 'anna@example.org'"
        ),
    ),
    Row(
        {"mail_relais": "x"},
        (
            f"app: mail_relais is not a setting of pyinfra-mail {VERSION}; did you mean "
            "mail_relay, or does it need a newer version?"
        ),
    ),
    Row(
        {"mail_hostname": "203.0.113.9"},
        ("app: mail_hostname: '203.0.113.9' is an IP address; write a name like 'mx1.example.org'"),
    ),
)


# A witness.
A_WITNESS = (
    Row(
        {"mail_witness_address": "visitor"},
        (
            "peer: mail_witness_address: 'visitor' is not a mail address; write one like "
            "'anna@example.org'"
        ),
    ),
    Row(
        {"mail_witness_mailbox": "mail/visitor"},
        (
            "peer: mail_witness_mailbox: 'mail/visitor' is not an absolute path; write one "
            "like '/var/mail/anna'"
        ),
    ),
    Row(
        {"mail_witness_adress": "x"},
        (
            f"peer: mail_witness_adress is not a setting of pyinfra-mail {VERSION}; did you "
            "mean mail_witness_address, or does it need a newer version?"
        ),
    ),
    Row(
        {"mail_witness_mailbox": 5},
        ("peer: mail_witness_mailbox: 5 is not an absolute path; write one like '/var/mail/anna'"),
    ),
)

ROWS = (
    *(("mail", row) for row in NAMES_OF_HOSTS_DOMAINS),
    *(("mail", row) for row in ADDRESSES_NETWORKS),
    *(("mail", row) for row in RECIPIENTS),
    *(("mail", row) for row in ACCOUNTS_SECRETS),
    *(("mail", row) for row in NUMBERS_SIZES_SWITCHES),
    *(("mail", row) for row in CHOICES_TEXTS),
    *(("mail", row) for row in KEYS),
    *(("mail", row) for row in SETTINGS_OF_THE_CHECKS),
    *(("mail", row) for row in RELAYS),
    *(("mail", row) for row in JUDGEMENT),
    *(("client", row) for row in A_CLIENT),
    *(("witness", row) for row in A_WITNESS),
)
