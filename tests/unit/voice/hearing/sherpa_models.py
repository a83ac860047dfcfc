"""Models of a few kilobytes for sherpa-onnx, with the inputs, states and metadata of the published ones.

They know three words, each a tone of its own: sherpa-onnx loads and decodes them like any other model, so that our code is
tried with the real library. How well a published model hears Mandarin they can not tell.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.unit.voice.hearing.onnx_file import Graph
from voice.line.line import Samples

TONES_HZ = {"好": 400.0, "不": 1000.0, "对": 2500.0}
WORDS = tuple(TONES_HZ)
BINS, LFR = 80, 7  # of a frame; frames that SenseVoice and Paraformer get at once
_MARGIN = 4.0  # so much louder (natural logarithm) than the rest of the spectrum a tone must be
_STEP = 4  # frames of 10 ms that a transducer makes one of
_ONCE = 30.0  # how much a word is kept from being said twice
# One layer of a streaming zipformer: what its states are as large as.
_CHUNK, _FRAMES, _LEFT, _HEADS, _QUERY, _VALUE, _KERNEL, _WIDTH = 32, 45, 4, 1, 4, 4, 3, 8


def tone(word: str, seconds: float, rate: int) -> Samples:
    """A word as these models know it."""
    at = np.arange(round(seconds * rate)) / rate
    return np.asarray(np.sin(2 * np.pi * TONES_HZ[word] * at) * 9000, np.int16)


def said(*words: str, rate: int = 8_000) -> Samples:
    """Words of 0.4 s with as much silence around each."""
    gap = np.zeros(round(0.4 * rate), np.int16)
    return np.concatenate([gap, *(piece for word in words for piece in (tone(word, 0.4, rate), gap))])


def sense_voice(folder: Path) -> None:
    """CTC over frames of 60 ms, behind four frames that tell language and mood."""
    marks = ("<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|withitn|>")
    _write_tokens(folder, ("<blk>", *WORDS, *marks))
    size = 1 + len(WORDS) + len(marks)
    graph = Graph()
    sound = graph.input("x", ("N", "T", BINS * LFR))
    for name in ("x_length", "language", "text_norm"):
        graph.input(name, ("N",), "int32")
    told = np.full((1, len(marks), size), -50, np.float32)
    told[0, range(len(marks)), range(size - len(marks), size)] = 0
    heard = _weighed(graph, sound, _weights(size, slots=LFR))
    graph.node("Concat", graph.constant(told), heard, to="logits", axis=1)
    graph.output("logits", ("N", "T2", size))
    about = _lfr(size) | {
        "model_type": "sense_voice_ctc",
        "normalize_samples": 0,
        "with_itn": 14,
        "without_itn": 15,
    }
    about |= {f"lang_{name}": number for number, name in enumerate(("auto", "zh", "en", "yue", "ja", "ko"))}
    (folder / "model.int8.onnx").write_bytes(graph.file(about))


def paraformer(folder: Path) -> None:
    """One word for the whole sound."""
    _write_tokens(folder, ("</s>", *WORDS))
    size = 1 + len(WORDS)
    graph = Graph()
    sound = graph.input("speech", ("N", "T", BINS * LFR))
    graph.input("speech_lengths", ("N",), "int32")
    pooled = graph.node("ReduceMax", sound, axes=[1], keepdims=1)
    _weighed(graph, pooled, _weights(size, slots=LFR), to="logits")
    graph.node("Identity", graph.constant(np.array([1], np.int32)), to="token_num")
    graph.output("logits", ("N", 1, size))
    graph.output("token_num", (1,), "int32")
    (folder / "model.onnx").write_bytes(graph.file(_lfr(size) | {"model_type": "paraformer"}))


def zipformer_ctc(folder: Path) -> None:
    """CTC over frames of 40 ms."""
    _write_tokens(folder, ("<blk>", *WORDS))
    size = 1 + len(WORDS)
    graph = Graph()
    heard = _weighed(graph, _fewer_frames(graph, graph.input("x", ("N", "T", BINS))), _weights(size))
    lengths = graph.input("x_lens", ("N",), "int64")
    graph.node("LogSoftmax", heard, to="log_probs", axis=2)
    graph.node("Div", lengths, graph.constant(np.array([_STEP], np.int64)), to="log_probs_len")
    graph.output("log_probs", ("N", "T2", size))
    graph.output("log_probs_len", ("N",), "int64")
    (folder / "model.int8.onnx").write_bytes(
        graph.file({"model_type": "zipformer2_ctc", "subsampling_factor": _STEP})
    )


def zipformer(folder: Path) -> None:
    """A transducer: what was heard, and what was said last, added."""
    size = _transducer(folder)
    graph = Graph()
    frames = _fewer_frames(graph, graph.input("x", ("N", "T", BINS)))
    _weighed(graph, frames, _weights(size), to="encoder_out")
    lengths = graph.input("x_lens", ("N",), "int64")
    graph.node("Div", lengths, graph.constant(np.array([_STEP], np.int64)), to="encoder_out_lens")
    graph.output("encoder_out", ("N", "T2", size))
    graph.output("encoder_out_lens", ("N",), "int64")
    (folder / "encoder-epoch-1-avg-1.int8.onnx").write_bytes(graph.file({"model_type": "zipformer2"}))


def streaming_zipformer(folder: Path) -> None:
    """The same, a third of a second at a time, with the states that a zipformer hands on."""
    size = _transducer(folder)
    graph = Graph()
    sound = graph.input("x", ("N", _FRAMES, BINS))
    ends = [graph.constant(np.array([value], np.int64)) for value in (0, _CHUNK, 1)]
    chunk = graph.node("Slice", sound, ends[0], ends[1], ends[2])
    _weighed(graph, _fewer_frames(graph, chunk), _weights(size), to="encoder_out")
    graph.output("encoder_out", ("N", _CHUNK // _STEP, size))
    for name, shape in _states().items():
        graph.node("Identity", graph.input(name, shape), to=f"new_{name}")
        graph.output(f"new_{name}", shape)
    graph.node("Identity", graph.input("processed_lens", ("N",), "int64"), to="new_processed_lens")
    graph.output("new_processed_lens", ("N",), "int64")
    about = {
        "model_type": "zipformer2", "T": _FRAMES, "decode_chunk_len": _CHUNK, "num_encoder_layers": 1,
        "encoder_dims": _WIDTH, "cnn_module_kernels": _KERNEL, "left_context_len": _LEFT, "query_head_dims": _QUERY,
        "value_head_dims": _VALUE, "num_heads": _HEADS,
    }  # fmt: skip
    (folder / "encoder-epoch-1-avg-1.int8.onnx").write_bytes(graph.file(about))


def _states() -> dict[str, tuple[int | str, ...]]:
    return {
        "cached_key_0": (_LEFT, "N", _QUERY * _HEADS),
        "cached_nonlin_attn_0": (1, "N", _LEFT, 3 * _WIDTH // 4),
        "cached_val1_0": (_LEFT, "N", _VALUE * _HEADS),
        "cached_val2_0": (_LEFT, "N", _VALUE * _HEADS),
        "cached_conv1_0": ("N", _WIDTH, _KERNEL // 2),
        "cached_conv2_0": ("N", _WIDTH, _KERNEL // 2),
        "embed_states": ("N", 128, 3, 19),
    }


def _transducer(folder: Path) -> int:
    """Decoder and joiner, which both kinds share; the number of tokens."""
    _write_tokens(folder, ("<blk>", *WORDS))
    size = 1 + len(WORDS)
    decoder = Graph()
    last = decoder.node(
        "Slice", decoder.input("y", ("N", 2), "int64"),
        *(decoder.constant(np.array([value], np.int64)) for value in (1, 2, 1)),
    )  # fmt: skip
    once = -_ONCE * np.diag([0.0, *[1.0] * len(WORDS)]).astype(np.float32)
    row = decoder.node("Gather", decoder.constant(once), last, axis=0)
    decoder.node("Reshape", row, decoder.constant(np.array([-1, size], np.int64)), to="decoder_out")
    decoder.output("decoder_out", ("N", size))
    (folder / "decoder-epoch-1-avg-1.onnx").write_bytes(decoder.file({"vocab_size": size, "context_size": 2}))
    joiner = Graph()
    joiner.node(
        "Add", joiner.input("encoder_out", ("N", size)), joiner.input("decoder_out", ("N", size)), to="logit"
    )
    joiner.output("logit", ("N", size))
    (folder / "joiner-epoch-1-avg-1.int8.onnx").write_bytes(joiner.file({"joiner_dim": size}))
    return size


def _weights(size: int, *, slots: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What makes of a frame (of its middle slot) how much louder each tone is than the whole; token 0 is nothing."""
    matrix = np.zeros((BINS, size), np.float32)
    for number, hz in enumerate(TONES_HZ.values(), start=1):
        middle = _bin(hz)
        matrix[:, number] = -1 / BINS
        matrix[middle - 1 : middle + 2, number] += 1 / 3
    whole = np.zeros((slots, BINS, size), np.float32)
    whole[slots // 2] = matrix
    bias = np.full(size, -50.0, np.float32)
    bias[0], bias[1 : 1 + len(WORDS)] = 0, -_MARGIN
    return whole.reshape(-1, size), bias


def _bin(hz: float) -> int:
    """The mel bin of a frequency, of 80 between 20 and 7600 Hz."""
    mel = 1127 * np.log1p(np.array([20.0, hz, 7600.0]) / 700)
    return int(np.clip(round((mel[1] - mel[0]) / (mel[2] - mel[0]) * (BINS + 1)) - 1, 1, BINS - 2))


def _weighed(
    graph: Graph, frames: str, weights: tuple[NDArray[np.float32], NDArray[np.float32]], *, to: str = ""
) -> str:
    return graph.node(
        "Add", graph.node("MatMul", frames, graph.constant(weights[0])), graph.constant(weights[1]), to=to
    )


def _fewer_frames(graph: Graph, frames: str) -> str:
    across = graph.node("Transpose", frames, perm=[0, 2, 1])
    pooled = graph.node("AveragePool", across, kernel_shape=[_STEP], strides=[_STEP])
    return graph.node("Transpose", pooled, perm=[0, 2, 1])


def _lfr(size: int) -> dict[str, object]:
    same = {"neg_mean": ",".join(["0"] * BINS * LFR), "inv_stddev": ",".join(["1"] * BINS * LFR)}
    return {"vocab_size": size, "lfr_window_size": LFR, "lfr_window_shift": LFR - 1} | same


def _write_tokens(folder: Path, tokens: tuple[str, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{token} {number}\n" for number, token in enumerate(tokens))
    (folder / "tokens.txt").write_text(lines, encoding="utf-8")
