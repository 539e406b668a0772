"""Hand a message to one of several connections, in turn, while their buffers have room."""

from threading import Thread


def hand_out(data, free):
    """Send data to the next of the queue ``free``, whose connections never wait."""
    peer, sent = free.get(), 0
    try:
        while sent < len(data):
            sent += peer.send(data[sent:])  # TLS sends 16 KiB at a time
        free.put(peer)
    except OSError:  # it has no room, or has left
        Thread(target=finish, args=(peer, data, sent, free), daemon=True).start()


def finish(peer, data, sent, free):
    try:
        peer.setblocking(True)
        peer.sendall(data[sent:])  # TLS has begun with these bytes, and wants the same
        peer.setblocking(False)
        free.put(peer)
    except OSError:  # it has left without the whole message, which goes to another
        hand_out(data, free)
