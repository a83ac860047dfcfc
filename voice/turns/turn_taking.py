"""Who has the floor: fed with frames, keys, readings and answers, it says what is to be done.

Pure: time is the `at_ms` of what comes in (since the call was answered). Every method returns actions in their order.
"""

from __future__ import annotations

from dataclasses import replace

from config.turn_taking import TurnRules
from config.wording import sentences
from voice.conversation import Answer, Completeness
from voice.hearing.recogniser import Heard
from voice.line.line import FRAME_MS
from voice.turns.actions import (
    Abandon,
    Action,
    Announce,
    Ask,
    HangUp,
    Hush,
    Note,
    Reason,
    Recognise,
    Resume,
    Speak,
    StopFetching,
    StopRecording,
    Stretch,
    Transfer,
)
from voice.turns.by_key import KeyOffers
from voice.turns.endpoint import silence_needed_ms
from voice.turns.fetching import Fetching, may_be_danger
from voice.turns.frame import Frame
from voice.turns.interruption import Interruption
from voice.turns.keypad import KeyPad, Question
from voice.turns.phrase import CLOSED, Phrase, bare, judged, phrase
from voice.turns.presence import Presence
from voice.turns.profile import CallerProfile
from voice.turns.quiet import Quiet
from voice.turns.utterance import HEARD, TOO_SHORT, Onset, Utterance

# What a recogniser is told when somebody says what was wrong in a read-back.
CORRECTION = "correction"
# And where nothing is asked for, but a no is offered: «您还要办别的吗？»
MORE = "more"


