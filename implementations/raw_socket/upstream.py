"""HAProxy with a list of servers that can change: started, and told of another list."""

import os
import signal
import subprocess
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

SERVERS, PID = Path(gettempdir(), "servers.cfg"), Path(gettempdir(), "haproxy.pid")


def run(configuration, front, servers):
    name(servers)
    haproxy = ["haproxy", "-W", "-db", "-p", PID, "-f", configuration, "-f", SERVERS]
    # It must not outlive the program that started it.
    command = ["setpriv", "--pdeathsig", "KILL", *haproxy]
    subprocess.run(command, check=True, env={**os.environ, "FRONT": urlsplit(front).netloc})


def name(servers):
    lines = [f"server {n} {urlsplit(url).netloc}" for n, url in enumerate(servers)]
    SERVERS.write_text("\n".join(["backend servers", *lines, ""]))


def reload(servers):
    name(servers)
    os.kill(int(PID.read_text()), signal.SIGUSR2)
