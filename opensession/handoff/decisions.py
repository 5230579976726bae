"""What was settled and why, quoted: sentences that say so, answers to questions, refusals.

No model judges here, so the rules are narrow on purpose: an agent's sentence must decide *and* give a reason or speak
in the first person; a user's sentence must direct. A sentence the briefing shows anyway is not repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opensession.hail.events import ShellCommand, UserMessage
from opensession.handoff import said, wording
from opensession.handoff.model import Decision
from opensession.handoff.trace import content, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.hail.events import Event
    from opensession.handoff.trace import Trace, Turn

SHOWN_WHOLE = 300
"""Characters up to which a request stands in the briefing whole."""
_PER_TURN = 3
_SCANNED = 6000
_SENTENCE = 400

_DECIDE = re.compile(
    r"\b(?:decided|decision (?:is|was)|(?:I|we)(?:'ll| will|'m going to|'re going to)? (?:go|went|stick|stay) with|"
    r"going with|opt(?:ed|ing) (?:for|to)|chose|choosing|let's (?:use|go with|keep|stick|skip|avoid)|sticking with|"
    r"settled on|deliberately|on purpose|the reason (?:I|we|for))\b",
    re.IGNORECASE,
)
_CONTRAST = re.compile(r"\b(?:instead of|rather than|in favou?r of|over using)\b", re.IGNORECASE)
_REASON = re.compile(r"\b(?:because|since|so that|the reason|due to|to avoid|otherwise)\b", re.IGNORECASE)
_FIRST_PERSON = re.compile(
    r"\b(?:I|let's|we(?:'ll|'re| will| should| can| use| keep| chose| need to))\b", re.IGNORECASE
)
_CHOOSE = re.compile(
    r"\b(?:us(?:e|ed|ing)|ke(?:ep|pt|eping)|stor(?:e|ed|ing)|put(?:ting)?|ma(?:ke|de|king)|mov(?:e|ed|ing)|"
    r"replac(?:e|ed|ing)|add(?:ed|ing)?|drop(?:ped|ping)?|skip(?:ped|ping)?|treat(?:ed|ing)?|implement(?:ed|ing)?|"
    r"switch(?:ed|ing)?|remov(?:e|ed|ing)|prefer(?:red)?|split(?:ting)?)\b",
    re.IGNORECASE,
)
_DIRECT = re.compile(
    r"\b(?:don't|do not|never|always|must|make sure|prefer|should(?:n't)?|only use|no need|avoid|instead|I want|"
    r"please (?:keep|use|leave))\b",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"decided|decision|go with|going with|went with|stick|stay with|opt(?:ed|ing) |chose|choosing|let's|settled on|"
    r"deliberately|on purpose|the reason|instead of|rather than|favou?r of|over using|because",
    re.IGNORECASE,
)
_USER_CUE = re.compile(_CUE.pattern + "|" + _DIRECT.pattern, re.IGNORECASE)
_WONDERING = re.compile(r"\b(?:wonder|whether|if (?:we|you|it|I) should|not sure|maybe|I feel)", re.IGNORECASE)
_ASKING = re.compile(
    r"(?:and |also |so )?(?:how|what|why|where|which|who|when|should|can|could|do|does|is|are) ", re.IGNORECASE
)
_END = re.compile(r"[.!?](?=[\s)\"'”*]|$)|\n")
_MARKUP = re.compile(r"^(?:[-*+>#]+|\d+[.)])\s+|\*\*|__")
_PAIR = re.compile(r'"([^"\n]{1,500})"\s*=\s*"([^"]{1,2000})"')
_REFUSAL = re.compile(r"(?:the )?user (?:doesn't|does not) want to (?:proceed|take this action)", re.IGNORECASE)
_REFUSAL_WORDS = re.compile(
    r"(?:the user said|user provided the following reason[^:]*):\s*(.+)", re.IGNORECASE | re.DOTALL
)


def decisions(found: Trace, asked: list[Turn]) -> tuple[Decision, ...]:
    """What was settled, in the order of time, without repeats."""
    first = said.objective(asked)
    shown = [turn for turn in (first, *found.talk[-1:], *asked[-1:]) if turn is not None]
    order: list[tuple[int, Decision]] = []
    before: Turn | None = None
    for turn in found.talk:
        order += [(turn.place, entry) for entry in _answer_in_talk(found, before, turn)]
        if turn not in shown:
            order += [(turn.place, entry) for entry in _sentences(found, turn)]
        before = turn
    for place, event in found.work:
        order += [(place, entry) for entry in _answers(found, event)]
        order += [(place, entry) for entry in _refusal(found, event)]
    order.sort(key=lambda entry: entry[0])
    unique: dict[tuple[str, str], Decision] = {}
    for _, entry in order:
        unique.setdefault((entry.question, entry.text.casefold()), entry)
    return tuple(unique.values())


def is_refusal(text: str) -> bool:
    """Whether a failed result says the user refused, rather than that something went wrong."""
    return _REFUSAL.search(text[:400]) is not None


def _sentences(found: Trace, turn: Turn) -> Iterator[Decision]:
    """The deciding sentences of one turn."""
    of_user = isinstance(turn.event.kind, UserMessage)
    if of_user and (len(turn.text) <= SHOWN_WHOLE or not said.is_prompt(turn)):
        return
    given = 0
    for prose in turn.text[:_SCANNED].replace("’", "'").split("```")[::2]:
        for sentence in _cued(prose, _USER_CUE if of_user else _CUE):
            weight = _directs(sentence) if of_user else _decides(sentence)
            if weight < 2 or given == _PER_TURN:
                continue
            given += 1
            yield Decision(
                session=found.session.session_id,
                event=turn.event.event_id,
                by="user" if of_user else "agent",
                text=sentence,
                weight=weight,
            )


def _cued(prose: str, cue: re.Pattern[str]) -> Iterator[str]:
    """The sentences in which a cue stands; questions and fragments are none."""
    done = 0
    for match in cue.finditer(prose):
        if match.start() < done:
            continue
        low = max(done, match.start() - _SENTENCE)
        start = low
        for end_before in _END.finditer(prose, low, match.start()):
            start = end_before.end()
        ended = _END.search(prose, match.end(), match.end() + _SENTENCE)
        done = ended.end() if ended else min(len(prose), match.end() + _SENTENCE)
        sentence = _MARKUP.sub("", wording.one_line(prose[start:done])).strip()
        if 20 <= len(sentence) <= _SENTENCE and not sentence.endswith(("?", ":")) and not _ASKING.match(sentence):
            yield sentence


def _decides(sentence: str) -> int:
    reason = _REASON.search(sentence) is not None
    person = _FIRST_PERSON.search(sentence) is not None
    if _DECIDE.search(sentence):
        return 2 + reason + person
    if not person or not _CHOOSE.search(sentence):
        return 0
    return bool(_CONTRAST.search(sentence)) + 1 + reason if reason or _CONTRAST.search(sentence) else 0


def _directs(sentence: str) -> int:
    if _WONDERING.search(sentence):
        return 0
    return 2 * bool(_DIRECT.search(sentence)) + bool(_REASON.search(sentence)) + 2 * bool(_DECIDE.search(sentence))


def _answer_in_talk(found: Trace, before: Turn | None, turn: Turn) -> Iterator[Decision]:
    """A short prompt that answers the question the reply before it ended in."""
    if before is None or isinstance(before.event.kind, UserMessage) or not said.is_prompt(turn):
        return
    if len(turn.text) > SHOWN_WHOLE or "\n\n" in turn.text:
        return
    question = said.last_question(before.text)
    if question:
        yield _answered(found, turn.event, question, turn.text)


def _answers(found: Trace, event: Event) -> Iterator[Decision]:
    """Answers to a tool's questions."""
    if not said.is_asking(event) or found.failed(event):
        return
    result = found.result(event)
    if result is None:
        return
    text = content(result)[:20_000]
    asked = list(said.questions_of(event))
    pairs = _PAIR.findall(text) or list(zip(asked, _json_answers(text), strict=False))
    if not pairs and asked and text.strip():
        pairs = [(" ".join(asked), text)]
    for question, answer in pairs:
        yield _answered(found, event, question, answer)


