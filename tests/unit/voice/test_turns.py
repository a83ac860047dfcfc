"""Turn taking by its parts, and the machine on hand-made frames."""

from __future__ import annotations

import pytest

from config.turn_taking import TurnTakingError, load_turn_rules, read_turn_rules
from tests.unit.voice.fakes import RATE, hum, noise, silence, speech
from voice.conversation import Answer, Completeness
from voice.hearing.recogniser import Heard, Reading
from voice.line.line import FRAME_MS
from voice.turns.actions import (
    Abandon,
    Action,
    Announce,
    Ask,
    HangUp,
    Hush,
    Reason,
    Recognise,
    Speak,
    Stretch,
)
from voice.turns.echo import likeness
from voice.turns.endpoint import silence_needed_ms
from voice.turns.frame import Frame, FrameAnalyser
from voice.turns.keypad import KeyPad, Question
from voice.turns.manner import manner_for, sentences_for
from voice.turns.phrase import Phrase, judged, phrase
from voice.turns.profile import CallerProfile
from voice.turns.turn_taking import TurnTaking

RULES = load_turn_rules()
GREETING = Answer(("您好。",))


@pytest.mark.parametrize(
    ("text", "asks", "kind"),
    [
        ("对", "confirm", Phrase.CLOSED),
        ("不对。", "confirm", Phrase.CLOSED),
        ("嗯", "confirm", Phrase.CLOSED),
        ("嗯", None, Phrase.BACKCHANNEL),
        ("嗯，哦。", "place", Phrase.BACKCHANNEL),
        ("我想订个午饭", None, Phrase.OPEN),
        ("我想订个午饭，行不行", None, Phrase.COMPLETE),
        ("我想", None, Phrase.UNFINISHED),
        ("水龙头坏了，来个人修", None, Phrase.OBJECTLESS),
        ("水龙头坏了，来个人修一修", None, Phrase.OPEN),
        ("水龙头坏了，来个人修修", None, Phrase.OPEN),
        ("我想订午饭，那个", None, Phrase.UNFINISHED),
        ("给我妈", None, Phrase.UNFINISHED),
        ("我家住在", "place", Phrase.UNFINISHED),
        ("我想找个人", None, Phrase.UNFINISHED),
        ("我一个人在家", None, Phrase.VAGUE),
        ("麻烦你", None, Phrase.UNFINISHED),
        ("我要", None, Phrase.UNFINISHED),
        ("我要", "confirm", Phrase.COMPLETE),
        ("是的", None, Phrase.COMPLETE),
        ("我那个社保卡", None, Phrase.UNFINISHED),
        ("我那个社保卡丢了", None, Phrase.COMPLETE),
        ("低保", None, Phrase.OPEN),
        ("我今年八十二了", None, Phrase.UNFINISHED),
        ("八十二了", "detail", Phrase.COMPLETE),
        ("后天上午", None, Phrase.VAGUE),
        ("金凤区长城花园", "place", Phrase.VAGUE),
        ("金凤区长城花园三号楼", "place", Phrase.OPEN),
        ("我叫马秀英", "name", Phrase.OPEN),
        ("姓马", "name", Phrase.VAGUE),
        ("要那个", "detail", Phrase.UNFINISHED),
        ("两份不辣", "detail", Phrase.LIST),
        ("明天中午", "time", Phrase.COMPLETE),
        ("明天", "time", Phrase.OPEN),
        ("一三九零九五", "phone", Phrase.DIGITS),
        ("139 0951", "phone", Phrase.DIGITS),
        ("13909510001", "phone", Phrase.COMPLETE),
        ("就是这个号", "phone", Phrase.COMPLETE),
        ("我女儿的电话", "phone", Phrase.UNFINISHED),
        ("你记一下", "phone", Phrase.UNFINISHED),
        ("不对，是", "confirm", Phrase.UNFINISHED),
        ("那个那个", None, Phrase.UNFINISHED),
        ("……", None, Phrase.EMPTY),
    ],
)
def test_the_words_tell_whether_more_is_to_come(text: str, asks: str | None, kind: Phrase) -> None:
    choices = ("对", "不对") if asks == "confirm" else ()
    assert phrase(text, asks, choices, RULES.words) is kind


