"""A bounded buffer between the thread that has messages and the thread that sends."""

from threading import Condition, Lock


class Outbox:
    """Holds frames; what has gathered while the sender was busy leaves in one piece."""

    def __init__(self, limit):
        self.limit = limit
        self.frames = bytearray()
        lock = Lock()
        self.filled = Condition(lock)
        self.emptied = Condition(lock)
        self.lock = lock

    def put(self, data):
        """Add a frame; wait while the buffer is full."""
        with self.lock:
            while len(self.frames) >= self.limit:
                self.emptied.wait()
            self._add(data)

    def offer(self, data):
        """Add a frame, or drop it if the buffer is full."""
        with self.lock:
            if len(self.frames) < self.limit:
                self._add(data)

    def _add(self, data):
        if not self.frames:
            self.filled.notify()
        self.frames += data

    def take(self):
        """Wait until there is a frame, and take all there are."""
        with self.lock:
            while not self.frames:
                self.filled.wait()
            frames, self.frames = self.frames, bytearray()
            self.emptied.notify_all()
        return frames
