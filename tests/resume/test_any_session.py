"""Whatever a session holds, its native files are whole."""

from __future__ import annotations

import pytest
from hypothesis import assume, given

from opensession import resume
from opensession.errors import InputError
from opensession.hail.session import Session
from opensession.resume import conversation
from opensession.resume.conversation import Conversation, Prompt, Reply
from tests.hail.strategies import SESSIONS
from tests.resume import trips, wellformed


def conversation_of(session: Session) -> Conversation:
    try:
        return conversation.of(session)
    except InputError:
        assume(False)
        raise


@pytest.mark.parametrize("name", resume.TARGETS)
@given(session=SESSIONS)
def test_an_api_takes_any_conversation(name: str, session: Session) -> None:
    native = trips.written(conversation_of(session), name)

    wellformed.check(name, native.content)


@pytest.mark.parametrize("name", resume.TARGETS)
@given(session=SESSIONS)
def test_prompts_and_replies_of_any_session_are_there_in_order(name: str, session: Session) -> None:
    source = conversation_of(session)

    content = trips.written(source, name).content

    assert trips.agent_of(content) == name
    back = trips.read(content)
    assert trips.texts(back, Prompt) == trips.texts(source, Prompt)
    said, place = "\n".join(trips.texts(back, Reply)), 0
    for text in trips.texts(source, Reply):
        place = said.index(text, place) + len(text)