@pytest.mark.parametrize(
    ("kind", "completeness", "becomes"),
    [
        (Phrase.VAGUE, Completeness.SETTLED, Phrase.SETTLED),
        (Phrase.OPEN, Completeness.SETTLED, Phrase.SETTLED),
        (Phrase.COMPLETE, Completeness.SETTLED, Phrase.SETTLED),
        (Phrase.OPEN, Completeness.LISTING, Phrase.LIST),
        (Phrase.UNFINISHED, Completeness.LISTING, Phrase.UNFINISHED),
        (Phrase.OPEN, Completeness.MISSING, Phrase.VAGUE),
        (Phrase.COMPLETE, Completeness.MISSING, Phrase.VAGUE),
        (Phrase.LIST, Completeness.MISSING, Phrase.VAGUE),
        (Phrase.LIST, Completeness.SETTLED, Phrase.SETTLED),
        (Phrase.LIST, Completeness.LISTING, Phrase.LIST),
        (Phrase.UNFINISHED, Completeness.SETTLED, Phrase.UNFINISHED),
        (Phrase.OBJECTLESS, Completeness.SETTLED, Phrase.OPEN),
        (Phrase.OBJECTLESS, Completeness.OPEN, Phrase.OBJECTLESS),
        (Phrase.UNFINISHED, Completeness.ANSWERED, Phrase.SETTLED),
        (Phrase.UNFINISHED, Completeness.WHOLE, Phrase.SETTLED),
        (Phrase.OBJECTLESS, Completeness.WHOLE, Phrase.SETTLED),
        (Phrase.BACKCHANNEL, Completeness.WHOLE, Phrase.BACKCHANNEL),
        (Phrase.CLOSED, Completeness.ANSWERED, Phrase.CLOSED),
        (Phrase.VAGUE, None, Phrase.VAGUE),
    ],
)
def test_what_is_meant_corrects_what_the_words_look_like(
    kind: Phrase, completeness: Completeness | None, becomes: Phrase
) -> None:
    assert judged(kind, completeness) is becomes


def test_a_clear_yes_is_taken_faster_than_a_sentence_and_a_sentence_faster_than_half_a_number() -> None:
    unknown = CallerProfile()
    order = [
        Phrase.CLOSED, Phrase.SETTLED, Phrase.OPEN, Phrase.LIST, Phrase.VAGUE, Phrase.DIGITS, Phrase.UNFINISHED,
    ]  # fmt: skip
    waits = [silence_needed_ms(kind, unknown, RULES.endpoint) for kind in order]
    assert waits == sorted(waits) and len(set(waits)) == len(waits)


def test_a_caller_who_pauses_long_is_waited_for_but_not_for_a_clear_yes() -> None:
    slow = CallerProfile(pauses_ms=(1_200, 1_400, 900, 1_600, 1_300) * 4)
    assert silence_needed_ms(Phrase.COMPLETE, slow, RULES.endpoint) == RULES.endpoint.longest_complete_ms
    assert 1_500 < silence_needed_ms(Phrase.OPEN, slow, RULES.endpoint) <= RULES.endpoint.longest_ms
    assert silence_needed_ms(Phrase.CLOSED, slow, RULES.endpoint) == RULES.endpoint.closed_ms


def test_after_a_whole_wish_only_those_are_waited_for_longer_who_went_on_after_one_and_not_for_ever() -> None:
    slow = CallerProfile(pauses_ms=(1_200, 1_400, 900, 1_600, 1_300) * 4)
    assert silence_needed_ms(Phrase.SETTLED, slow, RULES.endpoint) == RULES.endpoint.complete_ms
    waits = []
    profile = _after_a_turn(CallerProfile(), resumed_ms=1_250)
    for _ in range(8):
        waits.append(silence_needed_ms(Phrase.SETTLED, profile, RULES.endpoint))
        profile = _after_a_turn(profile)
    assert waits[0] > 1_300 and waits == sorted(waits, reverse=True)
    assert waits[-1] == RULES.endpoint.complete_ms


def _after_a_turn(profile: CallerProfile, resumed_ms: int = 0) -> CallerProfile:
    return profile.spoke(pauses_ms=(), level_db=-22, chars=8, speech_ms=1_800, kept=40, resumed_ms=resumed_ms)


def test_what_is_known_of_a_caller_survives_being_stored() -> None:
    known = CallerProfile((300, 900), 1_200, -24.5, 3.1, 1, 2)
    assert CallerProfile.from_json(known.to_json() | {"of_a_newer_version": 1}) == known


