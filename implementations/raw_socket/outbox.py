"""A bounded buffer between a thread that has frames and those that send them."""

from threading import Condition, Lock


class Outbox:
    """Frames that gather while the sender is busy; they leave in one piece."""

    def __init__(self, limit):
        self.limit = limit
        self.frames = []
        self.size = 0
        self.leaving = 0  # bytes that were taken last, and are being sent
        self.closed = False
        self.lock = Lock()
        self.filled = Condition(self.lock)
        self.emptied = Condition(self.lock)

    def put(self, frame):
        """Add a frame; wait while the outbox is full.

        Raises ConnectionError once the outbox is closed.
        """
        with self.lock:
            while self.size >= self.limit and not self.closed:
                self.emptied.wait()
            if self.closed:
                raise ConnectionError("the connection has failed")
            self.add(frame)

    def offer(self, frame):
        """Add a frame; drop it if as much waits, or is being sent, as the limit says."""
        with self.lock:
            if self.size + self.leaving < self.limit:
                self.add(frame)

    def add(self, frame):
        if not self.frames:
            self.filled.notify()
        self.frames.append(frame)
        self.size += len(frame)

    def take(self):
        """Wait until there are frames; take all. There are none once it is closed."""
        with self.lock:
            self.leaving = 0
            while not self.frames and not self.closed:
                self.filled.wait()
            frames, self.frames = self.frames, []
            self.leaving, self.size = self.size, 0
            self.emptied.notify()
        return frames

    def put_back(self, frames, unsent):
        """Put back those frames of which the last ``unsent`` bytes were not sent."""
        with self.lock:
            while unsent > 0:
                frame = frames.pop()
                unsent -= len(frame)
                self.frames.insert(0, frame)
                self.size += len(frame)
            self.filled.notify()

    def close(self):
        """Let those who take have what is left, and nobody put in more."""
        with self.lock:
            self.closed = True
            self.filled.notify_all()
            self.emptied.notify_all()
