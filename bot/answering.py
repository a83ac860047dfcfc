"""A process beside the server that answers letters, so that the one that takes messages is never busy answering.

A turn needs the processor for about 10 ms, and Python computes one at a time in a process: a server that answers a rush of
messages could not acknowledge it. What is acknowledged lies in the database; this process takes it from there, answers and
sends, with less claim to the processor than the server. When it dies it is started again, and its letters are taken anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator

import structlog
from fastapi import FastAPI

from backend.domain.local_time import local_now
from bot.channels.keeper import Keeper
from bot.channels.mount import channels_on, keep_tokens_out_of_logs
from bot.channels.reception import Reception
from bot.composition import open_house
from bot.logs import configure
from bot.postman import Postman
from config.messaging import load_messaging
from config.settings import Settings

log = structlog.get_logger()

NICER = 10  # steps of niceness: acknowledging, pages and calls come first
LOOK_EVERY_S = 0.2  # for letters: nobody can ring in another process
WATCH_EVERY_S = 0.5
STARTS_AGAIN_AFTER_S = 2.0
ENDS_WITHIN_S = 8.0


class AnsweringRoom:
    """Keeps the process running for as long as the server does."""

    def __init__(self, db: str) -> None:
        """`db`: the URL that the server uses; everything else is read from the environment, as the server did."""
        self._db = db
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_open, name="answering room", daemon=True)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        self._thread.start()
        yield
        self._closing.set()
        await asyncio.to_thread(self._thread.join)

    def _keep_open(self) -> None:
        while not self._closing.is_set():
            exit_code = self._one_process()
            # A service that is stopped stops both at once: then there is nothing to tell.
            if not self._closing.wait(STARTS_AGAIN_AFTER_S):
                log.error("answering_process_ended", exit_code=exit_code, remedy="it is started again")

    def _one_process(self) -> int | None:
        # Spawned, not forked: a fork would inherit the locks of our threads.
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=answer_letters, args=(self._db,), name="answering", daemon=True)
        process.start()
        while process.is_alive() and not self._closing.wait(WATCH_EVERY_S):
            pass
        process.terminate()
        process.join(ENDS_WITHIN_S)
        if process.is_alive():
            process.kill()
            process.join()
        return process.exitcode


def answering_room(settings: Settings) -> AnsweringRoom | None:
    """A room for the channels that post letters; None where none of them is on."""
    return AnsweringRoom(settings.db) if "wechat" in channels_on(settings, load_messaging()) else None


def answer_letters(db: str) -> None:
    """The process itself: until it gets SIGTERM, or the server is gone."""
    from bot.channels.wechat.accounts import open_accounts

    closing = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    signal.signal(signal.SIGTERM, lambda *_: closing.set())
    os.nice(NICER)
    keep_tokens_out_of_logs()
    house = open_house(db=db)
    configure(house.settings.log_level)
    postman = Postman(house.store, look_every_s=LOOK_EVERY_S)
    reception = Reception(house.conversations, Keeper(house.store, house.settings.media))
    channels = [channel for _, channel in open_accounts(house.settings, load_messaging(), reception, postman)]
    for channel in channels:
        channel.serve_letters()
    house.conversations.warm_up(local_now())
    postman.start()
    server = multiprocessing.parent_process()
    while not closing.wait(WATCH_EVERY_S) and server is not None and server.is_alive():
        pass
    postman.stop()
    for channel in channels:
        channel.api.close()
    house.store.close()