def test_a_slow_speaker_is_spoken_to_slowly_and_never_faster_than_they_wish() -> None:
    assert manner_for(CallerProfile(chars_per_s=4.5), RULES).pace == 0
    assert manner_for(CallerProfile(chars_per_s=2.0), RULES).pace == 2
    assert manner_for(CallerProfile(chars_per_s=2.0, pace=3), RULES).pace == 3


def test_the_hard_of_hearing_get_the_end_of_it_and_the_keys() -> None:
    deaf = CallerProfile(pace=2, loudness=1)
    long = Answer(
        ("一。", "二。", "三。", "哪天合适？"), asks="time", choices=(("今天", "今天"), ("明天", "明天"))
    )
    said = sentences_for(long, deaf, RULES)
    assert said == ("三。", "哪天合适？", "今天，请按1。", "明天，请按2。", "找人，请按零。")
    assert manner_for(deaf, RULES).deep
    read_back = Answer(("一。", "二。", "三。", "对不对？"), asks="confirm")
    assert sentences_for(read_back, deaf, RULES)[:4] == read_back.sentences


@pytest.mark.parametrize(
    ("keys", "question", "text"),
    [
        ("0", Question(), "转人工"),
        ("*", Question(), "再说一遍"),
        ("1", Question("confirm"), "对"),
        ("2", Question("confirm"), "不对"),
        ("2", Question("time", ("今天", "明天上午")), "明天上午"),
        ("13909510001", Question("phone"), "13909510001"),
        ("0951234#", Question("phone"), "0951234"),
        ("0#", Question("phone"), "转人工"),
        ("12*3#", Question("phone"), "3"),
        ("A", Question(), None),
        ("#", Question(), None),
        ("7", Question("time", ("今天",)), None),
    ],
)
def test_keys_are_answers(keys: str, question: Question, text: str | None) -> None:
    pad = KeyPad(RULES.keys)
    assert [pad.press(key, question, 0) for key in keys][-1] == text


def test_a_number_ends_when_no_more_keys_come() -> None:
    pad = KeyPad(RULES.keys)
    for at, key in enumerate("0951"):
        assert pad.press(key, Question("phone"), at * 500) is None
    assert pad.due(1_500 + RULES.keys.between_ms - 20) is None
    assert pad.due(1_500 + RULES.keys.between_ms) == "0951"
    assert pad.due(60_000) is None


def test_a_voice_has_pitch_and_overtones_a_hum_has_no_overtones_a_cough_no_pitch() -> None:
    analysed = [_analysed(sound) for sound in (speech(200), hum(200), noise(200))]
    assert [(frame.voiced, frame.hum) for frame in analysed] == [(True, False), (True, True), (False, False)]


def test_an_echo_is_known_by_its_likeness_whatever_its_delay() -> None:
    said = noise(900, seed=3)
    echo = (said[2_000:4_560] // 5).astype("int16")
    assert likeness(echo, said) > 0.9
    assert likeness(noise(320, seed=4), said) < 0.2
    assert likeness(silence(320), said) == 0.0


def test_an_answer_that_is_urgent_is_said_while_the_caller_speaks_and_another_one_waits() -> None:
    for answer, said_at_once in ((Answer(("打120。",), urgent=True), True), (Answer(("好。",)), False)):
        machine = _Machine()
        machine.speak(1_000)
        machine.quiet(1_400)
        machine.speak(400)
        actions = machine.turns.answered(answer)
        assert any(isinstance(action, Speak) for action in actions) is said_at_once


def test_a_late_answer_is_bridged_once() -> None:
    machine = _Machine()
    machine.speak(1_000)
    machine.quiet(9_000)
    assert machine.all(Announce) == [Announce("wait")]


def test_an_utterance_that_nobody_can_read_is_asked_for_again_and_then_a_person_comes() -> None:
    machine = _Machine(reading=Heard((), "x", 1, 0, "hallucination"))
    for _ in range(3):
        machine.speak(1_200)
        machine.quiet(2_000)
        machine.turns.speaking_ended()
    assert [announced.says for announced in machine.all(Announce)] == ["unclear", "unclear_again"]
    assert machine.all(Ask)[-1].text == "转人工"


def test_a_yes_that_may_be_a_no_is_asked_for_again_with_the_keys_and_then_taken() -> None:
    asks = Answer(("对不对？",), asks="confirm")
    machine = _Machine(reading=Heard((Reading("对", 0.5),), "x", 1, 0, closed=True), greeting=asks)
    for _ in range(2):
        machine.speak(400)
        machine.quiet(1_200)
        machine.turns.speaking_ended()
    announced = machine.all(Announce)
    assert announced == [Announce("unsure", asks)]
    assert [ask.text for ask in machine.all(Ask)] == ["对"]


def test_a_no_that_is_hardly_one_leads_to_the_keys_and_then_to_a_person() -> None:
    asks = Answer(("对不对？",), asks="confirm")
    machine = _Machine(reading=Heard((Reading("没", 0.45),), "x", 1, 0, closed=True), greeting=asks)
    for _ in range(3):
        machine.speak(400)
        machine.quiet(1_200)
        machine.turns.speaking_ended()
    assert machine.all(Announce) == [Announce("unsure", asks), Announce("unsure_again", asks)]
    assert [ask.text for ask in machine.all(Ask)] == ["转人工"]


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ((("没有了", "没有了"), ("还要办别的", "你们能办什么")), "more"),
        ((("订饭", "订饭"),), None),
        ((), None),
    ],
)
def test_where_no_more_is_offered_the_recogniser_is_told_so(
    choices: tuple[tuple[str, str], ...], told: str | None
) -> None:
    machine = _Machine(greeting=Answer(("您还要办别的吗？",), choices=choices))
    machine.speak(800)
    machine.quiet(600)
    assert machine.all(Recognise)[-1].asks == told


