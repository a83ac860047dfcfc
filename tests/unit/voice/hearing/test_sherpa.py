"""Which of sherpa's models a folder holds. The models themselves are brought by operators and are not run here."""

from pathlib import Path

import pytest

from voice.hearing.sherpa import kind_of, open_sherpa


def field(number: int, content: bytes | int) -> bytes:
    """One field of a protobuf message; everything here is shorter than 128 bytes."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def onnx(**metadata: str) -> bytes:
    """The smallest ONNX model (y = x) with this metadata."""
    tensor = field(2, field(1, field(1, 1)))
    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    graph = (
        field(1, node)
        + field(2, b"g")
        + field(11, field(1, b"x") + tensor)
        + field(12, field(1, b"y") + tensor)
    )
    properties = b"".join(
        field(14, field(1, key.encode()) + field(2, value.encode())) for key, value in metadata.items()
    )
    return field(1, 8) + field(7, graph) + field(8, field(2, 13)) + properties


@pytest.mark.parametrize(
    ("file", "metadata", "kind"),
    [
        ("model.int8.onnx", {"model_type": "sense_voice_ctc"}, "sense_voice"),
        ("model.onnx", {"model_type": "paraformer"}, "paraformer"),
        ("encoder-epoch-12.onnx", {"model_type": "zipformer2"}, "zipformer"),
        (
            "encoder-epoch-99.int8.onnx",
            {"model_type": "zipformer2", "decode_chunk_len": "32"},
            "streaming_zipformer",
        ),
    ],
)
def test_a_model_is_known_by_what_it_says_of_itself(
    tmp_path: Path, file: str, metadata: dict[str, str], kind: str
) -> None:
    (tmp_path / file).write_bytes(onnx(**metadata))
    assert kind_of(tmp_path) == kind


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"has no tokens\.txt"):
        open_sherpa(tmp_path, threads=1)
    (tmp_path / "tokens.txt").touch()
    with pytest.raises(OSError, match=r"has no model\*\.onnx"):
        open_sherpa(tmp_path, threads=1)
