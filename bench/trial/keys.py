"""The keys of one trial: made anew in its folder, which is where its hosts work.

A program whose variant has a ``security`` finds them by their names in the current folder.
Both ends prove who they are. Nothing of it outlives the trial.

tls     ``ca.pem``, an authority; ``server.pem`` and ``client.pem``, each a key and its
        certificate, as ``ssl.SSLContext.load_cert_chain`` reads them
curve   ``server.key`` and ``server.key_secret``, ``client.key_secret``, and in ``clients/``
        the keys of those that a server lets in: files of ``zmq.auth``
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from bench.errors import NotMeasurable

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PUBLIC = {"tls": "ca.pem", "curve": "server.key"}
"""By what a client knows its server. It is no secret."""


def make_keys(security: str, folder: Path, urls: Iterable[str] = ()) -> None:
    """Write the keys of a ``security`` into a folder; none for an empty one.

    ``urls`` are the addresses of the trial: a certificate names their hosts. Raises
    NotMeasurable with what to install.
    """
    if security == "tls":
        _make_certificates(folder, {urlsplit(url).hostname or "" for url in urls})
    elif security == "curve":
        _make_curve_keys(folder)


def make_strangers_keys(security: str, folder: Path, known: Path) -> None:
    """Write keys of a stranger, who knows of a trial's keys what is public.

    ``known`` is the folder of the trial. Raises NotMeasurable as ``make_keys`` does.
    """
    make_keys(security, folder)
    shutil.copy(known / PUBLIC[security], folder)


def _make_certificates(folder: Path, hosts: set[str]) -> None:
    try:
        import trustme  # only where a program asks for it: it loads a library of ciphers
    except ImportError as error:
        raise NotMeasurable("certificates need trustme: pip install trustme") from error
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    names = {"server": {*LOOPBACK, *hosts} - {""}, "client": {"client"}}
    for owner, known_as in names.items():
        made = authority.issue_cert(*sorted(known_as))
        made.private_key_and_cert_chain_pem.write_to_path(folder / f"{owner}.pem")


def _make_curve_keys(folder: Path) -> None:
    import zmq
    from zmq.auth import create_certificates

    if not zmq.has("curve"):
        raise NotMeasurable("this libzmq has no CURVE: install the wheel of pyzmq")
    clients = folder / "clients"
    clients.mkdir(exist_ok=True)
    create_certificates(folder, "server")
    create_certificates(folder, "client")
    (folder / "client.key").rename(clients / "client.key")
