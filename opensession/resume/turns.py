"""Steps gathered into an agent's messages: thoughts, then text, then at most one call with its result. Pure.

APIs that insist on turns (Gemini: a call follows a user's message or a result) and stores that keep one message for
each answer of the model want it so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from opensession.resume.conversation import Compaction, Prompt, Reply, Thought

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from opensession.resume.calls import Call
    from opensession.resume.conversation import Step


class Answer(msgspec.Struct):
    """One answer of the model.

    Attributes:
        time: When it began, canonical.
        thoughts: What it thought before and between its texts.
        texts: What it said.
        call: What it called then.
    """

    time: str
    thoughts: list[Thought] = []
    texts: list[str] = []
    call: Call | None = None


def of(
    steps: Iterable[Step], telling: Callable[[Call], str | None], *, cut: bool = True
) -> Iterator[Prompt | Compaction | Answer]:
    """The messages of a conversation.

    Args:
        steps: The conversation.
        telling: Gives the text that stands for a call, or None for a call that stays one.
        cut: Whether a compaction ends an answer; else it comes before the answer that it falls into.
    """
    answer: Answer | None = None
    for step in steps:
        if isinstance(step, (Prompt, Compaction)):
            if answer is not None and (cut or isinstance(step, Prompt)):
                yield answer
                answer = None
            yield step
            continue
        answer = answer or Answer(step.time)
        if _add(answer, step, telling):
            yield answer
            answer = None
    if answer is not None:
        yield answer


def _add(answer: Answer, step: Reply | Thought | Call, telling: Callable[[Call], str | None]) -> bool:
    """Add a step; whether the answer ends with it."""
    if isinstance(step, Thought):
        answer.thoughts.append(step)
    elif isinstance(step, Reply):
        answer.texts.append(step.text)
    elif (text := telling(step)) is not None:
        answer.texts.append(text)
    else:
        answer.call = step
        return True
    return False
