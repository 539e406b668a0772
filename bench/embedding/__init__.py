"""One echo server in a program that already runs, on each stack in three languages.

The program is a loop that does something else (``application.*``). What its author adds is
``implementations/<stack>/embedded/echo.*``: start serving at an address, say where that is,
stop. Of each of these twelve questions are asked, by experiment over real sockets; a stack
is consistent where its programs give the same answer in every language.
"""

QUESTIONS = {
    "keep_alive": "A connection that is idle after a reply",
    "max_body": "The largest request",
    "max_header": "The largest header",
    "header_timeout": "A client that never finishes its header",
    "concurrency": "Eight clients at once",
    "disconnect": "A client that is gone before its reply",
    "bad_request": "A client that talks nonsense",
    "head": "The method HEAD",
    "ipv6": "An IPv6 address",
    "unix_socket": "A local socket's path",
    "stop": "Stopped by the program, with clients connected",
    "port_0": "Port 0: where does it listen?",
}
"""What is asked, by the name that data has for it."""
