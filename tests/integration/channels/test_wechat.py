"""WeChat over real HTTP: the unmodified library against a local platform with its rules and error codes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from backend.domain.local_time import local_now
from bot.channels.wechat.channel import WeChatChannel
from bot.dialogue.turn import Turn
from bot.sandbox.wechat import NO_TLS, WeChatApiError, WeChatPlatform
from tests.integration.channels.conftest import Line, Open, wait_until
from tests.integration.channels.drivers import AtWeChat

SAMPLES = Path(__file__).parent / "samples"
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100
ANSWER_TIME_S = 0.15  # what the tests make of WeChat's four seconds


class Slow:
    """A recogniser that is done when the test says so."""

    def __init__(self) -> None:
        self.go, self.calls = threading.Event(), 0

    def __call__(self, sound: bytes, media_type: str) -> str:
        self.calls += 1
        assert self.go.wait(20)
        return "我要订饭"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    real = WeChatChannel.__init__

    def quick(self: WeChatChannel, *given: object, **named: object) -> None:
        real(self, *given, **named)  # type: ignore[arg-type]
        self.answers_within_s = ANSWER_TIME_S

    monkeypatch.setattr(WeChatChannel, "__init__", quick)
    monkeypatch.setattr("backend.domain.mail.FIRST_PAUSE", timedelta(milliseconds=10))
    return Slow()


def voice(line: Line, person: AtWeChat) -> str:
    media_id = line.wechat.upload(b"#!AMR\n", "audio/amr")
    return line.wechat.message(person.openid, "voice", MediaId=media_id, Format="amr")


def test_wechat_finds_its_address_right(line: Line) -> None:
    query, _ = line.wechat.sealed(line.wechat.message("x", "text", Content=""))
    answer = httpx.get(line.wechat.url, params=query | {"echostr": "5927349568"}, verify=NO_TLS)
    assert (answer.status_code, answer.text) == (200, "5927349568")
    forged = httpx.get(line.wechat.url, params=query | {"echostr": "1", "nonce": "other"}, verify=NO_TLS)
    assert (forged.status_code, forged.text) == (403, "")


def test_a_forged_message_is_refused_and_changes_nothing(line: Line) -> None:
    xml = line.wechat.message("oForged", "text", Content="我要订饭")
    assert line.wechat.bring(xml, signature="0" * 40) == (403, "")
    assert line.said(f"wechat:{line.wechat.app_id}:oForged") == []


def test_the_menu_is_put_in_place_at_the_start(line: Line) -> None:
    assert line.wechat.menu is not None
    assert [column["name"] for column in line.wechat.menu["button"]] == ["常用", "上门服务", "证件社保"]


def test_an_encrypted_account_orders_lunch(open_line: Open) -> None:
    line = open_line(aes=True)
    person = AtWeChat(line)
    assert "时候" in person.says("我要订饭").text
    plain = WeChatPlatform(line.wechat.app_id, "", line.wechat.token, url=line.wechat.url)
    assert plain.says("oPlain", "我要订饭").statuses == [403, 403, 403]


@pytest.mark.parametrize("kind", ["wechat", "wechat_bad"])
def test_every_sample_gets_an_answer_or_silence_but_never_a_fault(kind: str, shared_line: Line) -> None:
    for path in sorted((SAMPLES / kind).iterdir()):
        query, _ = shared_line.wechat.sealed(shared_line.wechat.message("x", "text", Content=""))
        answer = httpx.post(shared_line.wechat.url, params=query, content=path.read_bytes(), verify=NO_TLS)
        assert answer.status_code == 200, path.name
        assert "Traceback" not in answer.text
        assert kind == "wechat" or answer.text == "", path.name


def test_a_message_that_is_far_too_large_is_refused(line: Line) -> None:
    query, _ = line.wechat.sealed(line.wechat.message("x", "text", Content=""))
    answer = httpx.post(line.wechat.url, params=query, content=b"x" * 300_000, verify=NO_TLS)
    assert answer.status_code == 413


def test_messages_that_come_in_the_wrong_order_are_each_answered_and_the_talk_goes_on(
    shared_line: Line,
) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    first = wechat.message(person.openid, "text", Content="我想订个午饭").replace(
        f"<CreateTime>{int(time.time())}", f"<CreateTime>{int(time.time()) - 90}"
    )
    second = wechat.message(person.openid, "text", Content="明天中午，送到金凤区长城花园三号楼二单元501")
    answers = [wechat.deliver(xml).reply or "" for xml in (second, first, second, first)]
    assert all(answers)
    assert "对不住" not in "".join(answers)
    assert answers[2:] == answers[:2]  # brought again, each gets its own answer again
    person.says("马建国")
    assert "长城花园" in person.says("13909510001").text
    assert "安排好了" in person.says("对").text
    assert len(person.orders()) == 1


def test_a_press_on_the_menu_begins_an_order(shared_line: Line) -> None:
    person = AtWeChat(shared_line)
    shared_line.wechat.deliver(
        shared_line.wechat.message(person.openid, "event", Event="CLICK", EventKey="meal")
    )
    assert "时候" in shared_line.wechat.texts(person.openid)[-1]
    seen = person.delivering(
        shared_line.wechat.message(person.openid, "event", Event="CLICK", EventKey="more:papers")
    )()
    assert list(seen.choices) == ["办残疾证", "申请补贴", "高龄津贴", "能力评估"]


def test_a_new_follower_is_greeted_and_one_who_leaves_is_not(shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    assert (
        "您好"
        in person.delivering(wechat.message(person.openid, "event", Event="subscribe", EventKey=""))().text
    )
    assert wechat.deliver(wechat.message(person.openid, "event", Event="unsubscribe")).bodies == [""]


def test_a_picture_is_kept_once_with_the_conversation(shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    media_id = wechat.upload(JPEG, "image/jpeg")
    send = person.delivering(wechat.message(person.openid, "image", PicUrl="http://x", MediaId=media_id))
    assert "照片收到了" in send().text
    assert "照片收到了" in send().text
    session = f"wechat:{wechat.app_id}:{person.openid}"
    assert list(shared_line.keeper.pictures(session)) == [JPEG]
    assert [text for _, text in shared_line.said(session)] == ["【发来一张照片】"]


@pytest.mark.parametrize("data", [b"<svg onload=alert(1)>", b"", b"\xff\xd8\xff" + b"x" * (10 * 1024 * 1024)])
def test_what_is_no_picture_is_refused_kindly(data: bytes, shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    media_id = wechat.upload(data, "image/jpeg")
    seen = person.delivering(wechat.message(person.openid, "image", PicUrl="", MediaId=media_id))()
    assert "再发一次" in seen.text
    assert list(shared_line.keeper.pictures(f"wechat:{wechat.app_id}:{person.openid}")) == []


def test_a_picture_that_is_gone_is_asked_for_again(shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    seen = person.delivering(wechat.message(person.openid, "image", PicUrl="", MediaId="gone"))()
    assert "再发一次" in seen.text


def test_a_place_on_the_map_becomes_the_address_and_is_read_back(shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    place = {
        "Location_X": "38.48",
        "Location_Y": "106.23",
        "Scale": "20",
        "Label": "金凤区长城花园三号楼二单元501",
    }
    person.says("我想订个午饭，明天中午")
    assert "贵姓" in person.delivering(wechat.message(person.openid, "location", **place))().text
    person.says("马建国")
    assert "长城花园" in person.says("13909510001").text


def test_a_place_before_any_request_is_not_asked_for_again(shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    place = {
        "Location_X": "38.48",
        "Location_Y": "106.23",
        "Scale": "20",
        "Label": "金凤区长城花园三号楼二单元501",
    }
    assert "地方我记下了" in person.delivering(wechat.message(person.openid, "location", **place))().text
    person.says("打扫卫生")
    assert "贵姓" in person.says("明天上午").text  # not: where do you live
    person.says("马建国")
    assert "长城花园" in person.says("13909510001").text


def test_a_place_without_an_address_asks_for_the_door(shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    seen = person.delivering(
        wechat.message(
            person.openid, "location", Location_X="38.48", Location_Y="106.23", Scale="20", Label=""
        )
    )()
    assert "门牌号" in seen.text
    assert "38.48" in shared_line.said(f"wechat:{wechat.app_id}:{person.openid}")[0][1]


def test_a_voice_message_that_wechat_understood_is_words(shared_line: Line) -> None:
    person, wechat = AtWeChat(shared_line), shared_line.wechat
    said = wechat.message(person.openid, "voice", MediaId="x", Format="amr", Recognition="我要订饭。")
    assert "时候" in person.delivering(said)().text


def test_without_ears_a_voice_message_is_asked_to_be_typed(shared_line: Line) -> None:
    person = AtWeChat(shared_line)
    assert "打字" in person.delivering(voice(shared_line, person))().text


def test_what_takes_long_is_acknowledged_and_answered_once_by_a_message_of_its_own(
    open_line: Open, slow: Slow
) -> None:
    line = open_line(hears=slow)
    person = AtWeChat(line)
    xml = voice(line, person)
    first, again, third = (line.wechat.bring(xml) for _ in range(3))
    assert (first, again, third) == ((200, ""), (200, ""), (200, ""))
    line.wechat.followers.add(person.openid)
    line.wechat._spoke_at[person.openid] = 10**12
    slow.go.set()
    wait_until(lambda: line.wechat.texts(person.openid))
    assert "时候" in line.wechat.texts(person.openid)[0]
    assert line.wechat.bring(xml) == (200, "")
    assert line.wechat.calls.count("message/custom/send") == 1
    assert slow.calls == 1


def answer_late(line: Line, slow: Slow, person: AtWeChat) -> None:
    """A voice message that takes long, up to the moment when its answer is tried to be sent."""
    assert line.wechat.deliver(voice(line, person)).bodies == [""]
    slow.go.set()


def test_when_the_window_is_closed_the_answer_goes_by_template(open_line: Open, slow: Slow) -> None:
    line = open_line(hears=slow, template="template-1")
    person = AtWeChat(line)
    line.wechat.templates["template-1"] = []
    line.wechat.deliver(voice(line, person))
    line.wechat.close_window(person.openid)
    slow.go.set()
    wait_until(lambda: line.wechat.templates["template-1"])
    (sent,) = line.wechat.templates["template-1"]
    assert "时候" in sent["data"]["content"]["value"]


@pytest.mark.parametrize("code", [45015, 45009, 40003])
def test_an_answer_that_can_not_be_sent_waits_for_the_next_word(
    code: int, open_line: Open, slow: Slow
) -> None:
    line = open_line(hears=slow)
    person = AtWeChat(line)
    line.wechat.faults.append(("message/custom/send", WeChatApiError(code, "refused")))
    answer_late(line, slow, person)
    session = f"wechat:{line.wechat.app_id}:{person.openid}"
    wait_until(lambda: line.keeper.fact("wechat-unsent", session))
    seen = person.says("喂")
    assert len(seen.messages) == 1
    assert "什么时候送" in seen.messages[0]
    assert line.keeper.fact("wechat-unsent", session) is None


def test_a_platform_that_fails_for_a_while_is_tried_again(open_line: Open, slow: Slow) -> None:
    line = open_line(hears=slow)
    person = AtWeChat(line)
    line.wechat.faults += [
        ("message/custom/send", 502),
        ("message/custom/send", WeChatApiError(-1, "system busy")),
    ]
    answer_late(line, slow, person)
    wait_until(lambda: line.wechat.texts(person.openid))
    assert len(line.wechat.texts(person.openid)) == 1


def test_a_refused_token_is_renewed_once_for_everybody(line: Line) -> None:
    from bot.channels.wechat.api import WeChatApi, WeChatError

    api_url = line.house.settings.wechat_api
    both = [WeChatApi(line.wechat.app_id, line.wechat.secret, line.keeper, api=api_url) for _ in range(2)]
    line.wechat.followers.add("oPerson")
    line.wechat._spoke_at["oPerson"] = 10**12
    before = line.wechat.tokens_made
    for api in both:
        api.send_text("oPerson", "好")
    assert line.wechat.tokens_made == before  # the one that the menu was made with, from the database
    line.wechat.expire_token()
    for api in both:
        api.send_text("oPerson", "好")
    assert line.wechat.tokens_made == before + 1
    line.wechat.faults += [("message/custom/send", WeChatApiError(40001, "invalid credential"))] * 2
    with pytest.raises(WeChatError) as refused:
        both[0].send_text("oPerson", "好")
    assert refused.value.code == 40001  # asked twice, not for ever
    for api in both:
        api.close()


def test_a_wrong_secret_is_told_without_the_secret(line: Line, capfd: pytest.CaptureFixture[str]) -> None:
    from bot.channels.wechat.api import WeChatApi, WeChatError

    line.keeper.take_fact("wechat-token", f"{line.wechat.app_id}_access_token")
    api = WeChatApi(line.wechat.app_id, "wrong-secret", line.keeper, api=line.house.settings.wechat_api)
    with pytest.raises(WeChatError) as refused:
        api.create_menu({"button": []})
    assert (refused.value.code, str(refused.value)) == (40125, "WeChat error 40125")
    gone = WeChatApi(line.wechat.app_id, "wrong-secret", line.keeper, api="http://127.0.0.1:1")
    with pytest.raises(WeChatError, match="can not be reached") as unreached:
        gone.create_menu({"button": []})
    assert "wrong-secret" not in str(unreached.value) + "".join(capfd.readouterr())
    api.close()
    gone.close()


def test_messages_of_many_people_at_once_are_all_answered(shared_line: Line) -> None:
    people = [AtWeChat(shared_line) for _ in range(24)]
    threads = [threading.Thread(target=person.says, args=("我要订饭",)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # Some in the same connection, the rest later: more than a few at once would keep all of them waiting.
    wait_until(lambda: all(shared_line.wechat.texts(person.openid) for person in people))
    for person in people:
        (text,) = shared_line.wechat.texts(person.openid)
        assert "时候" in text


def test_the_answer_to_a_turn_is_the_same_when_the_first_one_was_lost(shared_line: Line) -> None:
    wechat = shared_line.wechat
    xml = wechat.message("oLost", "text", Content="我要订饭")
    first, again = wechat.bring(xml)[1], wechat.bring(xml)[1]
    assert "时候" in first
    assert first.split("CreateTime")[0] == again.split("CreateTime")[0]


def test_a_turn_of_the_conversation_carries_what_wechat_said(open_line: Open) -> None:
    turns: list[Turn] = []

    class Listening:
        def handle(self, turn: Turn) -> object:
            turns.append(turn)
            raise RuntimeError("a fault of ours")

    class Page(Listening):
        def transcript(self, session: str) -> list[object]:
            return []

    line = open_line(conversations=Page())
    assert "对不住" in AtWeChat(line).says("我要订饭").text
    assert turns[0].message_id is not None
    assert abs((turns[0].now - local_now()).total_seconds()) < 60


def test_a_second_account_has_its_own_secrets_people_and_menu(open_line: Open) -> None:
    line = open_line(two_accounts=True)
    second = line.second
    assert second is not None
    wait_until(lambda: second.menu)
    here, there = AtWeChat(line), AtWeChat(replace(line, wechat=second))
    assert "时候" in here.says("我要订饭").text
    assert "时候" in there.says("我要订饭").text
    assert (list(second.shown), list(line.wechat.shown)) == ([there.openid], [here.openid])
    assert line.said(f"wechat:{second.app_id}:{there.openid}")[0] == ("caller", "我要订饭")
    # A letter of the one is never sent by the other, and a message for the one is forged at the door of the other.
    for account in (line.wechat, second):
        with line.house.store.unit_of_work() as uow:
            account.followers.add("oBoth")
            account._spoke_at["oBoth"] = 10**12
            body = {"session": "both", "openid": "oBoth", "text": account.app_id}
            uow.mail.post(f"wechat:{account.app_id}:out", "both", body, key="both", at=local_now())
            uow.commit()
    wait_until(lambda: line.wechat.texts("oBoth") and second.texts("oBoth"))
    assert line.wechat.texts("oBoth") == [line.wechat.app_id]
    assert second.texts("oBoth") == [second.app_id]
    second.url = line.wechat.url
    assert second.bring(second.message("oBoth", "text", Content="我要订饭"))[0] == 403


def test_an_answer_never_overtakes_the_one_before(open_line: Open, slow: Slow) -> None:
    line = open_line(hears=slow)
    person = AtWeChat(line)
    shown = line.wechat.texts(person.openid)
    assert line.wechat.deliver(voice(line, person)).bodies == [""]
    assert line.wechat.says(person.openid, "明天中午").bodies == [""]
    assert line.wechat.says(person.openid, "金凤区长城花园三号楼二单元501").bodies == [""]
    slow.go.set()
    wait_until(lambda: len(shown) == 3)
    assert ["时候" in shown[0], "住在哪里" in shown[1], "贵姓" in shown[2]] == [True] * 3


def test_in_a_rush_a_voice_message_is_answered_before_what_was_typed_after_it(
    open_line: Open, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.wechat.channel.MOST_A_SECOND", 0)
    line = open_line(hears=slow)
    person = AtWeChat(line)
    shown = line.wechat.texts(person.openid)
    assert line.wechat.deliver(voice(line, person)).bodies == [""]
    for text in ("明天中午", "金凤区长城花园三号楼二单元501"):
        assert line.wechat.says(person.openid, text).bodies == [""]
    other = AtWeChat(line)
    assert "时候" in other.says("我要订饭").text  # only the same person waits
    assert shown == []
    slow.go.set()
    wait_until(lambda: len(shown) == 3)
    assert ["时候" in shown[0], "住在哪里" in shown[1], "贵姓" in shown[2]] == [True] * 3


def test_an_answer_in_the_same_connection_never_overtakes_one_that_could_not_be_sent_yet(
    open_line: Open, slow: Slow
) -> None:
    line = open_line(hears=slow)
    person = AtWeChat(line)
    shown = line.wechat.texts(person.openid)
    line.wechat.faults += [("message/custom/send", 502)] * 8
    answer_late(line, slow, person)
    wait_until(lambda: len(line.wechat.faults) < 8)  # it was tried to be sent
    assert line.wechat.says(person.openid, "明天中午").bodies == [""]
    line.wechat.faults.clear()
    wait_until(lambda: len(shown) == 2)
    assert ["时候" in shown[0], "住在哪里" in shown[1]] == [True] * 2


def test_in_a_rush_everybody_is_acknowledged_and_danger_answered_at_once(
    open_line: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.wechat.channel.MOST_A_SECOND", 0)
    line = open_line()
    calm, hurt = AtWeChat(line), AtWeChat(line)
    assert line.wechat.says(calm.openid, "我要订饭").bodies == [""]
    assert "120" in (line.wechat.says(hurt.openid, "我摔倒了起不来").reply or "")
    wait_until(lambda: line.wechat.texts(calm.openid))
    assert "时候" in line.wechat.texts(calm.openid)[0]
