"""Apache with a list of servers that can change: started, and told of another list."""

import os
import signal
import subprocess
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

FOLDER = Path(gettempdir())


def run(configuration, front, servers):
    name(servers)
    apache = ["apache2", "-D", "FOREGROUND", "-f", configuration]
    # It refuses to serve as root, and must not outlive the program that started it.
    user = ["unshare", "--user", "--map-user=1000", "setpriv", "--pdeathsig", "KILL"]
    places = {"FRONT": urlsplit(front).netloc, "FOLDER": FOLDER}
    subprocess.run([*user, *apache], check=True, env={**os.environ, **places})


def name(servers):
    lines = [f"BalancerMember {url.replace('tcp:', 'http:')}\n" for url in servers]
    Path(FOLDER, "members.conf").write_text("".join(lines))


def reload(servers):
    name(servers)
    os.kill(int(Path(FOLDER, "apache.pid").read_text()), signal.SIGUSR1)
