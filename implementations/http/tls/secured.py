"""HTTPS, where both ends show a certificate: see the files in this folder."""

from ssl import CERT_REQUIRED, Purpose, create_default_context
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web


async def listen(address, route, **options):
    context = create_default_context(Purpose.CLIENT_AUTH, cafile="ca.pem")
    context.verify_mode = CERT_REQUIRED  # a client has to show a certificate, too
    context.load_cert_chain("server.pem")
    app = web.Application(**options)
    app.add_routes([route])
    # handlers end when their client leaves: nobody else gets what it was to be given
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port, ssl_context=context).start()


def connect(address):
    context = create_default_context(cafile="ca.pem")
    context.load_cert_chain("client.pem")
    return ClientSession(
        address.replace("tcp:", "https:"),
        connector=TCPConnector(ssl=context),
        raise_for_status=True,
        timeout=ClientTimeout(total=None),
    )
