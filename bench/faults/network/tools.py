"""Programs of the system that the network and cells need, and their packages."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bench.contract.model import Variant
from bench.errors import NotMeasurable

PACKAGES = {
    "apache2": "apache2-bin",
    "ip": "iproute2",
    "nft": "nftables",
    "nginx": "nginx-light",
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


def require(variant: Variant) -> None:
    """Raise NotMeasurable if a program or a file that a variant needs is not there."""
    for program in variant.programs:
        tool(program)
    for file, package in variant.files.items():
        if not Path(file).exists():
            raise NotMeasurable(f"{file} is missing: install the package {package}")
