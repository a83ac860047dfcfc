"""The review list: personal data masked, labels checked, nothing twice."""

from pathlib import Path

from nlu.data_files import read_file
from nlu.review import Entry, ask_for_labels, export_reviewed, mask, read_list, write_list


def test_numbers_of_a_person_are_masked() -> None:
    assert mask("我电话13900123456") == "我电话00000000000"
    assert mask("三号楼501") == "三号楼000"
    assert mask("幺三九零零一二三四五六", "零一二三四五六七八九幺") == "零" * 11
    assert mask("要3份") == "要3份"


def test_staff_label_skip_reject_and_stop(tmp_path: Path) -> None:
    entries = [Entry("送饭嘛"), Entry("啥"), Entry("乱七八糟"), Entry("不会到这里")]
    answers = iter(["nonsense", "meal", "", "-", "q"])
    done = ask_for_labels([*entries, Entry("再后头")], ask=lambda _: next(answers), say=lambda _: None)
    assert [one.labels for one in done] == [("meal",), (), (), (), ()]
    assert done[2].rejected
    write_list(tmp_path / "list.jsonl", done)
    assert read_list(tmp_path / "list.jsonl") == done


def test_labelled_sentences_go_into_a_data_file_once(tmp_path: Path) -> None:
    entries = [Entry("给我弄些吃的，电话13900123456", ("meal",)), Entry("还没看", ())]
    target = tmp_path / "data" / "reviewed.yml"
    assert export_reviewed(entries, target, data=tmp_path / "data") == 1
    assert export_reviewed(entries, target, data=tmp_path / "data") == 0
    (example,) = read_file(target)
    assert (example.labels, example.text) == (("meal",), "给我弄些吃的，电话00000000000")