def test_after_a_no_the_recogniser_is_told_that_a_correction_may_come() -> None:
    machine = _Machine(greeting=Answer(("对不对？",), asks="confirm"))
    machine.take(machine.turns.answered(Answer(("哪里不对？",), asks="detail")))
    machine.take(machine.turns.speaking_ended())
    machine.speak(800)
    machine.quiet(600)
    assert machine.all(Recognise)[-1].asks == "correction"


def test_recognition_starts_at_a_short_pause_and_its_text_is_used_when_nothing_follows() -> None:
    machine = _Machine()
    machine.speak(1_000)
    machine.quiet(1_200)
    assert len(machine.all(Recognise)) == 1
    ask = machine.all(Ask)[-1]
    assert ask.text == "我想订个午饭"


def test_what_is_being_read_is_dropped_when_the_caller_goes_on_and_all_of_it_is_read_at_the_next_pause() -> (
    None
):
    machine = _Machine(reads=False)
    machine.speak(1_000)
    machine.quiet(400)
    machine.speak(600)
    assert len(machine.all(Abandon)) == 1
    machine.quiet(400)
    first, second = (action.stretch for action in machine.all(Recognise))
    assert second.start_ms == first.start_ms and second.end_ms >= first.end_ms + 1_000
    assert not machine.turns.heard(first, machine.reading)  # it comes all the same, and too late
    assert machine.turns.heard(second, machine.reading) == []
    machine.quiet(1_000)
    assert machine.all(Ask)[-1].text == "我想订个午饭"


def test_where_readings_take_long_they_begin_later_but_not_too_late() -> None:
    began = []
    for took_ms in (0, 900, 6_000):
        machine = _Machine(reads=False)
        machine.speak(1_000)
        machine.quiet(400)
        first = machine.all(Recognise)[-1].stretch
        machine.quiet(took_ms)
        machine.take(machine.turns.heard(first, Heard((), "x", 1, 0, "noise")))
        machine.quiet(4_000)
        machine.speak(1_000)
        silent_from = machine.now
        while len(machine.all(Recognise)) < 2:
            machine.quiet(FRAME_MS)
        began.append(machine.now - silent_from)
    assert began[0] < began[1] < began[2] == RULES.endpoint.recognise_at_the_latest_ms


def test_words_that_settle_nothing_are_waited_for_and_those_that_do_are_not() -> None:
    waited = {}
    for completeness in (Completeness.SETTLED, None, Completeness.MISSING):
        machine = _Machine(completeness=completeness)
        machine.speak(1_000)
        machine.quiet(4_000)
        waited[completeness] = machine.asked_at - 1_000
    assert waited[Completeness.SETTLED] < waited[None] < 1_000 + waited[None] < waited[Completeness.MISSING]


def test_a_long_speech_is_recognised_in_parts() -> None:
    machine = _Machine()
    machine.speak(20_000)
    machine.quiet(400)
    machine.speak(3_000)
    machine.quiet(1_500)
    stretches = [action.stretch for action in machine.all(Recognise)]
    assert max(stretch.end_ms - stretch.start_ms for stretch in stretches) < 28_000
    assert machine.all(Ask)[-1].text == "我想订个午饭，我想订个午饭"


