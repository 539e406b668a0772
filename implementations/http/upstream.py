"""nginx with a list of servers that can change: started, and told of another list."""

import shutil
import subprocess
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

FOLDER = Path(gettempdir())
NGINX = ["nginx", "-p", FOLDER, "-c", FOLDER / "nginx.conf"]


def run(configuration, front, servers):
    shutil.copy(configuration, FOLDER)
    Path(FOLDER, "front.conf").write_text(f"listen {urlsplit(front).netloc};\n")
    name(servers)
    # It must not outlive the program that started it.
    subprocess.run(["setpriv", "--pdeathsig", "KILL", *NGINX], check=True)


def name(servers):
    lines = [f"server {urlsplit(server).netloc};\n" for server in servers]
    Path(FOLDER, "servers.conf").write_text("".join(lines))


def reload(servers):
    name(servers)
    subprocess.run([*NGINX, "-s", "reload"], check=True)
