"""ONNX files written by hand: the few fields of the format that a model of some kilobytes needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET = 8, 13
# Element types and kinds of attributes by their numbers in onnx.proto.
ELEMENTS = {"float32": 1, "int32": 6, "int64": 7}
_INT, _INTS = 2, 7

Shape = Sequence[int | str]  # a name where the size is not known before


def message(number: int, content: bytes | int) -> bytes:
    """One field of a protobuf message."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


@dataclass
class Graph:
    """A model as it grows: each call adds something and gives its name."""

    _nodes: list[bytes] = field(default_factory=list)
    _values: list[bytes] = field(default_factory=list)
    _inputs: list[bytes] = field(default_factory=list)
    _outputs: list[bytes] = field(default_factory=list)

    def input(self, name: str, shape: Shape, element: str = "float32") -> str:
        self._inputs.append(message(11, _about(name, shape, element)))
        return name

    def output(self, name: str, shape: Shape, element: str = "float32") -> None:
        self._outputs.append(message(12, _about(name, shape, element)))

    def constant(self, values: NDArray[np.generic] | Sequence[int]) -> str:
        array = np.asarray(values)
        name = f"constant{len(self._values)}"
        dims = b"".join(message(1, size) for size in array.shape)
        about = (
            message(2, ELEMENTS[str(array.dtype)]) + message(8, name.encode()) + message(9, array.tobytes())
        )
        self._values.append(message(5, dims + about))
        return name

    def node(self, kind: str, *given: str, to: str = "", **attributes: int | Sequence[int]) -> str:
        to = to or f"value{len(self._nodes)}"
        content = b"".join(message(1, one.encode()) for one in given) + message(2, to.encode())
        content += message(4, kind.encode())
        content += b"".join(message(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(message(1, content))
        return to

    def file(self, metadata: Mapping[str, object] = {}) -> bytes:
        """The whole model, with what it says of itself."""
        content = b"".join((*self._nodes, message(2, b"model"), *self._values, *self._inputs, *self._outputs))
        about = b"".join(
            message(14, message(1, key.encode()) + message(2, str(value).encode()))
            for key, value in metadata.items()
        )
        return message(1, IR_VERSION) + message(7, content) + message(8, message(2, OPSET)) + about


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return message(1, name.encode()) + message(3, value) + message(20, _INT)
    return message(1, name.encode()) + b"".join(message(8, one) for one in value) + message(20, _INTS)


def _about(name: str, shape: Shape, element: str) -> bytes:
    sizes = b"".join(
        message(1, message(2, size.encode()) if isinstance(size, str) else message(1, size)) for size in shape
    )
    tensor = message(1, ELEMENTS[element]) + message(2, sizes)
    return message(1, name.encode()) + message(2, message(1, tensor))
