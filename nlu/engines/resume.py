"""Reads the weights of an encoder back from its 8-bit ONNX file, so that training can go on without a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

QUANTIZED, SCALE, ZERO = "_quantized", "_scale", "_zero_point"
Array = np.ndarray[Any, Any]


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The state of a `Network`, as near as 8 bits hold it. Raises KeyError when the file is none of `fit_encoder.export`."""
    graph = onnx.load(str(path)).graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = {
        name: values for name, values in stored.items() if values.dtype == np.float32 and SCALE not in name
    }
    for name in stored:
        if name.endswith(".weight" + QUANTIZED):  # a table
            found[name.removesuffix(QUANTIZED)] = _dequantized(name.removesuffix(QUANTIZED), stored)
    for node in graph.node:  # a linear layer, stored as inputs x outputs; the node tells which
        layer = node.name.removesuffix("_quant").removesuffix("/MatMul").strip("/").replace("/", ".")
        if node.op_type == "MatMulInteger":
            found[f"{layer}.weight"] = _dequantized(node.input[1].removesuffix(QUANTIZED), stored).T
        elif node.op_type == "MatMul" and node.input[1] in found:
            found[f"{layer}.weight"] = found.pop(node.input[1]).T
    return {name: torch.from_numpy(np.array(values)) for name, values in found.items()}


def _dequantized(name: str, stored: dict[str, Array]) -> Array:
    whole: Array = stored[name + QUANTIZED].astype(np.float32) - stored[name + ZERO].astype(np.float32)
    return whole * stored[name + SCALE]
