"""No telephone number leaves the stack's log unmasked."""

from __future__ import annotations

import logging

import pytest

from voice.line.sip_log import mask_addresses, mask_stack_log


def test_numbers_in_addresses_are_masked() -> None:
    line = 'ua: call from "Li" <sip:13912345678@10.0.0.1:5060> to sips:12345678@host, SIP/2.0'
    assert (
        mask_addresses(line)
        == 'ua: call from "Li" <sip:139*****678@10.0.0.1:5060> to sips:123**678@host, SIP/2.0'
    )


def test_the_stacks_loggers_mask_text_and_peer(caplog: pytest.LogCaptureFixture) -> None:
    mask_stack_log()
    with caplog.at_level(logging.INFO, "baresip"):
        logging.getLogger("baresip.native").warning("lost %s", "sip:13912345678@h")
        logging.getLogger("baresip.call").info("finished", extra={"peer": "sip:13912345678@h"})
    assert "13912345678" not in caplog.text
    assert vars(caplog.records[1])["peer"] == "sip:139*****678@h"
