from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from voice.simulate import ports

TWO_BLOCKS = range(19_000, 19_100)


def test_a_port_is_nobody_elses_until_it_is_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_RANGE", TWO_BLOCKS)
    monkeypatch.setattr(ports, "_kept", [])
    assert {ports.free_ports(1), ports.free_ports(50)} == {19_000, 19_050}
    other = (
        "from voice.simulate import ports; ports._RANGE = range(19_000, 19_100)\n"
        "try: print(ports.free_ports(1))\nexcept RuntimeError: print('none')"
    )
    asked = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True)
    assert asked.stdout == "none\n"
    for block in ports._kept:
        block.close()
    asked = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() in {"19000", "19050"}


@pytest.mark.parametrize(("kind", "first"), [(socket.SOCK_DGRAM, 19_200), (socket.SOCK_STREAM, 19_300)])
def test_a_port_that_is_taken_is_not_given_out(
    kind: int, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_RANGE", range(first, first + 50))
    monkeypatch.setattr(ports, "_kept", [])
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", first + 7))
        with pytest.raises(RuntimeError, match="no 8 free ports"):
            ports.free_ports(8)
