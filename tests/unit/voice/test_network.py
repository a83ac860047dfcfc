"""The relay of the scripted calls on the bytes of the signalling, and when harmed packets leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from voice.simulate.network import LINE, PHONE, Harm, Network
from voice.simulate.script import Conditions, ScriptError, load_scripts, read_script

SERVER, CALLER = ("127.0.0.1", 5060), ("127.0.0.1", 6000)
SDP = b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 7000 RTP/AVP 8 101\r\na=sendrecv\r\n"
INVITE = b"INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK1;rport\r\n"
OK = b"SIP/2.0 200 OK\r\n"


def message(head: bytes, body: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def network() -> Network:
    return Network("127.0.0.1", 30_000, SERVER, Conditions())


def test_an_offer_is_sent_to_the_line_with_our_port_and_its_answer_comes_back_by_us() -> None:
    relay = network()
    sent = relay.signal(message(INVITE, SDP), CALLER)
    assert sent is not None and sent[1] == SERVER
    head, _, body = sent[0].partition(b"\r\n\r\n")
    assert b"m=audio 30002 RTP/AVP 8 101" in body and b"Content-Length: %d" % len(body) in head
    ours, theirs = [line for line in head.split(b"\r\n") if line.startswith(b"Via")]
    assert b":30000;" in ours and b":6000;" in theirs
    answer = OK + ours + b"\r\n" + theirs + b"\r\n"
    back = relay.signal(message(answer, SDP.replace(b"7000", b"800")), SERVER)
    assert back is not None and back[1] == CALLER
    assert back[0].count(b"Via") == 1 and b":6000;" in back[0] and b"m=audio 30004 " in back[0]
    assert relay.rtp == {PHONE: ("127.0.0.1", 7000), LINE: ("127.0.0.1", 800)}


def test_what_describes_no_session_is_passed_on_and_an_answer_to_nobody_is_not() -> None:
    relay = network()
    assert relay.signal(message(OK, b""), SERVER) is None
    assert relay.signal(b"\r\n\r\n", CALLER) == (b"\r\n\r\n", SERVER)
    assert relay.rtp == {}


def test_late_packets_keep_their_order_and_are_never_too_late() -> None:
    harm = Harm.by(Conditions(jitter_ms=80), 0)
    leaves = [(n / 50, harm.leaves_at(n / 50)) for n in range(500)]
    times = [at for _, at in leaves if at is not None]
    assert times == sorted(times) and harm.passed == 500
    assert all(at is not None and 0 <= at - came <= 0.0801 for came, at in leaves)


@pytest.mark.parametrize("conditions", [{"loss": 1.0}, {"loss": 0.1, "burst": 0.2}, {"jitter_ms": 9_999}])
def test_a_script_with_a_network_that_can_not_be_is_refused(
    conditions: dict[str, float], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"share|jitter_ms"):
        read_script({"name": "n", "conditions": conditions})
    file = tmp_path / "one.yaml"
    file.write_text(f"{{name: n, conditions: {conditions}}}".replace("'", ""), "utf-8")
    with pytest.raises(ScriptError):
        load_scripts(file)
