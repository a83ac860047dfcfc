"""Settings become what the stack wants to read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from baresip import CallBusy, CallDeclined, CallFailed, CallTimeout

from voice.line.certificate import host_and_port, system_authorities
from voice.line.line import Hangup, NotAnswered
from voice.line.sip_connection import why_closed
from voice.line.sip_outcome import why_not_answered
from voice.line.sip_settings import Codec, SipSettings, Srtp, Trunk, stack_accounts, stack_config

TRUNK = Trunk(
    registrar="sip.example.com", user="12345", password="hush hush", auth_user="id7", proxy="10.0.0.1:5060"
)
OVER_TLS = replace(TRUNK, proxy=None, transport="tls")


def test_without_a_trunk_every_transport_takes_every_call() -> None:
    accounts = stack_accounts(SipSettings(address="127.0.0.1", certificate=Path("/x.pem")))
    assert [account.transport for account in accounts] == ["udp", "tcp", "tls"]
    assert all("catchall=yes" in account.aor() and "regint=0" in account.aor() for account in accounts)


def test_a_trunk_is_the_first_account_and_tells_nobody_its_password() -> None:
    settings = SipSettings(
        trunk=TRUNK, srtp=Srtp.REQUIRED, codecs=(Codec.G722, Codec.PCMA), keys_by_info=True
    )
    trunk, *others = stack_accounts(settings)
    aor = trunk.aor()
    assert aor.startswith("<sip:12345@sip.example.com;transport=udp>")
    for part in ('auth_pass="hush hush"', "auth_user=id7", 'outbound="sip:10.0.0.1:5060"', "mediaenc=srtp-mand",
                 "audio_codecs=g722/16000/1,pcma", "dtmfmode=info"):  # fmt: skip
        assert part in aor
    assert [account.transport for account in others] == ["udp", "tcp"]  # until it has registered
    assert "hush" not in repr(settings)


def test_the_stack_is_told_its_ports_and_limits() -> None:
    text = stack_config(SipSettings(address="10.1.2.3", port=5070, max_calls=7, silent_s=9)).render()
    for line in ("net_interface 10.1.2.3", "sip_listen 10.1.2.3:5070", "call_max_calls 7", "rtp_timeout 9",
                 "rtp_rxmode main", "audio_jitter_buffer_type adaptive"):  # fmt: skip
        assert line in text.splitlines()
    assert "net_interface" not in stack_config(SipSettings()).render()


def test_a_trunk_over_tls_has_to_prove_who_it_is() -> None:
    here = Path(__file__)
    text = stack_config(SipSettings(trunk=OVER_TLS, trusted=here)).render().splitlines()
    assert f"sip_cafile {here}" in text and "sip_verify_server yes" in text
    text = stack_config(SipSettings(trunk=OVER_TLS)).render().splitlines()
    assert f"sip_cafile {system_authorities()}" in text and "sip_verify_server yes" in text
    unsure = stack_config(SipSettings(trunk=OVER_TLS, verify=False)).render().splitlines()
    assert "sip_verify_server no" in unsure


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("sip.example.com", ("sip.example.com", 5061)),
        ("sip.example.com:5071", ("sip.example.com", 5071)),
        ("sip:10.0.0.1:5071;transport=tls", ("10.0.0.1", 5071)),
        ("[2001:db8::1]", ("2001:db8::1", 5061)),
        ("[2001:db8::1]:5071", ("2001:db8::1", 5071)),
    ],
)
def test_host_and_port_of_a_trunk(address: str, found: tuple[str, int]) -> None:
    assert host_and_port(address, 5061) == found


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"address": "localhost"}, "address"),
        ({"rtp_ports": (10000, 10100)}, "rtp_ports"),
        ({"codecs": ()}, "codecs"),
        ({"trunk": OVER_TLS, "trusted": Path("/no/such.pem")}, "trusted"),
        ({"trunk": replace(OVER_TLS, proxy="192.0.2.7:5061")}, "name instead of the address"),
    ],
)
def test_settings_that_can_not_work_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SipSettings(**wrong)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (CallBusy("", status=486), NotAnswered.BUSY),
        (CallDeclined("", status=603), NotAnswered.REFUSED),
        (CallTimeout(""), NotAnswered.NO_ANSWER),
        (CallFailed("", status=480), NotAnswered.NO_ANSWER),
        (CallFailed("", status=404), NotAnswered.UNREACHABLE),
        (CallFailed("", status=503), NotAnswered.UNREACHABLE),
        (CallFailed("no route"), NotAnswered.UNREACHABLE),
    ],
)
def test_why_a_call_was_not_answered(error: CallFailed, why: NotAnswered) -> None:
    assert why_not_answered(error) is why


def test_why_a_call_ended() -> None:
    assert why_closed("Connection reset by peer [104]", by_us=False) is Hangup.CALLER
    assert why_closed("Connection reset by peer [104]", by_us=True) is Hangup.LINE
    assert why_closed("rtp stream error", by_us=False) is Hangup.LOST
    assert why_closed("Call transfered", by_us=True) is Hangup.TRANSFERRED
    assert why_closed(None, by_us=False) is Hangup.CALLER
