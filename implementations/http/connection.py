"""A client of one server, on a TCP port or a Unix socket."""

from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, UnixConnector


def connect(address):
    url = urlsplit(address)
    connector = UnixConnector(url.path) if url.path else None
    options = {"raise_for_status": True, "timeout": ClientTimeout(total=None)}
    return ClientSession(f"http://{url.netloc or 'unix'}", connector=connector, **options)
