"""A bounded buffer between a thread that has frames and one that sends them."""

from threading import Condition, Lock


class Outbox:
    """Frames that gather while the sender is busy; they leave in one piece."""

    def __init__(self, limit):
        self.limit = limit
        self.frames = []
        self.size = 0
        self.lock = Lock()
        self.filled = Condition(self.lock)
        self.emptied = Condition(self.lock)

    def put(self, frame):
        """Add a frame; wait while the outbox is full."""
        with self.lock:
            while self.size >= self.limit:
                self.emptied.wait()
            if not self.frames:
                self.filled.notify()
            self.frames.append(frame)
            self.size += len(frame)

    def take(self):
        """Wait until there is a frame; take all there are, joined for one sendall()."""
        with self.lock:
            while not self.frames:
                self.filled.wait()
            frames, self.frames, self.size = self.frames, [], 0
            self.emptied.notify()
        return b"".join(frames)