def _json_answers(text: str) -> list[str]:
    """Answers written as ``{"answers": {id: {"answers": [...]}}}`` or ``{"answers": {question: answer}}``."""
    data = parsed(text)
    listed = data.get("answers") if isinstance(data, dict) else None
    if not isinstance(listed, dict):
        return []
    answers = []
    for value in listed.values():
        inner = value.get("answers") if isinstance(value, dict) else value
        answers.append(", ".join(str(word) for word in inner) if isinstance(inner, list) else str(inner))
    return answers


def _answered(found: Trace, event: Event, question: str, answer: str) -> Decision:
    return Decision(
        session=found.session.session_id,
        event=event.event_id,
        by="user",
        question=wording.one_line(question, SHOWN_WHOLE),
        text=wording.one_line(answer, _SENTENCE),
        weight=5,
    )


def _refusal(found: Trace, event: Event) -> Iterator[Decision]:
    """An action the user refused, with what they said about it."""
    if not found.failed(event):
        return
    result = found.result(event)
    text = content(result)[:4000] if result is not None else ""
    if not is_refusal(text):
        return
    if isinstance(event.kind, ShellCommand):
        action = f"run {event.kind.command}"
    else:
        action = f"{type(event.kind).__name__} {getattr(event.kind, 'path', getattr(event.kind, 'name', ''))}"
    words = _REFUSAL_WORDS.search(text)
    said_why = f" ({wording.one_line(words[1], 200)})" if words else ""
    yield Decision(
        session=found.session.session_id,
        event=event.event_id,
        by="user",
        text=wording.one_line(action, 200) + said_why,
        refused=True,
        weight=4,
    )
