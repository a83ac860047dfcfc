"""What an operator sets about hearing: `NUANXIAN_HEARING_…`, `NUANXIAN_MODELS` and `NUANXIAN_MODELS_MIRROR`, read at start-up."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.settings import project_folder

EngineName = Literal["whisper", "vosk", "sherpa", "openai", "funasr"]


class HearingSettings(BaseSettings):
    """How this installation hears. Picklable: every worker process gets it."""

    model_config = SettingsConfigDict(
        env_prefix="NUANXIAN_HEARING_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    engine: EngineName = Field(default="whisper", description="what recognises speech")
    models: Path = Field(
        default_factory=lambda: project_folder() / "var" / "models",
        validation_alias="NUANXIAN_MODELS",
        description="folder of the models, a folder for each by its name",
    )
    models_mirror: str | None = Field(
        default=None,
        validation_alias="NUANXIAN_MODELS_MIRROR",
        description="address that has <model>/<file> for `nuanxian models fetch`; default: where each comes from",
    )
    workers: int = Field(default=2, ge=1, le=64, description="processes that recognise")
    threads: int = Field(default=2, ge=1, le=64, description="threads of each of them")
    queue: int = Field(default=64, ge=1, description="utterances that may wait; more are refused")
    timeout_s: float = Field(default=20, gt=0, description="an answer that takes longer is given up")
    grammar: bool = Field(
        default=True, description="second opinion on closed questions, where its model is there"
    )
    detector: Literal["ten", "silero"] = Field(default="silero", description="what tells speech from noise")
    url: str | None = Field(
        default=None, description="address of the server, for openai (https://…/v1) and funasr (wss://…)"
    )
    key: SecretStr | None = Field(default=None, description="its key, where it wants one")
    remote_model: str = Field(default="whisper-1", description="the model that the server is asked for")
