"""A listening socket that a thread accepts on: ended so that the thread ends too."""

from __future__ import annotations

import socket
from contextlib import suppress


def close_listener(listener: socket.socket) -> None:
    """Wake the thread in accept(), then close.

    Closed alone, the thread would wait on: when the kernel restarts its call, on whatever socket
    has the number by then, and it answered for the next test's server (seen: lost alerts).
    """
    with suppress(OSError):  # it may never have listened
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
