"""Pictures that people sent: kept once, and deleted when they are too old."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from backend.jobs.retention import pictures_job
from backend.store.pictures import Pictures
from backend.store.sealing import Cipher
from config.retention import load_retention

JPEG = b"\xff\xd8\xff" + bytes(20)
NIGHT = datetime(2026, 11, 24, 3, 0)
DAY = datetime(2026, 11, 24, 15, 0)


def test_the_same_message_keeps_its_picture_once(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, Cipher(bytes(range(32))))
    name = pictures.keep("wechat:a", "1", JPEG)
    assert pictures.keep("wechat:a", "1", JPEG) == name
    assert list(pictures.names("wechat:a")) == [name]
    assert pictures.read("wechat:a", name) == JPEG


def test_old_pictures_are_deleted_at_night(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, Cipher(bytes(range(32))))
    old, new = pictures.keep("wechat:a", "1", JPEG), pictures.keep("wechat:a", "2", JPEG)
    for name, days in ((old, load_retention().pictures + 1), (new, 1)):
        moment = (NIGHT - timedelta(days=days)).timestamp()
        (path,) = tmp_path.glob(f"*/{name}")
        os.utime(path, (moment, moment))
    job = pictures_job(pictures)
    job.run(DAY)
    assert set(pictures.names("wechat:a")) == {old, new}
    job.run(NIGHT)
    assert list(pictures.names("wechat:a")) == [new]
