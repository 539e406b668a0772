"""Peers that find each other by UDP broadcasts on one network segment.

Nobody is given an address but that of the segment. It takes BSD sockets on every stack.
"""

import socket
from asyncio import DatagramProtocol, Queue, TaskGroup, get_running_loop, sleep
from urllib.parse import urlsplit

HEARTBEAT_S = 0.5


class Ears(DatagramProtocol):
    def __init__(self):
        self.heard = Queue()

    def datagram_received(self, data, _):
        self.heard.put_nowait(data)


async def shout(transport, about, segment):
    while True:
        transport.sendto(about, segment)
        await sleep(HEARTBEAT_S)


async def discover(beacon, about):
    url = urlsplit(beacon)
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    one.bind(("", url.port))
    transport, ears = await get_running_loop().create_datagram_endpoint(Ears, sock=one)
    known = {about}
    async with TaskGroup() as tasks:
        tasks.create_task(shout(transport, about, (url.hostname, url.port)))
        while True:
            other = await ears.heard.get()
            if other not in known:
                known.add(other)
                yield other