def test_speech_stops_when_the_caller_speaks_and_the_stretch_covers_the_first_word() -> None:
    machine = _Machine()
    machine.speak(1_000)
    machine.quiet(1_200)
    machine.take(machine.turns.answered(Answer(("很长的一句话。",))))
    machine.speak(600)
    assert machine.all(Hush)
    began = machine.now - 600
    machine.quiet(1_000)
    stretch: Stretch = machine.all(Recognise)[1].stretch
    assert stretch.start_ms <= began and stretch.end_ms >= began + 600


def test_who_goes_on_before_a_question_can_have_been_heard_does_not_answer_it() -> None:
    asked = {}
    for after_ms in (300, 2_400):
        machine = _Machine()
        machine.speak(1_000)
        machine.quiet(1_200)
        machine.take(machine.turns.answered(Answer(("您看什么时候合适？",), asks="time")))
        machine.quiet(after_ms)
        machine.speak(800)
        machine.quiet(400)
        asked[after_ms] = machine.all(Recognise)[-1].asks
    assert asked == {300: None, 2_400: "time"}


def test_who_speaks_while_the_answer_is_being_found_does_not_answer_what_it_asks() -> None:
    machine = _Machine()
    machine.speak(1_000)
    machine.quiet(1_200)
    machine.speak(400)
    machine.take(machine.turns.answered(Answer(("您看什么时候合适？",), asks="time")))
    machine.speak(400)
    machine.quiet(400)
    assert machine.all(Recognise)[-1].asks is None


@pytest.mark.parametrize(("level_db", "stops"), [(-22, True), (-28, True), (-33, False), (-37, False)])
def test_only_who_is_about_as_loud_as_the_caller_stops_our_speech(level_db: float, stops: bool) -> None:
    known = _Machine()
    known.speak(1_000)
    known.quiet(1_200)
    known.take(known.turns.answered(Answer(("很长的一句话。",))))
    unknown = _Machine(greeted=False)
    for machine in (known, unknown):
        machine.speak(2_000, level_db)
        assert bool(machine.all(Hush)) is stops


def test_loud_words_of_a_television_now_and_then_do_not_stop_our_speech() -> None:
    machine = _Machine(greeted=False)
    for _ in range(8):
        machine.speak(60)
        machine.speak(440, -36)
    assert not machine.all(Hush)
    machine.speak(60)
    machine.quiet(60)
    machine.speak(60)
    assert machine.all(Hush)


def test_what_was_said_before_our_answer_does_not_stop_it() -> None:
    machine = _Machine(
        Heard((Reading("对", 0.9),), "x", 1, 0), greeting=Answer(("对不对？",), asks="confirm")
    )
    machine.speak(900)
    machine.quiet(420)
    machine.take(machine.turns.answered(Answer(("很长的一句话。",))))
    machine.speak(80)
    assert not machine.all(Hush)


def test_a_turn_is_over_though_a_television_goes_on() -> None:
    machine = _Machine()
    machine.speak(500, -36)
    machine.speak(1_200)
    ended = machine.now
    machine.speak(3_000, -36)
    assert machine.all(Ask)[-1].text == "我想订个午饭"
    assert machine.asked_at - ended <= RULES.endpoint.open_ms + 200
    level_db = machine.turns.profile.level_db
    assert level_db is not None and level_db > -24


def test_a_caller_whose_voice_drops_a_little_is_still_speaking() -> None:
    machine = _Machine()
    machine.speak(800)
    machine.speak(2_000, -29)
    assert not machine.all(Ask)


def test_a_voice_that_is_softer_counts_less_than_a_louder_one() -> None:
    known = CallerProfile(level_db=-22.0)
    softer, louder = (_of_level(known, level_db).level_db for level_db in (-32.0, -12.0))
    assert softer is not None and louder is not None
    assert 0 < -22.0 - softer < louder - -22.0


def test_who_speaks_softer_than_before_is_heard_after_a_silence_and_from_then_on() -> None:
    machine = _Machine()
    machine.speak(1_000)
    machine.quiet(1_200)
    machine.take(machine.turns.answered(GREETING))
    machine.take(machine.turns.speaking_ended())
    machine.speak(1_000, -36)
    machine.quiet(5_000)
    assert [ask.text for ask in machine.all(Ask)] == ["我想订个午饭", None]
    for _ in range(2):
        machine.take(machine.turns.answered(GREETING))
        machine.take(machine.turns.speaking_ended())
        machine.speak(1_000, -36)
        machine.quiet(1_200)
    assert [ask.text for ask in machine.all(Ask)][2:] == 2 * ["我想订个午饭"]


