"""asyncio's streams at tcp:// and ipc:// addresses. asyncio sets TCP_NODELAY itself."""

import asyncio
from urllib.parse import urlsplit


def listen(address, serve, **options):
    url = urlsplit(address)
    if url.scheme == "ipc":
        return asyncio.start_unix_server(serve, url.path, **options)
    return asyncio.start_server(serve, url.hostname, url.port, **options)


def connect(address):
    url = urlsplit(address)
    if url.scheme == "ipc":
        return asyncio.open_unix_connection(url.path)
    return asyncio.open_connection(url.hostname, url.port)
