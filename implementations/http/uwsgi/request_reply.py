"""Request/reply over HTTP/1.1: uWSGI serves in this process, libcurl asks."""

import sys
from types import ModuleType
from urllib.parse import urlsplit

import pycurl
import pyuwsgi
from limits import MAX_LENGTH, allowed

THREADS = 32  # each serves one connection as long as that is kept open


def serve(address, handle):
    def application(environ, start_response):
        reply = handle(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("200 OK", [("Content-Length", str(len(reply)))])
        return [reply]

    sys.modules["served"] = ModuleType("served")  # uWSGI wants the name of a module
    sys.modules["served"].application = application
    arguments = [
        f"--http11-socket={urlsplit(address).netloc}",
        "--module=served",
        "--need-app",
        "--single-interpreter",
        f"--threads={THREADS}",
        f"--limit-post={MAX_LENGTH}",
        "--disable-logging",
    ]
    pyuwsgi.run(arguments)


def call(address, requests):
    curl = pycurl.Curl()  # keeps the connection open between requests
    curl.setopt(pycurl.URL, address.replace("tcp:", "http:"))
    curl.setopt(pycurl.NOPROXY, "*")
    curl.setopt(pycurl.FAILONERROR, True)
    curl.setopt(pycurl.MAXFILESIZE, MAX_LENGTH)
    # no "Expect: 100-continue", which would cost a long request a round trip
    curl.setopt(pycurl.HTTPHEADER, ["Content-Type: application/octet-stream", "Expect:"])
    for request in requests:
        allowed(len(request))
        curl.setopt(pycurl.POSTFIELDS, request)
        try:
            reply = curl.perform_rb()
        except pycurl.error as error:
            if error.args[0] == pycurl.E_FILESIZE_EXCEEDED:  # libcurl names no number
                raise ValueError(f"a reply of more than {MAX_LENGTH} bytes") from error
            raise
        yield reply
