"""The settings of news and of enterprise WeChat, and further official accounts (`NUANXIAN_…`, like `settings.py`)."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.settings import SettingsError


class WeChatAccount(BaseModel):
    """One more official account, beside the one of `wechat_app_id`."""

    app_id: str
    app_secret: SecretStr
    token: SecretStr
    aes_key: SecretStr | None = None
    template: str | None = None
    subscription: str | None = None


class Messaging(BaseSettings):
    """Read once, at start-up, by `load_messaging`."""

    model_config = SettingsConfigDict(env_prefix="NUANXIAN_", env_file=".env", extra="ignore", frozen=True)

    wechat_accounts: tuple[WeChatAccount, ...] = Field(
        default=(),
        description="further official accounts: a JSON list of app_id, app_secret, token, aes_key, template, "
        "subscription",
    )
    wechat_subscription: str | None = Field(
        default=None,
        description="id of a subscription message with the values thing1 and thing2, for news after 48 hours",
    )
    voice_messages: bool = Field(
        default=False,
        description="hear the voice messages of WeChat and Telegram with the recogniser of NUANXIAN_HEARING_ENGINE",
    )
    relay_number: str | None = Field(
        default=None, description="a number that leads to the worker: told instead of the worker's own"
    )
    sms_url: str | None = Field(
        default=None, description="short messages: the gateway that takes signed JSON"
    )
    sms_secret: SecretStr | None = Field(default=None, description="signs what the gateway gets")
    wecom_corp_id: str | None = Field(default=None, description="switches enterprise WeChat on: CorpID")
    wecom_secret: SecretStr | None = Field(default=None, description="secret of the application")
    wecom_agent_id: int | None = Field(default=None, description="AgentId of the application")
    wecom_token: SecretStr | None = Field(default=None, description="token of the callback")
    wecom_aes_key: SecretStr | None = Field(default=None, description="EncodingAESKey of the callback")
    wecom_api: str = Field(
        default="https://qyapi.weixin.qq.com", description="address of the enterprise WeChat interfaces"
    )


def load_messaging(**given: object) -> Messaging:
    """Raises SettingsError in plain words."""
    try:
        settings = Messaging(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"NUANXIAN_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from None
    if settings.sms_url and settings.sms_secret is None:
        raise SettingsError("NUANXIAN_SMS_SECRET is needed with NUANXIAN_SMS_URL")
    wecom = (
        settings.wecom_secret,
        settings.wecom_agent_id,
        settings.wecom_token,
        settings.wecom_aes_key,
    )
    if settings.wecom_corp_id and any(value is None for value in wecom):
        raise SettingsError(
            "enterprise WeChat needs NUANXIAN_WECOM_CORP_ID, _SECRET, _AGENT_ID, _TOKEN and _AES_KEY together"
        )
    return settings
