"""TLS and a second core: aiohttp by itself, and with nginx in front of it."""
