"""What Kamailio in front of the voice nodes makes of what trunks send."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.voice.line.conftest import Answered, answered, line
from tests.integration.voice.line.sipp import Sipp
from tests.integration.voice.nodes.balancer import Balancer
from voice.line.sip import SipLine
from voice.simulate.ports import free_ports

__all__ = ["answered", "line"]  # fixtures


async def test_a_trunk_that_requires_session_timers_gets_through(
    line: SipLine, answered: Answered, tmp_path: Path
) -> None:
    port, node = free_ports(1), line._settings.port
    async with Balancer(tmp_path, port, trunk_port=free_ports(1), node_ports=[node, node]) as balancer:
        await balancer.ready()
        call = await Sipp.start("session_timer", line_port=port, port=balancer.other_port, ms=300)
        await call.finish()
    assert len(answered.connections) == 1


async def test_without_it_the_stack_refuses_them(line: SipLine, answered: Answered) -> None:
    call = await Sipp.start("session_timer", line_port=line._settings.port, ms=300)
    with pytest.raises(AssertionError):
        await call.finish()
    assert not answered.connections
