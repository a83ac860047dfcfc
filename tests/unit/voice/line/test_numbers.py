"""Who calls, out of what exchanges write."""

from __future__ import annotations

import pytest

from voice.line.numbers import masked, number_of, sender_of


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("sip:13912345678@10.0.0.1:5060;user=phone", "13912345678"),
        ('"马" <sip:+8613912345678@host>;tag=1', "+8613912345678"),
        ("<tel:+86-951-6012345>", "+869516012345"),
        ("sip:%2B8613912345678@host", "+8613912345678"),
        ("sips:(0951) 601.2345@host", "09516012345"),
        ("13912345678", "13912345678"),
        ("sip:reception@pbx", "reception"),
        ("sip:anonymous@anonymous.invalid", "anonymous"),
        ("sip:Unknown@host", "anonymous"),
        ("sip:@host", "anonymous"),
        ("sip:host.example", "host.example"),
        ("", "anonymous"),
    ],
)
def test_the_number_in_an_address(address: str, number: str) -> None:
    assert number_of(address) == number


@pytest.mark.parametrize(
    ("via", "host"),
    [
        ("SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKx;rport", "192.0.2.7"),
        ("SIP / 2.0 / TLS Gate.Example ;branch=x", "gate.example"),
        ("SIP/2.0/TCP [2001:db8::1]:5060;branch=x", "[2001:db8::1]"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_who_sent_a_message(via: str, host: str) -> None:
    assert sender_of(via) == host


@pytest.mark.parametrize(
    ("number", "shown"),
    [("13912345678", "139*****678"), ("110", "***"), ("anonymous", "anonymous"), ("reception", "rec***ion")],
)
def test_in_a_log_the_middle_is_hidden(number: str, shown: str) -> None:
    assert masked(number) == shown
