# On a bench host: one word in the log for each command and each uploaded file, whoever sends it.
set -eu
cat >/etc/ssh/sshd_config <<END
UsePAM yes
KbdInteractiveAuthentication no
PrintMotd no
LogLevel VERBOSE
Subsystem sftp internal-sftp -l INFO
END
systemctl reload ssh
