# On a bench host: what the queue is on, and how long a file of 5 KiB takes to be on the disk.
set -eu
python3 - <<END
import os, statistics, subprocess, time
path = "/var/spool/postfix/bench"
kind = subprocess.check_output(["stat", "-f", "-c", "%T", "/var/spool/postfix"], text=True).strip()
options = next(line for line in open("/proc/mounts") if line.split()[1] == "/").split()[3]
def synced():
    began = time.perf_counter()
    with open(path, "wb") as file:
        file.write(bytes(5120))
        os.fsync(file.fileno())
    return time.perf_counter() - began
times = [synced() for _ in range(50)]
os.unlink(path)
volatile = ", volatile" if "volatile" in options.split(",") else ""
print(f"{kind}{volatile}, {statistics.median(times) * 1000:.2f} ms for an fsync")
END
