"""TLS on a socket, where both ends show a certificate: see the files in this folder."""

from ssl import CERT_REQUIRED, Purpose, create_default_context
from urllib.parse import urlsplit

import connections


def for_server():
    context = create_default_context(Purpose.CLIENT_AUTH, cafile="ca.pem")
    context.verify_mode = CERT_REQUIRED  # a client has to show a certificate, too
    context.load_cert_chain("server.pem")
    context.num_tickets = 0  # a client that never reads them would leave with a reset
    return context


def connect(address):
    context = create_default_context(cafile="ca.pem")
    context.load_cert_chain("client.pem")
    name = urlsplit(address).hostname
    return context.wrap_socket(connections.connect(address), server_hostname=name)
