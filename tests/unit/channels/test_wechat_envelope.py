"""Only WeChat opens the door: signatures, times, keys."""

from __future__ import annotations

import secrets

import pytest
from defusedxml.ElementTree import fromstring
from wechatpy.crypto import PrpCrypto, WeChatCrypto

from bot.channels.contract import BrokenError, ForgedError
from bot.channels.wechat.envelope import Envelope, aes_key
from bot.sandbox.wechat import WeChatPlatform, signature

NOW_S = 1795395600.0
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def platform(key: str | None = None, app_id: str = "wx1") -> WeChatPlatform:
    return WeChatPlatform(app_id, "secret", "token", aes_key=key)


def message(at: WeChatPlatform) -> str:
    return at.message("openid", "text", Content="我要订饭")


def test_a_plain_message_is_opened() -> None:
    sender = platform()
    xml = message(sender)
    query, body = sender.sealed(xml, now_s=NOW_S)
    assert Envelope("token", "wx1").open(query, body.encode(), NOW_S + 299) == xml


def test_an_encrypted_message_is_opened_and_answered_encrypted() -> None:
    sender, envelope = platform(KEY), Envelope("token", "wx1", KEY)
    xml = message(sender)
    query, body = sender.sealed(xml, now_s=NOW_S)
    assert "我要订饭" not in body
    assert envelope.open(query, body.encode(), NOW_S) == xml
    sealed = envelope.seal("<xml>答</xml>", NOW_S)
    values = {child.tag: child.text or "" for child in fromstring(sealed)}
    assert values["MsgSignature"] == signature(
        "token", values["TimeStamp"], values["Nonce"], values["Encrypt"]
    )
    assert (
        WeChatCrypto("token", KEY, "wx1").decrypt_message(
            sealed, values["MsgSignature"], values["TimeStamp"], values["Nonce"]
        )
        == "<xml>答</xml>"
    )
    assert envelope.seal("", NOW_S) == ""


def test_the_cipher_opens_what_wechat_itself_encrypted() -> None:
    # The published example of the enterprise account, whose cipher is the same.
    echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    crypto = WeChatCrypto("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
    assert signature("QDG6eK", "1409659589", "263014780", echo) == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert PrpCrypto(crypto.key).decrypt(echo, "wx5823bf96d3bd56c7") == "1616140317555161061"


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "0" * 40}, {"signature": ""}, {"nonce": "other"}, {"timestamp": "1795395601"},
        {"timestamp": "-1"}, {"timestamp": "9" * 30}, {"timestamp": "一"},
    ],
    ids=["wrong", "none", "nonce", "timestamp", "negative", "huge", "no digits"],
)  # fmt: skip
def test_a_forged_message_is_refused(change: dict[str, str]) -> None:
    sender = platform()
    query, body = sender.sealed(message(sender), now_s=NOW_S)
    with pytest.raises(ForgedError):
        Envelope("token", "wx1").open(query | change, body.encode(), NOW_S)


def test_an_old_message_is_refused_however_well_it_is_signed() -> None:
    sender = platform()
    query, body = sender.sealed(message(sender), now_s=NOW_S - 301)
    with pytest.raises(ForgedError, match="five minutes"):
        Envelope("token", "wx1").open(query, body.encode(), NOW_S)


def test_with_a_key_a_plain_message_is_refused() -> None:
    sender = platform()
    query, body = sender.sealed(message(sender), now_s=NOW_S)
    with pytest.raises(ForgedError, match="not encrypted"):
        Envelope("token", "wx1", KEY).open(query, body.encode(), NOW_S)


def test_an_encrypted_message_is_refused_when_its_own_signature_is_wrong() -> None:
    sender = platform(KEY)
    query, body = sender.sealed(message(sender), now_s=NOW_S)
    other, _ = sender.sealed(message(sender), now_s=NOW_S)
    with pytest.raises(ForgedError):
        Envelope("token", "wx1", KEY).open(
            query | {"msg_signature": other["msg_signature"]}, body.encode(), NOW_S
        )


def test_a_wrong_key_is_told_as_such() -> None:
    sender = platform(KEY)
    for _ in range(20):  # noise fails in different ways
        query, body = sender.sealed(message(sender), now_s=NOW_S)
        with pytest.raises((BrokenError, ForgedError)):
            Envelope("token", "wx1", aes_key()).open(query, body.encode(), NOW_S)


def test_a_message_of_another_account_is_refused() -> None:
    sender = platform(KEY, app_id="wx2")
    query, body = sender.sealed(message(sender), now_s=NOW_S)
    with pytest.raises(ForgedError, match="another account"):
        Envelope("token", "wx1", KEY).open(query, body.encode(), NOW_S)


def test_an_encrypted_message_without_our_key_is_told_as_such() -> None:
    sender = platform(KEY)
    query, body = sender.sealed(message(sender), now_s=NOW_S)
    with pytest.raises(BrokenError, match="AES_KEY"):
        Envelope("token", "wx1").open(query, body.encode(), NOW_S)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 31, 32, 48, 1000])
def test_noise_in_place_of_a_message_is_refused(length: int) -> None:
    import base64

    noise = base64.b64encode(secrets.token_bytes(length)).decode()
    stamp = str(int(NOW_S))
    query = {
        "timestamp": stamp, "nonce": "1", "signature": signature("token", stamp, "1"),
        "msg_signature": signature("token", stamp, "1", noise),
    }  # fmt: skip
    body = f"<xml><Encrypt>{noise}</Encrypt></xml>".encode()
    with pytest.raises((BrokenError, ForgedError)):
        Envelope("token", "wx1", KEY).open(query, body, NOW_S)


@pytest.mark.parametrize("key", ["short", "!" * 43, "é" * 43])
def test_a_key_that_is_none_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        Envelope("token", "wx1", key)
