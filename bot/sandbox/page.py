"""The page that looks like a phone: what is typed there goes through the local platforms into the real channels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import jinja2
from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from backend.store.pictures import picture_type
from backend.web.assets import Assets
from backend.web.forms import refuse_foreign
from bot.channels.body import TooLargeError, read_body
from bot.channels.keeper import MOST_PICTURE_BYTES
from bot.sandbox.telegram import TelegramPlatform
from bot.sandbox.wechat import PICTURE, WeChatPlatform
from bot.sandbox.wecom import ShownCard, WeComPlatform

HERE = Path(__file__).parent
Person = Annotated[int, Field(ge=1, le=2**40)]
Platform = Literal["wechat", "telegram", "wecom"]
LINK = re.compile(r'\n?<a href="weixin://bizmsgmenu\?msgmenucontent=([^"]*)&msgmenuid=\d+">([^<]*)</a>')
# A point in the middle of Yinchuan: the sandbox has no map.
LATITUDE, LONGITUDE = 38.4872, 106.2309
MOST_SOUND_BYTES = 8 * 1024 * 1024


class Said(BaseModel):
    """What the person at the page does: `value` is words, a label, a menu key, an address or a number."""

    person: Person
    act: Literal["say", "press", "menu", "place", "phone", "voice"]
    value: str = Field(max_length=4000)


def sandbox_router(telegram: TelegramPlatform, wechat: WeChatPlatform, wecom: WeComPlatform) -> APIRouter:
    """`/sandbox` and what its script asks for."""
    router = APIRouter(prefix="/sandbox", include_in_schema=False)
    assets = Assets(HERE / "static", "/sandbox/static")
    page = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "static"), autoescape=True).get_template(
        "phone.html"
    )

    @router.get("")
    def show() -> Response:
        return HTMLResponse(page.render(asset=assets.url))

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        return assets.response(name)

    @router.get("/{platform}/messages/{person}")
    def messages(platform: Platform, person: Person) -> Response:
        match platform:
            case "wechat":
                shown = _wechat_shown(wechat, person)
            case "telegram":
                shown = _telegram_shown(telegram, person)
            case _:
                shown = _wecom_shown(wecom)
        menu = (wechat.menu or {}).get("button", []) if platform == "wechat" else []
        return JSONResponse({"messages": shown, "menu": menu})

    @router.post("/{platform}/do", dependencies=[Depends(refuse_foreign)])
    def do(platform: Platform, said: Annotated[Said, Body()]) -> Response:
        if platform == "wechat":
            wechat.deliver(_wechat_message(wechat, said))
        elif platform == "wecom":
            _wecom_press(wecom, said.value)
        else:
            telegram.deliver(_telegram_update(telegram, said))
        return Response(status_code=204)

    @router.post("/{platform}/picture/{person}", dependencies=[Depends(refuse_foreign)])
    async def picture(platform: Platform, person: Person, request: Request) -> Response:
        try:
            data = await read_body(request, MOST_PICTURE_BYTES)
        except TooLargeError:
            return Response(status_code=413)
        if platform == "wechat":
            fields = {"PicUrl": "", "MediaId": wechat.upload(data, "image/jpeg")}
            await run_in_threadpool(wechat.deliver, wechat.message(openid(person), "image", **fields))
        elif platform == "wecom":
            await run_in_threadpool(wecom.sends_picture, _who_accepted(wecom), data)
        else:
            await run_in_threadpool(telegram.deliver, telegram.sends(person, photo=telegram.photo(data)))
        return Response(status_code=204)

    @router.post("/{platform}/sound/{person}", dependencies=[Depends(refuse_foreign)])
    async def sound(platform: Literal["wechat", "telegram"], person: Person, request: Request) -> Response:
        """A voice message; on WeChat one that WeChat itself did not recognise."""
        try:
            data = await read_body(request, MOST_SOUND_BYTES)
        except TooLargeError:
            return Response(status_code=413)
        if platform == "wechat":
            fields = {"MediaId": wechat.upload(data, "audio/amr"), "Format": "amr"}
            await run_in_threadpool(wechat.deliver, wechat.message(openid(person), "voice", **fields))
        else:
            await run_in_threadpool(telegram.deliver, telegram.sends(person, voice=telegram.voice(data)))
        return Response(status_code=204)

    @router.get("/{platform}/shown/{name}")
    def shown_picture(platform: Literal["wechat", "telegram"], name: str) -> Response:
        """A picture that the line sent."""
        data = wechat.media.get(name, (None, ""))[0] if platform == "wechat" else telegram.files.get(name)
        if data is None or (kind := picture_type(data)) is None:
            return Response(status_code=404)
        return Response(data, media_type=f"image/{kind}")

    return router


def openid(person: int) -> str:
    return f"oSandbox-{person:016d}"


def _wechat_message(wechat: WeChatPlatform, said: Said) -> str:
    who, value = openid(said.person), said.value
    match said.act:
        case "menu":
            return wechat.message(who, "event", Event="CLICK", EventKey=value)
        case "place":
            where = {"Location_X": str(LATITUDE), "Location_Y": str(LONGITUDE)}
            return wechat.message(who, "location", **where, Scale="20", Label=value)
        case "voice":
            return wechat.message(who, "voice", MediaId="none", Format="amr", Recognition=value)
        case _:
            return wechat.message(who, "text", Content=value)


def _telegram_update(telegram: TelegramPlatform, said: Said) -> dict[str, Any]:
    match said.act:
        case "press":
            asked = [message for message in telegram.sent if message["chat"]["id"] == said.person]
            with_it = [message for message in asked if said.value in _labels(message)]
            if with_it:
                return telegram.presses(said.person, with_it[-1], said.value)
        case "place":
            point = {"latitude": LATITUDE, "longitude": LONGITUDE}
            return telegram.sends(
                said.person, location=point, venue={"location": point, "title": "", "address": said.value}
            )
        case "phone":
            contact = {"phone_number": said.value, "first_name": "", "user_id": said.person}
            return telegram.sends(said.person, contact=contact)
        case _:
            pass
    return telegram.says(said.person, said.value)


def _labels(message: dict[str, Any]) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


def _wechat_shown(wechat: WeChatPlatform, person: int) -> list[dict[str, Any]]:
    return [
        {
            "text": LINK.sub("", text),
            "buttons": [{"label": label, "act": "say", "value": said} for said, label in LINK.findall(text)],
        }
        if not text.startswith(PICTURE)
        else {"picture": f"/sandbox/wechat/shown/{text.removeprefix(PICTURE)}"}
        for text in wechat.texts(openid(person))
    ]


def _wecom_shown(wecom: WeComPlatform) -> list[dict[str, Any]]:
    """What all members got: the sandbox has one telephone for the whole office."""
    return [
        {"text": f"【{member}】{got}"} if isinstance(got, str) else _card_shown(member, number, got)
        for number, (member, got) in enumerate(wecom.log)
    ]


def _card_shown(member: str, number: int, shown: ShownCard) -> dict[str, Any]:
    card = shown.card
    lines = [f"{line['keyname']}：{line['value']}" for line in card["horizontal_content_list"]]
    title = f"【{member}】{card['main_title']['title']}"
    buttons = [
        {"label": button["text"], "act": "press", "value": f"{number} {button['key']}"}
        for button in card["button_list"]
    ]
    text = "\n".join([title, card["main_title"]["desc"], *lines])
    return {"text": text, "buttons": [] if shown.pressed else buttons}


def _wecom_press(wecom: WeComPlatform, value: str) -> None:
    number, key = value.split(" ")
    member, shown = wecom.log[int(number)]
    if isinstance(shown, ShownCard):
        wecom.press(member, shown, key)


def _who_accepted(wecom: WeComPlatform) -> str:
    """The worker who pressed a button of an offer last: pictures from the office's telephone are theirs."""
    pressed = [member for member, got in wecom.log if isinstance(got, ShownCard) and got.pressed]
    return pressed[-1] if pressed else ""


def _telegram_shown(telegram: TelegramPlatform, person: int) -> list[dict[str, Any]]:
    return [
        {"picture": f"/sandbox/telegram/shown/{message['photo'][-1]['file_id']}"}
        if "photo" in message
        else {
            "text": message["text"],
            "buttons": [{"label": label, "act": "press", "value": label} for label in _labels(message)],
        }
        for message in telegram.sent
        if message["chat"]["id"] == person
    ]
