"""Whether a request is understood as well with an address, a number and names written around it, or with a breath before it, as bare.

Takes requests of both validation sets, the same every time. Target: at most 5 points below the bare sentences.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from config.catalogue import load_catalogue
from nlu.data_files import Example, read_folder
from nlu.parse import load_parser
from tests.bench.machine import describe_load

FOLDERS = [Path(__file__).parent.parent / "language" / name for name in ("validation_seed", "validation")]
NOW = datetime(2026, 11, 23, 10)
BEFORE = (
    "", "我在外地上班，我妈一个人住在金凤区长城中路锦绣苑12-2-301，", "你好，我是马秀兰的女儿，在广州打工，",
    "地址：同心县豫海镇富康花园3号楼1单元502，",
)  # fmt: skip
BEHIND = (
    "，联系电话139 0953 0002（我妈的），她叫马秀兰，谢谢", "，住吴忠市利通区盛元小区5-2-301，电话13895220011",
    "，她叫李桂花，电话打我这个就行，18995012345，麻烦你们了", "",
)  # fmt: skip
LETTERS = ((0, 3), (0, 0), (1, 0), (2, 1), (3, 2), (1, 2))
BREATHS = ("{}", "{}。", "嗯，{}", "哎，{}啊", "你好，{}", "喂你好，{}", "喂，你好，{}。", "我跟你讲，{}")
LONGEST_LETTER, LONGEST_SPOKEN = 60, 25  # characters of the bare sentence


def right(examples: Sequence[Example], wrapped: Callable[[str], str]) -> float:
    """Share of sentences with exactly their labels; a greeting beside them does not count."""
    parser, hits = load_parser(), 0
    for example in examples:
        heard = parser.parse(wrapped(example.text.rstrip("。")), now=NOW)
        hits += set(heard.names()) - {"greet"} == set(example.labels)
    return hits / len(examples)


def main() -> None:
    print(describe_load())
    everything = [one for folder in FOLDERS for one in read_folder(folder) if not one.expecting]
    requests = [
        one
        for one in everything
        if set(one.labels) <= set(load_catalogue()) and len(one.text) < LONGEST_LETTER
    ]
    short = [one for one in everything if 4 < len(one.text) < LONGEST_SPOKEN]
    rng = random.Random(3)
    letters, spoken = rng.sample(requests, 300), rng.sample(short, 200)
    for before, behind in LETTERS:
        share = right(letters, lambda text, a=before, b=behind: BEFORE[a] + text + BEHIND[b])  # type: ignore[misc]
        print(f"  {share:.3f}  {BEFORE[before]}…{BEHIND[behind]}")
    for breath in BREATHS:
        print(f"  {right(spoken, breath.format):.3f}  {breath.format('…')}")


if __name__ == "__main__":
    main()