def test_who_calls_with_a_softer_telephone_than_the_last_time_is_heard_at_once() -> None:
    machine = _Machine(profile=CallerProfile(level_db=-16.0))
    machine.speak(1_000, -36)
    machine.quiet(1_200)
    assert machine.all(Ask)
    assert machine.turns.profile.level_db == pytest.approx(-36)


def _of_level(profile: CallerProfile, level_db: float) -> CallerProfile:
    return profile.spoke(pauses_ms=(), level_db=level_db, chars=8, speech_ms=1_800, kept=40)


def test_on_hold_nothing_is_heard() -> None:
    machine = _Machine()
    machine.turns.hold(True)
    machine.speak(3_000)
    machine.turns.hold(False)
    machine.quiet(2_000)
    assert not machine.all(Recognise)


def test_a_call_of_two_hours_is_ended_with_words_and_one_in_danger_goes_on() -> None:
    machine = _Machine()
    machine.now = RULES.call.longest_ms - FRAME_MS
    machine.quiet(20)
    machine.take(machine.turns.speaking_ended())
    assert machine.all(Announce)[-1] == Announce("too_long")
    assert machine.all(HangUp) == [HangUp(Reason.TOO_LONG)]
    in_danger = _Machine(greeting=Answer(("您好。",), emergency=True))
    in_danger.now = RULES.call.longest_ms
    in_danger.quiet(100)
    assert not in_danger.all(HangUp) and not in_danger.all(Announce)


def test_somebody_in_danger_who_falls_silent_is_not_hung_up_on() -> None:
    machine = _Machine(greeting=Answer(("您别挂断。",), emergency=True), answers=True)
    machine.quiet(120_000)
    assert not machine.all(HangUp)


def test_a_missing_or_unknown_entry_of_the_file_is_named() -> None:
    with pytest.raises(TurnTakingError, match="speech"):
        read_turn_rules({"speech": {"starts_at": 1}})


def _analysed(sound: object) -> Frame:
    analyser = FrameAnalyser(RATE)
    frames = [sound[at : at + 160] for at in range(0, 1_600, 160)]  # type: ignore[index]
    return [analyser.frame(one, at_ms=0, speech=0.9) for one in frames][-1]


class _Machine:
    """Turn taking after the greeting, with a recogniser that reads everything alike at once."""

    def __init__(
        self,
        reading: Heard | None = None,
        greeting: Answer = GREETING,
        *,
        answers: bool = False,
        reads: bool = True,
        greeted: bool = True,
        profile: CallerProfile | None = None,
        completeness: Completeness | None = None,
    ) -> None:
        self.now = 0
        self.asked_at = 0  # the latest turn, since the first sound after the greeting
        self.done: list[Action] = []
        self.reading = reading or Heard((Reading("我想订个午饭", 0.9),), "x", 1, 0)
        self._answers, self._reads, self._completeness = answers, reads, completeness
        self.turns = TurnTaking(RULES, profile or CallerProfile())
        self.turns.begin()
        self.quiet(500)
        self.turns.answered(greeting)
        self.quiet(500)
        if greeted:
            self.take(self.turns.speaking_ended())

    def all(self, kind: type) -> list:  # type: ignore[type-arg]
        return [action for action in self.done if isinstance(action, kind)]

    def speak(self, ms: int, level_db: float = -22.0) -> None:
        self._frames(ms, speech=0.95, level_db=level_db)

    def quiet(self, ms: int) -> None:
        self._frames(ms, speech=0.01, level_db=-80.0)

    def _frames(self, ms: int, *, speech: float, level_db: float) -> None:
        for _ in range(ms // FRAME_MS):
            self.now += FRAME_MS
            self.take(self.turns.frame(Frame(self.now, speech, level_db)))

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            self.done.append(action)
            if isinstance(action, Recognise) and self._reads:
                self.take(self.turns.heard(action.stretch, self.reading, self._completeness))
            elif isinstance(action, Ask):
                self.asked_at = self.now
                if not self._answers:
                    continue
                self.take(self.turns.answered(Answer(("您还在吗？",), emergency=True)))
                self.take(self.turns.speaking_ended())
