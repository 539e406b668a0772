"""nginx, Apache and HAProxy, each in a folder of its own with a site's configuration.

A site's configuration is a file beside this module. The frames here are what a distribution
has ready, and what it takes to run in a folder without touching the machine.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
PATIENCE_S = 1
"""How long a client may take for its header, as every site's configuration says."""
NGINX = """
daemon off;
$user
pid nginx.pid;
error_log error.log;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include $site;
}
"""
APACHE_MODULES = "/usr/lib/apache2/modules"
APACHE = "\n".join(
    [
        "ServerRoot $folder",
        "ServerName localhost",
        "PidFile apache.pid",
        "DefaultRuntimeDir $folder",
        "ErrorLog error.log",
        *(
            f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so"
            for name in (
                "mpm_event",
                "authz_core",
                "reqtimeout",
                "proxy",
                "proxy_http",
                "slotmem_shm",
                "proxy_balancer",
                "lbmethod_byrequests",
            )
        ),
        "$user",
        "Include $site",
        "",
    ]
)
HAPROXY = "global\n    maxconn 2000\n"


@dataclass(frozen=True)
class Front:
    """A server that passes requests on.

    ``command`` has places for the folder and the main configuration. ``user`` is what lets
    root's workers read the folder; other users need nothing.
    """

    name: str
    program: str
    package: str
    frame: str
    command: str
    reload: signal.Signals
    user: str = ""

    @property
    def site(self) -> str:
        """The site's configuration, with places for ports."""
        return (HERE / f"{self.name}.conf").read_text()

    def site_with(self, ports: Mapping[str, int]) -> str:
        return Template(self.site).substitute(ports, patience=PATIENCE_S)

    def configured(self, folder: Path, text: str) -> list[str]:
        """Write a site's configuration; return the words that follow the program."""
        site, main = folder / "site.conf", folder / "main.conf"
        site.write_text(text)
        user = self.user if os.geteuid() == 0 else ""
        frame = Template(self.frame).substitute(folder=folder, site=site, user=user)
        main.write_text(frame)
        places = {"folder": folder, "main": main, "site": site}
        return [word.format(**places) for word in self.command.split()]


def configuration_lines(site: str) -> int:
    """Return how many lines a user writes for a site: those that are not empty."""
    return sum(bool(line.strip()) for line in site.splitlines())


FRONTS = {
    "nginx": Front(
        "nginx", "nginx", "nginx-light", NGINX, "-p {folder} -c {main}", signal.SIGHUP,
        "user root;",
    ),
    "apache": Front(
        "apache", "apache2", "apache2-bin", APACHE, "-f {main} -DFOREGROUND",
        signal.SIGUSR1, "User www-data\nGroup www-data",
    ),
    "haproxy": Front(
        "haproxy", "haproxy", "haproxy", HAPROXY, "-W -db -q -f {main} -f {site}",
        signal.SIGUSR2,
    ),
}  # fmt: skip
