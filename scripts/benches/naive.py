"""The same hosts as ordinary pyinfra operations, written as its documentation writes them."""

from pyinfra import host
from pyinfra.facts.files import File
from pyinfra.operations import apt, files, server, systemd
from pyinfra.operations.util import any_changed

ETC = "/etc/postfix"
PRIVATE = "/etc/ssl/private/pyinfra-mail"
hostname = host.data.mail_hostname
certificate = f"{PRIVATE}/{hostname}.pem"

apt.packages(
    name="Packages are installed",
    packages=["postfix", "postfix-lmdb", "iproute2", "openssl"],
)

files.directory(name="There is a directory for keys", path=PRIVATE, mode="700")
if not host.get_fact(File, path=certificate):
    server.shell(
        name="Make a key and its certificate",
        commands=f"umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
        f" -nodes -days 3650 -subj /CN={hostname} -addext subjectAltName=DNS:{hostname}"
        f" -keyout {certificate} -out {certificate}",
    )
files.file(name="Others cannot read it", path=certificate, mode="600", user="root", group="root")

main, master, _, _, aliases, virtual = (
    files.put(
        name=f"{name} is in place",
        src=f"{host.data.bench_files}/{name}",
        dest=f"{ETC}/{name}",
        user="root",
        group="root",
        mode="644",
    )
    for name in ("main.cf", "master.cf", "bounce.cf", "openssl.cnf", "aliases", "virtual")
)
server.shell(
    name="Build the table of aliases",
    commands=[f"postalias lmdb:{ETC}/aliases"],
    _if=aliases.did_change,
)
server.shell(
    name="Build the table of recipients",
    commands=[f"postmap lmdb:{ETC}/virtual"],
    _if=virtual.did_change,
)
systemd.service(name="Postfix runs", service="postfix.service", running=True, enabled=True)
systemd.service(
    name="Postfix reads its configuration",
    service="postfix.service",
    reloaded=True,
    _if=any_changed(main, master),
)
