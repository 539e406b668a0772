"""Length-prefixed messages, one client after the other, and an echo of everything."""

import socket
import threading


def start(_):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}", lambda: None


def serve(listener):
    while True:
        client, _ = listener.accept()
        with client:
            while piece := client.recv(65536):
                client.sendall(piece)
