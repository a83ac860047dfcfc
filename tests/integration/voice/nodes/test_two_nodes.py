"""Two voice nodes behind Kamailio, and one of them is killed in the middle of a call."""

from __future__ import annotations

import asyncio
import base64
import csv
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.domain.local_time import local_now
from backend.domain.order import Order
from backend.services.import_people import import_people
from backend.store.open import Store, open_store
from config.settings import load_settings
from tests.bench.postgres import postgres_server
from tests.integration.voice.line.conftest import settings
from tests.integration.voice.line.sipp import Sipp
from tests.integration.voice.nodes.balancer import Balancer
from tests.integration.voice.nodes.person import Person
from tests.integration.voice.nodes.server import VoiceNode
from voice.line.line import Connection
from voice.line.sip import SipLine
from voice.line.sip_settings import Trunk
from voice.simulate.ports import free_ports

ELDER = "13909510011"
SECRETS = {
    "NUANXIAN_DEMO": "false",
    "NUANXIAN_DATA_KEY": base64.b64encode(bytes(range(32))).decode(),
    "NUANXIAN_SECRET": "s" * 40,
}
# A dead process is noticed after five seconds instead of thirty.
SOONER = """
from datetime import timedelta
import backend.store.outbound_calls, bot.call_watch
backend.store.outbound_calls.STAND_BY = timedelta(seconds=5)
bot.call_watch.RENEW_S = 1.0
"""


class Telephone:
    """The elder's, at the trunk: calls, and is called."""

    def __init__(self, proxy_port: int) -> None:
        trunk = Trunk(f"127.0.0.1:{proxy_port}", ELDER, "", register=False)
        self.settings = replace(settings(), trunk=trunk)
        self.line = SipLine(self.settings)
        self.rings: asyncio.Queue[Connection] = asyncio.Queue()

    async def take(self, connection: Connection) -> None:
        hung_up = asyncio.Event()
        self.rings.put_nowait(connection)
        await hung_up.wait()

    async def call(self) -> Person:
        return Person(await self.line.dial("12345"))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with postgres_server("fsync=off", "full_page_writes=off") as url:
        monkeypatch.setenv("NUANXIAN_DB", url)
        store = open_store(load_settings(db=url))
        people = tmp_path / "people.csv"
        with people.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [
                    ("name", "phone", "birth_date", "address", "categories"),
                    ("马秀英", ELDER, "1946-03-12", "银川市金凤区长城花园3号楼2单元501", "独居"),
                ]
            )
        assert not import_people(people, store, today=local_now().date()).problems
        yield store
        store.close()


@pytest.fixture
async def telephone() -> AsyncIterator[Telephone]:
    telephone = Telephone(free_ports(1))
    await telephone.line.open(telephone.take)
    yield telephone
    await telephone.line.close()


async def placed(store: Store) -> Order:
    """The first order."""
    async with asyncio.timeout(30):
        while True:
            with store.reading() as uow:
                if orders := uow.orders.queue(limit=9):
                    return orders[0]
            await asyncio.sleep(0.2)


@pytest.mark.slow
async def test_a_node_dies_and_the_caller_is_called_back_where_the_call_stopped(
    store: Store, telephone: Telephone, tmp_path: Path
) -> None:
    assert telephone.settings.trunk
    proxy_port = int(telephone.settings.trunk.registrar.rpartition(":")[2])
    dial = {"NUANXIAN_SIP_DIAL": f"sip:{{number}}@127.0.0.1:{proxy_port}"}
    async with (
        VoiceNode(tmp_path, "voice-1", dial, setup=SOONER) as first,
        VoiceNode(tmp_path, "voice-2", dial, setup=SOONER) as second,
    ):
        await asyncio.gather(first.opened(), second.opened())
        node_ports = [first.sip_port, second.sip_port]
        async with Balancer(
            tmp_path, proxy_port, trunk_port=telephone.settings.port, node_ports=node_ports
        ) as balancer:
            await balancer.ready()
            person = await telephone.call()
            await person.listen()
            await person.say("我想订个午饭")
            await person.listen()  # «什么时候？»
            dying, living = (first, second) if first.logged("line.connected") else (second, first)
            assert not living.logged("line.connected")
            await dying.kill()
            await person.hang_up()

            other = await Sipp.start("call", line_port=proxy_port, port=balancer.other_port, ms=500)
            await other.finish()
            assert len(living.logged("line.connected")) == 1

            person = Person(await asyncio.wait_for(telephone.rings.get(), 40))
            await person.hello()
            await person.listen()  # «刚才电话断了。……»
            await person.say("明天中午")
            await person.listen()  # «……对吗？»
            await person.say("对")
            order = await placed(store)
            await person.hang_up()
    with store.reading() as uow:
        calls = uow.call_records.page(limit=9)
    tomorrow = local_now().date() + timedelta(days=1)
    assert (order.item, order.wanted.iso) == ("meal", f"{tomorrow}T12:00")
    ends = [call.reason for call in calls]
    assert ends.count(None) == 1, "of the call that was killed nobody saw the end"
    assert set(ends) <= {None, "caller", "done"}
