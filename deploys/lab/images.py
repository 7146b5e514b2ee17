"""Base images: recipes for the containers of each role.

A mail host's image is a Debian that mmdebstrap makes from the distribution's own packages, with
systemd to boot and SSH to log in; the other roles' images add their service to it. A tag is a
digest of all that goes into an image, so it is built once and found again while its recipe stays.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from ..mail.settings.inventory import fleet_from
from ..mail.units import services
from .definition import Role, Suite

LABEL = "pyinfra-mail.image"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SYSTEM = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "openssh-server",
    "openssl",
    "python3",
    "systemd",
    "systemd-sysv",
)
ADDITIONS: dict[Role, tuple[str, ...]] = {
    "mail": (),
    "client": ("cron",),
    "ns": ("knot", "pdns-backend-sqlite3", "pdns-server", "pebble", "sqlite3"),
    "resolver": ("unbound",),
    "peer": ("dovecot-imapd", "dovecot-lmtpd", "exim4-daemon-heavy"),
}
# A mail host whose services are all that one can have.
MAIL = {
    "mail_hostname": "mx.example.org",
    "mail_addresses": ["192.0.2.1"],
    "mail_domains": ["example.org"],
    "mail_tls": "acme",
    "mail_mailboxes": {"anna@example.org": {"password": f"$6${'a' * 8}${'b' * 86}"}},
    "mail_managesieve": True,
    "mail_pop3": True,
}


def _packages() -> tuple[str, ...]:
    rows = services(fleet_from({"mx": MAIL}, {}).hosts[0])
    return tuple(sorted({package for row in rows for package in row.packages}))


# They are in an image as files only: a host that is made anew has them at hand, and still installs
# them as any other host does.
FETCHED = _packages()
FETCH = (
    'export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" && apt-get clean && apt-get -qq -y'
    f" --no-install-recommends --download-only install {' '.join(FETCHED)}"
    ' && rm "$1"/var/cache/apt/*.bin'
)
OPTIONS = (
    "--variant=minbase",
    "--format=tar",
    "--dpkgopt=force-unsafe-io",  # a lab's disks need not outlive a power cut
    f"--include={','.join(SYSTEM)}",
    # A host's identity is given to it by its lab.
    '--customize-hook=cd "$1"/etc; rm -f ssh/ssh_host_* resolv.conf hosts hostname; : >machine-id',
    f"--customize-hook={FETCH}",
    "--skip=cleanup/apt",  # which would remove what has been fetched
    # A package manager that starts by itself would now and then hold the lock a deploy needs.
    '--customize-hook=systemctl -q --root="$1" mask apt-daily.timer apt-daily-upgrade.timer',
)
ADDING = Path(__file__).parent / "additions"
START = ('CMD ["/sbin/init"]', "STOPSIGNAL SIGRTMIN+3")


PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Mirrors:
    """Sources of the distribution's packages."""

    main: str = ""
    security: str = ""

    @property
    def ports(self) -> tuple[int, ...]:
        """Return the TCP ports of the sources."""
        urls = (urlsplit(mirror) for mirror in (self.main, self.security))
        return tuple(sorted({url.port or PORTS[url.scheme] for url in urls}))

    def sources(self, suite: Suite) -> tuple[str, ...]:
        """Return the lines of a sources.list."""
        return (
            f"deb {self.main} {suite} main",
            f"deb {self.main} {suite}-updates main",
            f"deb {self.security} {suite}-security main",
        )


@dataclass(frozen=True, order=True)
class Image:
    """A recipe for one image."""

    role: Role
    suite: Suite

    @property
    def base(self) -> "Image | None":
        """Return the image that this one adds to."""
        return Image("mail", self.suite) if ADDITIONS[self.role] else None

    @cached_property
    def digest(self) -> str:
        """Return a digest of the recipe; all mirrors have the same packages."""
        adding = (ADDITIONS[self.role], (ADDING / "Containerfile").read_text())
        recipe = repr((self.suite, OPTIONS, START, adding))
        return hashlib.sha256(recipe.encode()).hexdigest()[:12]

    @property
    def tag(self) -> str:
        """Return the image's name in podman's storage."""
        return f"localhost/pyinfra-mail/{self.role}-{self.suite}:{self.digest}"

    def bootstrap(self, archive: Path, mirrors: Mirrors) -> tuple[str, ...]:
        """Return the command that makes a root directory, as an archive."""
        keyring = (f"--keyring={KEYRING}",) if KEYRING.exists() else ()
        sources = mirrors.sources(self.suite)
        return ("mmdebstrap", *OPTIONS, *keyring, self.suite, str(archive), *sources)

    def load(self, archive: Path) -> tuple[str, ...]:
        """Return the command that takes the archive into podman's storage."""
        changes = (*START, f"LABEL {LABEL}={self.digest}")
        options = (f"--change={change}" for change in changes)
        return ("podman", "import", *options, str(archive), self.tag)

    def addition(self) -> tuple[str, ...]:
        """Return the command that adds this role's packages to the image it builds on."""
        return (
            "podman",
            "build",
            "--isolation=chroot",  # installing packages needs no container runtime
            "--network=host",
            "--layers=false",
            f"--build-arg=PACKAGES={' '.join(ADDITIONS[self.role])}",
            f"--from={self.base.tag if self.base else 'scratch'}",
            f"--label={LABEL}={self.digest}",
            f"--tag={self.tag}",
            str(ADDING),
        )
