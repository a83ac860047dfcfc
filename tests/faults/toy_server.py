"""A server that loads nothing, under the real supervisor: `python -m tests.faults.toy_server PORT FOLDER`.

Each connection is told the id of the process that took it. A number in FOLDER/ends lets a process end with that code at its start.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from bot import supervisor

SILENT_FOR_S = 2.0


@dataclass(frozen=True)
class Toy:
    listener: socket.socket
    folder: Path

    def __call__(self, heart: Connection) -> None:
        if (ends := self.folder / "ends").exists():
            sys.exit(int(ends.read_text()))
        threading.Thread(target=self._beat, args=(heart,), daemon=True).start()
        self.listener.listen()
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.sendall(str(os.getpid()).encode())

    def _beat(self, heart: Connection) -> None:
        while True:
            heart.send_bytes(b"1")
            time.sleep(0.1)


def main() -> None:
    port, folder = sys.argv[1:]
    supervisor.SILENT_FOR_S = SILENT_FOR_S
    with supervisor.bound("127.0.0.1", int(port)) as listener:
        sys.exit(supervisor.Supervisor(Toy(listener, Path(folder)), 2).run())


if __name__ == "__main__":
    main()
