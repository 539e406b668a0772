"""SIGTERM and SIGHUP end the harness as Ctrl-C does: its processes end first."""

from __future__ import annotations

import signal
import threading
from types import FrameType

NAMES = ("SIGTERM", "SIGHUP")
STOPPING = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt once, so that a second signal does not interrupt the cleaning up."""
    del number, frame
    for stopping in STOPPING:
        signal.signal(stopping, signal.SIG_IGN)
    raise KeyboardInterrupt


def stop_as_by_interrupt() -> None:
    """Have the signals raise KeyboardInterrupt, unless their handling was set (nohup)."""
    if threading.current_thread() is not threading.main_thread():
        return
    for stopping in STOPPING:
        if signal.getsignal(stopping) is signal.SIG_DFL:
            signal.signal(stopping, _interrupt)
