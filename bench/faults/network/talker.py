"""One end of a TCP connection whose ends send each other numbers and check them.

This is a helper process (see ``bench.faults.network.helper``). It listens or connects, as
its specification says. It sends a number each hundredth of a second, and answers every line
with its counts.
"""

from __future__ import annotations

import errno
import json
import select
import socket
import struct
import sys
import time

from bench.faults.network.lines import say
from bench.hosts.host import die_with_parent

NUMBER = struct.Struct("!Q")
EACH_S = 0.01


class Talker:
    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connection: socket.socket | None = connection
        self._unsent = b""
        self._unread = b""
        self._silent = False
        self.sent = self.received = 0
        self.counted_right = True
        self.error = ""
        """The error that ended the connection, by its name in errno, or "end of file"."""

    def state(self) -> dict[str, object]:
        return {
            "sent": self.sent,
            "received": self.received,
            "counted_right": self.counted_right,
            "error": self.error,
        }

    def fall_silent(self) -> None:
        self._silent = True

    def talk(self) -> None:
        """Send the next number, or the rest of the last one."""
        if self._connection is None or (self._silent and not self._unsent):
            return
        if not self._unsent:
            self._unsent = NUMBER.pack(self.sent)
            self.sent += 1
        try:
            self._unsent = self._unsent[self._connection.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError as error:
            self._end(errno.errorcode[error.errno or 0])

    def hear(self) -> None:
        """Check every number that has arrived."""
        assert self._connection
        try:
            data = self._connection.recv(1 << 16)
        except OSError as error:
            self._end(errno.errorcode[error.errno or 0])
            return
        if not data:
            self._end("end of file")
        self._unread += data
        whole_bytes = len(self._unread) // NUMBER.size * NUMBER.size
        for (number,) in NUMBER.iter_unpack(self._unread[:whole_bytes]):
            self.counted_right &= number == self.received
            self.received += 1
        self._unread = self._unread[whole_bytes:]

    def _end(self, error: str) -> None:
        assert self._connection
        self._connection.close()
        self._connection = None
        self.error = error

    def listens_to(self) -> list[socket.socket]:
        return [self._connection] if self._connection else []


def connection(listen: str, connect: list[object]) -> socket.socket:
    """Accept one connection at ``listen``, or connect to a host and port; return it."""
    if connect:
        host, port = connect
        return socket.create_connection((str(host), int(str(port))))
    with socket.create_server((listen, 0)) as listener:
        say({"port": listener.getsockname()[1]})
        return listener.accept()[0]


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    talker = Talker(connection(spec["listen"], spec["connect"]))
    if spec["connect"]:
        say(talker.state())
    talk_at = time.monotonic()
    while True:
        wait_s = max(0.0, talk_at - time.monotonic())
        readable, _, _ = select.select([sys.stdin, *talker.listens_to()], [], [], wait_s)
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if not line:
                return
            if json.loads(line)["do"] == "fall silent":
                talker.fall_silent()
            say(talker.state())
        if len(readable) > (sys.stdin in readable):
            talker.hear()
        if time.monotonic() >= talk_at:
            talker.talk()
            talk_at = max(talk_at + EACH_S, time.monotonic())


if __name__ == "__main__":
    main()
