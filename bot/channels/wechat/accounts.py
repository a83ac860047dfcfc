"""Opens the official accounts of an installation: in a server process, and in the process that answers letters."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.reception import Reception
from bot.channels.wechat.api import WeChatApi
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.envelope import Envelope
from bot.postman import Postman
from config.messaging import Messaging, WeChatAccount
from config.settings import Settings, SettingsError

PATH = "/channels/wechat"


def open_accounts(
    settings: Settings, messaging: Messaging, reception: Reception, postman: Postman
) -> Iterator[tuple[str, WeChatChannel]]:
    """Each account with the path at which it is called. Raises SettingsError."""
    if settings.wechat_app_id:
        yield PATH, _open(_first(settings, messaging), settings.wechat_api, reception, postman)
    for account in messaging.wechat_accounts:
        yield f"{PATH}/{account.app_id}", _open(account, settings.wechat_api, reception, postman)


def _first(settings: Settings, messaging: Messaging) -> WeChatAccount:
    if settings.wechat_app_secret is None or settings.wechat_token is None:
        raise SettingsError(
            "WeChat needs NUANXIAN_WECHAT_APP_ID, NUANXIAN_WECHAT_APP_SECRET and NUANXIAN_WECHAT_TOKEN together"
        )
    return WeChatAccount(
        app_id=settings.wechat_app_id or "", app_secret=settings.wechat_app_secret, token=settings.wechat_token,
        aes_key=settings.wechat_aes_key, template=settings.wechat_template,
        subscription=messaging.wechat_subscription,
    )  # fmt: skip


def _open(account: WeChatAccount, api_url: str, reception: Reception, postman: Postman) -> WeChatChannel:
    aes_key = account.aes_key.get_secret_value() if account.aes_key else None
    try:
        envelope = Envelope(account.token.get_secret_value(), account.app_id, aes_key)
    except ValueError as wrong:
        raise SettingsError(f"NUANXIAN_WECHAT_AES_KEY: {wrong}") from None
    secret = account.app_secret.get_secret_value()
    api = WeChatApi(account.app_id, secret, reception.keeper, api=api_url)
    return WeChatChannel(envelope, api, reception, postman, account.template, account.subscription)