class TurnTaking:
    """One call. `profile` is what is known of the caller; it grows during the call."""

    def __init__(
        self, rules: TurnRules, profile: CallerProfile, *, can_transfer: bool = False, records: bool = False
    ) -> None:
        self.profile = profile
        self._rules, self._can_transfer, self._records = rules, can_transfer, records
        self._presence = Presence(rules.speech)
        self._onset = Onset(rules.speech)
        self._interruption = Interruption(rules)
        self._keys = KeyPad(rules.keys)
        self._offers = KeyOffers(rules)
        self._quiet = Quiet(rules.silence)
        self._now = 0
        self._utterance: Utterance | None = None
        self._recognising: Stretch | None = None
        self._began_reading_ms = self._reads_in_ms = 0  # when, and how long the latest reading took
        self._asking = 0  # turns that the conversation has not answered yet
        self._answer = Answer(())  # the latest
        self._answer_before = Answer(())
        self._held: Answer | None = None  # not said yet, because the caller speaks
        self._speaking = False
        self._greeted = False
        self._caller_spoke = False
        self._on_hold = False
        self._emergency = False
        self._hearing_failed = False
        self._unclears = 0  # utterances in a row that nobody could read
        self._leaving: Reason | None = None  # hang up with this reason when all is said
        self._over = False
        self._fetching = Fetching(rules)  # a person is being rung
        self._turned_back = False  # they once did not want to wait for one
        self._turn_ended_ms: int | None = None  # when the caller's latest turn was taken as over …
        self._spoke_until_ms = 0  # … and when they had stopped speaking
        self._waited = False  # «您稍等» was said in this turn
        self._level_unsure = True  # another telephone, another place: their level is that of their next words

    @property
    def idle_ms(self) -> int:
        """For how long nobody has spoken and nothing has been under way."""
        return self._quiet.lasting_ms

    @property
    def settled(self) -> bool:
        """Nothing is being recognised or answered."""
        return self._recognising is None and not self._asking

    def begin(self) -> list[Action]:
        """The call was answered: fetch the greeting."""
        return self._ask(Ask(None))

    def hold(self, on: bool) -> list[Action]:
        """On hold nobody hears us, and what comes is music."""
        self._on_hold = on
        self._utterance = None
        self._quiet.reset()
        return []

    def frame(self, frame: Frame) -> list[Action]:
        """20 ms of the caller's sound."""
        self._now = frame.at_ms
        if self._over or self._on_hold:
            return []
        if frame.at_ms >= self._longest_ms() and self._leaving is None and not self._fetching.on:
            return self._leave(Reason.TOO_LONG)
        actions = self._key_answer(self._keys.due(frame.at_ms))
        speaks = self._presence.speaks(
            frame,
            in_utterance=self._utterance is not None,
            floor_is_free=not self._speaking,
            utterance_db=self._utterance.loudest_db if self._utterance is not None else None,
        )
        close = self._presence.is_close(frame, self.profile.level_db)
        self._interruption.add(frame, speaks=speaks, close=close, in_utterance=self._utterance is not None)
        shortest_pause_ms = self._rules.endpoint.shortest_pause_ms
        if self._utterance is not None:
            self._utterance.add(frame, speaks=speaks, shortest_pause_ms=shortest_pause_ms)
            if speaks:
                actions += self._abandon()
        elif begun := self._onset.add(
            frame, speaks=speaks, over_us=self._speaking, shortest_pause_ms=shortest_pause_ms
        ):
            self._utterance = begun
            self._resumes(begun)
        if self._utterance is None:
            return actions + self._in_silence()
        self._quiet.interrupted()
        return actions + self._in_speech(self._utterance)

    def key(self, key: str, at_ms: int) -> list[Action]:
        """A key was pressed. Keys are always taken, and stop our speech."""
        self._now = at_ms
        if self._over or self._leaving is not None:
            return []
        question = self._asked_by_key()
        if key == self._rules.keys.refuse_recording and self._may_refuse_recording(question):
            return self._stop_recording()
        actions: list[Action] = [Hush()] if self._speaking else []
        self._speaking = False
        self._utterance = self._held = None
        self._quiet.reset()
        actions.append(Note("key", {"key": key}))
        if self._waits_for_person:
            back = key == self._rules.keys.back
            return actions + (self._turn_back() if back else self._tell_of_fetching())
        return actions + self._key_answer(self._keys.press(key, question, at_ms))

    def _asked_by_key(self) -> Question:
        answer = self._answer
        choices = tuple(text for _, text in answer.choices)
        return Question(answer.asks, choices, number=self._offers.takes_number(answer))

    def _may_refuse_recording(self, question: Question) -> bool:
        """As long as the notice can be remembered, and the key is no answer to something else."""
        rules = self._rules.keys
        is_answer = (
            self._keys.collecting
            or question.wants_number(rules)
            or len(question.choices) >= int(rules.refuse_recording)
        )
        remembered = not self._caller_spoke or self._now <= rules.refuse_recording_within_ms
        return self._records and remembered and not is_answer

    def said_with(self, heard: Heard) -> str:
        """All of the open utterance, when its last part reads so."""
        parts = self._utterance.parts if self._utterance is not None else []
        return "，".join(part.text for part in (*parts, heard) if part.text)

    def heard(self, stretch: Stretch, heard: Heard, completeness: Completeness | None = None) -> list[Action]:
        """A stretch was recognised. `completeness`: of all that was said so far, if the conversation judges."""
        if stretch != self._recognising:
            return []  # given up meanwhile
        self._recognising = None
        self._reads_in_ms = self._now - self._began_reading_ms
        self._hearing_failed = False
        utterance = self._utterance
        if utterance is None or stretch.start_ms != utterance.part_ms:
            return []
        utterance.reading, utterance.completeness = heard, completeness
        utterance.read_until_ms = stretch.end_ms - self._rules.speech.tail_ms
        if stretch.end_ms - stretch.start_ms >= self._rules.endpoint.part_ms:
            return self._part_read(utterance, heard)
        return self._in_speech(utterance)

    def not_heard(self, stretch: Stretch) -> list[Action]:
        """No recogniser is alive. The caller is told of the keys; at the second time in a row a person is fetched."""
        if stretch != self._recognising:
            return []
        self._recognising = None
        self._utterance = None
        again, self._hearing_failed = self._hearing_failed, True
        failed = Note("hearing_failed", {"start_ms": stretch.start_ms, "end_ms": stretch.end_ms})
        if self._waits_for_person:
            return [failed]
        if again:
            return [failed, *self._ask(Ask(self._rules.keys.person_text, by_key=True))]
        self._speaking = True
        return [failed, Announce("hearing_down")]

    def answered(self, answer: Answer) -> list[Action]:
        """The conversation has answered the oldest open turn."""
        self._asking -= 1
        self._emergency |= answer.emergency
        if self._waits_for_person:  # it was no danger after all
            return self._tell_of_fetching()
        answer = self._offers.with_keys(answer)
        self._answer_before, self._answer = self._answer, answer
        self.profile = replace(self.profile, pace=answer.pace, loudness=answer.loudness)
        if answer.urgent:
            return self._speak(answer)
        if self._asking:
            return []  # the caller has added something; its answer knows of both
        if self._utterance is not None:
            self._held, self._utterance.unheard = answer, True
            return []
        return self._speak(answer)

    def failed(self) -> list[Action]:
        """The conversation can not answer any more."""
        self._asking = 0
        return self._leave(Reason.FAULT)

    def fax(self) -> list[Action]:
        """A fax machine has called."""
        return [] if self._leaving else self._leave(Reason.FAX)

    def speaking_ended(self) -> list[Action]:
        """All that was to be said has been heard."""
        self._speaking = False
        if self._leaving is not None:
            return self._hang_up(self._leaving)
        if self._fetching.on:
            return []
        if self._wants_person():
            self._fetching.begin(self._now)
            return [Transfer()]
        if self._answer.ended:
            self._quiet.closing()
        return []

    def not_transferred(self) -> list[Action]:
        """Nobody came: they are told that somebody calls back, as the conversation has noted, and may go on."""
        self._fetching.end()
        self._can_transfer = False
        self._speaking = True
        return [Announce("nobody_there", self._answer if self._answer.asks else None)]

    @property
    def _waits_for_person(self) -> bool:
        """Somebody is being rung, and nothing else goes on. In danger the conversation does, until they come."""
        return self._fetching.on and not self._emergency

    def _wants_person(self) -> bool:
        """A conversation in which a person was asked for once goes on saying so: whoever turned back must ask anew."""
        anew = not self._turned_back or self._answer.ended or self._answer.emergency
        return self._can_transfer and self._answer.handoff and anew

    def _tell_of_fetching(self) -> list[Action]:
        self._speaking = True
        return [Announce(self._fetching.tell(self._now))]

    def _turn_back(self) -> list[Action]:
        """The caller does not want to wait for a person: the line listens to them again."""
        self._fetching.end()
        self._turned_back = self._speaking = True
        self._answer = replace(self._answer, handoff=False, ended=False)
        return [StopFetching(), Announce("back")]

    def _said_while_fetching(self, utterance: Utterance) -> list[Action] | None:
        """Danger goes to the conversation at once (None); other words are for whoever comes, or somebody in the room."""
        if may_be_danger(utterance.completeness):
            return None
        said = Note("said_while_fetching", {"text": utterance.text()})
        back = self._fetching.leads_back(utterance.text())
        return [said, *(self._turn_back() if back else self._tell_of_fetching())]

    def _longest_ms(self) -> int:
        limits = self._rules.call
        return limits.emergency_longest_ms if self._emergency else limits.longest_ms

    def _in_speech(self, utterance: Utterance) -> list[Action]:
        """While an utterance is open: does it stop us, is it time to read it, is it over?"""
        silence_ms = self._now - utterance.last_ms
        stopping = self._stop_for(utterance)
        if self._speaking and utterance.over_us:
            if silence_ms < self._rules.endpoint.complete_ms:
                return stopping
            self._utterance = None
            return [Note("talk_over", {"speech_ms": utterance.speech_ms})]
        if utterance.speech_ms < self._rules.speech.shortest_ms:
            return stopping + (
                self._nothing(utterance) if silence_ms >= self._read_after_ms(utterance) else []
            )
        too_long = self._now - utterance.part_ms >= self._rules.endpoint.longest_part_ms
        if silence_ms < self._read_after_ms(utterance) and not too_long:
            return stopping
        if not utterance.is_read:
            return stopping + self._recognise(utterance) + self._late(utterance.last_ms)
        kind = self._kind(utterance)
        if silence_ms < self._silence_needed_ms(kind, utterance):
            return stopping
        return stopping + self._finish(utterance, kind)

    def _silence_needed_ms(self, kind: Phrase, utterance: Utterance) -> int:
        """A «嗯» can be the beginning of a sentence, but keeps nothing that we have to say waiting for long."""
        if kind is Phrase.BACKCHANNEL and (utterance.stopped_us or self._held is not None):
            return self._rules.endpoint.open_ms
        return silence_needed_ms(kind, self.profile, self._rules.endpoint)

    def _stop_for(self, utterance: Utterance) -> list[Action]:
        if not self._speaking or not self._interruption.stops_us or self._leaving is not None:
            return []
        self._speaking = False
        utterance.stopped_us = True
        return [Hush(), Note("barge_in", {"began_ms": utterance.start_ms})]

    def _read_after_ms(self, utterance: Utterance) -> int:
        """Later where readings take long just now: one in vain then keeps this caller and others waiting."""
        rules = self._rules.endpoint
        question = self._question(utterance)
        closed = question.asks in CLOSED or bool(question.choices)
        after_ms = rules.recognise_after_closed_ms if closed else rules.recognise_after_ms
        return min(max(after_ms, self._reads_in_ms // 3), rules.recognise_at_the_latest_ms)

    def _kind(self, utterance: Utterance) -> Phrase:
        question = self._question(utterance)
        choices = tuple(text for _, text in question.choices)
        kind = phrase(utterance.text(), question.asks, choices, self._rules.words)
        return judged(kind, utterance.completeness)

    def _recognise(self, utterance: Utterance) -> list[Action]:
        if self._recognising is not None:
            return []
        self._recognising = utterance.stretch(self._rules.speech)
        self._began_reading_ms = self._now
        question = self._question(utterance)
        choices = tuple(text for _, text in question.choices)
        corrects = question.asks == "detail" and self._answer_before.asks == "confirm"
        asks = CORRECTION if corrects else question.asks
        if asks is None and not self._rules.words.deny.isdisjoint(choices):
            asks = MORE
        return [Recognise(self._recognising, asks, choices)]

    def _abandon(self) -> list[Action]:
        """What is being read has been spoken on; a long part is kept whatever follows."""
        stretch = self._recognising
        if stretch is None or stretch.end_ms - stretch.start_ms >= self._rules.endpoint.part_ms:
            return []
        self._recognising = None
        return [Abandon()]

    def _part_read(self, utterance: Utterance, heard: Heard) -> list[Action]:
        """The first part of a long speech; where nothing could be read in so much sound, nobody speaks to us."""
        if not heard.readings:
            self._utterance = None
            return self._nothing(utterance)
        utterance.take_part(heard)
        if utterance.is_read:
            utterance.reading = Heard((), heard.engine, 0, 0, "silence")
        return []

    def _finish(self, utterance: Utterance, kind: Phrase) -> list[Action]:
        if kind is Phrase.BACKCHANNEL:
            self._quiet.reset()  # they are there, and think
        if kind in (Phrase.EMPTY, Phrase.BACKCHANNEL):
            return self._nothing(utterance)
        self._utterance = self._held = None
        self._caller_spoke = True
        self._learn(utterance, kind)
        text = utterance.text()
        if self._records and bare(text) in self._rules.words.refuse_recording:
            return self._stop_recording()
        if self._waits_for_person and (done := self._said_while_fetching(utterance)) is not None:
            return done
        if not utterance.parts and (
            times := self._offers.doubts(utterance.reading, self._question(utterance))
        ):
            return self._unsure(utterance, times)
        self._spoke_until_ms = utterance.last_ms
        reading = utterance.reading or utterance.parts[-1]
        return self._ask(
            Ask(
                text,
                alternatives=utterance.alternatives(),
                confidence=utterance.confidence(),
                stretch=Stretch(utterance.start_ms, utterance.last_ms),
                engine=reading.engine,
                taken_as=kind.value,
                waited_ms=self._now - utterance.last_ms,
                words=utterance.words(),
            )
        )

    def _nothing(self, utterance: Utterance) -> list[Action]:
        """It was no turn: a cough, a «嗯», a slammed door. What it interrupted or kept waiting goes on."""
        self._utterance = None
        why = utterance.why_nothing()
        actions: list[Action] = [Note("nothing_heard", {"speech_ms": utterance.speech_ms, "why": why})]
        if self._held is not None:
            held, self._held = self._held, None
            return actions + self._speak(held)
        if utterance.stopped_us and not self._asking:
            self._speaking = True
            return [*actions, Resume()]
        rules = self._rules.unclear
        nothing = why in (HEARD, TOO_SHORT, *rules.noise) or utterance.speech_ms < rules.speech_ms
        if nothing or self._waits_for_person:
            return actions
        return actions + self._unclear()

    def _unsure(self, utterance: Utterance, times: int) -> list[Action]:
        """A yes or no that was not clear: asked again, with the keys. At the third time a person comes."""
        self._quiet.reset()
        note = Note("unsure", {"text": utterance.text(), "confidence": utterance.confidence()})
        if times >= self._rules.unclear.until_person:
            return [note, *self._ask(Ask(self._rules.keys.person_text, by_key=True))]
        self._speaking = True
        return [note, Announce("unsure" if times == 1 else "unsure_again", self._answer)]

    def _unclear(self) -> list[Action]:
        """They did speak: say so, instead of leaving them in silence. At the third time in a row a person comes."""
        self._unclears += 1
        self._quiet.reset()
        if self._unclears >= self._rules.unclear.until_person:
            return self._ask(Ask(self._rules.keys.person_text, by_key=True))
        self._speaking = True
        return [Announce("unclear" if self._unclears == 1 else "unclear_again", self._answer)]

    def _learn(self, utterance: Utterance, kind: Phrase) -> None:
        known = replace(self.profile, level_db=None) if self._level_unsure else self.profile
        self._level_unsure = False
        self.profile = known.spoke(
            pauses_ms=utterance.pauses_ms,
            level_db=utterance.level_db(),
            chars=len(bare(utterance.text())),
            speech_ms=utterance.speech_ms,
            kept=self._rules.endpoint.kept_pauses,
            # A clear yes is an answer to what we began to say.
            resumed_ms=0 if kind is Phrase.CLOSED else utterance.resumed_ms,
        )
        self._presence.caller_level_db = self.profile.level_db

    def _resumes(self, utterance: Utterance) -> None:
        """Whoever goes on speaking right after we took the turn, and has not heard all of our answer, was only pausing."""
        rules, (ended, self._turn_ended_ms) = self._rules.endpoint, (self._turn_ended_ms, None)
        if ended is None or not (self._speaking or self._asking):
            return
        if self._now - ended <= rules.resumed_within_ms:
            utterance.resumed_ms = utterance.start_ms + self._rules.speech.lead_in_ms - self._spoke_until_ms
        utterance.unheard = self._now - ended <= rules.unheard_within_ms and not self._asking

    def _question(self, utterance: Utterance) -> Answer:
        """What this may be an answer to."""
        return self._answer_before if utterance.unheard else self._answer

    def _in_silence(self) -> list[Action]:
        if self._speaking or self._keys.collecting:
            return []
        if self._waits_for_person and self.settled:
            return self._tell_of_fetching() if self._fetching.is_due(self._now) else []
        if not self.settled:
            return self._late(self._turn_ended_ms)
        step = self._quiet.add(FRAME_MS, patient=self._emergency)
        if step is None:
            return []
        if isinstance(step, Reason):
            return self._hang_up(step)
        # Perhaps they do speak, only softer than we know them: what we hear next tells how loud.
        self._presence.caller_level_db = None
        self._level_unsure = True
        return [Note("silence", {"lasting_ms": step}), *self._ask(Ask(None))]

    def _late(self, since_ms: int | None) -> list[Action]:
        late_ms = self._rules.silence.answer_late_ms
        if since_ms is None or self._waited or self._speaking or self._now - since_ms < late_ms:
            return []
        self._waited = self._speaking = True
        return [Announce("wait")]

    def _key_answer(self, text: str | None) -> list[Action]:
        if text is None:
            return []
        self._utterance = None
        self._caller_spoke = True
        return self._ask(Ask(text, by_key=True))

    def _ask(self, ask: Ask) -> list[Action]:
        if ask.text is not None:
            self._unclears = 0
            self._quiet.reset()
            self._turn_ended_ms = self._now
        self._asking += 1
        self._waited = False
        return [ask]

    def _speak(self, answer: Answer) -> list[Action]:
        self._speaking = True
        self._held = None
        self._quiet.interrupted()
        if not self._greeted and self._records:
            first, *rest = answer.sentences
            notice = sentences(self._rules.says["notice"])
            answer = replace(answer, sentences=(first, *notice, *rest))
        self._greeted = True
        return [Speak(answer)]

    def _stop_recording(self) -> list[Action]:
        """Then the question is said again, as it was talked over."""
        self._records = False
        self._utterance = None
        self._quiet.reset()
        said = (*sentences(self._rules.says["notice_stopped"]), *self._answer.sentences)
        return [StopRecording(), *self._speak(replace(self._answer, sentences=said))]

    def _leave(self, reason: Reason) -> list[Action]:
        """Say why, then hang up."""
        self._leaving = reason
        self._speaking = True
        self._utterance = None
        return [Announce(reason.value)]

    def _hang_up(self, reason: Reason) -> list[Action]:
        self._over = True
        return [HangUp(reason)]
