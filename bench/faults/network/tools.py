"""Programs of the system that the network needs, and their packages."""

from __future__ import annotations

import os
import shutil

from bench.errors import NotMeasurable

PACKAGES = {
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ss": "iproute2",
    "unshare": "util-linux",
}
FOR_ROOT = "/usr/local/sbin:/usr/sbin:/sbin"
"""The folders of such programs, which may not be on the user's PATH."""


def tool(name: str) -> str:
    """Return the path of a program.

    Raises NotMeasurable, with its package, if it is not installed.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{FOR_ROOT}")
    if path is None:
        package = PACKAGES.get(name, name)
        raise NotMeasurable(f"{name} is not installed: install the package {package}")
    return path
