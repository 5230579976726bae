"""A push (gitprotocol-pack, reference update): commands, a pack into quarantine, the policy, the ref, the report.

Nothing is visible before the ref moves. Until then all there is, is a folder that is removed with the answer, or swept
when this process died over it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from gitstore.errors import RefMovedError, StoreError
from gitstore.policy import Accepted, Command, Push, Refused, asked, judge
from gitstore.quarantine import Quarantine
from gitstore.serve import pktline
from gitstore.serve.answer import Answer, streamed, whole
from gitstore.serve.failures import RequestError
from gitstore.serve.request import RECEIVE
from gitstore.serve.unpack import Unpacked, unpack

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from gitstore.policy import Verdict
    from gitstore.serve.answer import Limits, Pusher
    from gitstore.serve.body import Body
    from gitstore.serve.slots import Turn
    from gitstore.teams import Repositories

_CAPABILITIES = b"report-status delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=opensession"
_ZERO = "0" * 40
_COMMANDS = 64
_ALIVE_SECONDS = 5.0
"""A connection on which nothing moves for a minute is cut by many a proxy."""

_log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """What a client asks for before it sends objects.

    Attributes:
        commands: The refs it wants to move.
        sideband: Whether it understands messages beside the report.
        report: Whether it wants a report.
    """

    commands: list[Command]
    sideband: bool
    report: bool


class Held(NamedTuple):
    """A pack that was taken in.

    Attributes:
        quarantine: Where its objects are.
        unpacked: Whether they are.
    """

    quarantine: Quarantine
    unpacked: Unpacked


class Pushing:
    """Receives pushes to one repository."""

    def __init__(self, repositories: Repositories, space: str, git: str | None, limits: Limits) -> None:
        self.repositories = repositories
        self.space = space
        self.limits = limits
        self._git = git

    def advertised(self) -> Answer:
        """Where the sessions ref is; nothing else may be pushed to."""
        ref, tip = self.limits.rules.ref, self.tip()
        first = f"{tip} {ref}" if tip is not None else f"{_ZERO} capabilities^{{}}"
        line = first.encode() + b"\0" + _CAPABILITIES + b"\n"
        head = pktline.encode(f"# service={RECEIVE}\n".encode()) + pktline.FLUSH
        return whole(f"application/x-{RECEIVE}-advertisement", head, pktline.encode(line), pktline.FLUSH)

    def received(self, turn: Turn, pusher: Pusher) -> Answer:
        """Take a push in and answer how it went; the answer's body ends the turn.

        Raises:
            RequestError: It was no push, or was cut off; nothing of it stays, and the turn is still the caller's.
        """
        kind = f"application/x-{RECEIVE}-result"
        wanted = read_commands(turn.body)
        if not wanted.commands:
            # Git asks so whether it may push, before it sends much.
            turn.end()
            return whole(kind)
        refused = asked(wanted.commands, self.tip(), self.limits.rules.ref)
        if refused is not None:
            turn.body.drain()
            return streamed(kind, _Outcome(self, wanted, turn, pusher, refused))
        place = self.repositories.path(self.space)
        quarantine = Quarantine(place)
        try:
            unpacked = unpack(self._git, place, quarantine, turn.body)
        except BaseException:
            quarantine.discard()
            raise
        return streamed(kind, _Outcome(self, wanted, turn, pusher, Held(quarantine, unpacked)))

    def tip(self) -> str | None:
        """Where the sessions ref is now."""
        with self.repositories.open(self.space) as store:
            return store.repo.tip(self.limits.rules.ref)


class _Outcome:
    """The answer to a push, in which the policy decides and the ref moves."""

    def __init__(self, pushing: Pushing, wanted: Asked, turn: Turn, pusher: Pusher, so_far: Refused | Held) -> None:
        self._pushing = pushing
        self._wanted = wanted
        self._turn = turn
        self._pusher = pusher
        self._so_far = so_far
        self._steps = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self._steps

    def close(self) -> None:
        """Forget what was not accepted."""
        self._steps.close()
        self._end()

    def _end(self) -> None:
        if isinstance(self._so_far, Held):
            self._so_far.quarantine.discard()
        self._turn.end()

    def __del__(self) -> None:
        self.close()

    def _run(self) -> Generator[bytes, None, None]:
        unpacking = "ok"
        if isinstance(self._so_far, Refused):
            verdict: Verdict = self._so_far
        elif self._so_far.unpacked.reason is not None:
            unpacking = "failed"
            verdict = Refused(self._so_far.unpacked.reason)
        else:
            verdict = yield from self._alive(self._decided(self._so_far.quarantine))
        kind = "accepted" if isinstance(verdict, Accepted) else "refused"
        _log.info("push to %s %s, %d refs", self._pushing.space, kind, len(self._wanted.commands))
        # Nothing is left of it when the client hears of it.
        self._end()
        yield from self._report(unpacking, verdict)

    def _decided(self, quarantine: Quarantine) -> Generator[None, None, Verdict]:
        pushing, (command,) = self._pushing, self._wanted.commands
        assert command.new is not None  # noqa: S101 - deleting was refused
        try:
            with quarantine.open(pushing.repositories.backend) as repo:
                push = Push(repo, command.old, command.new)
                pusher = self._pusher
                verdict = yield from judge(push, pushing.limits.rules, pusher.inspect, pusher.may_remove)
            return self._moved(command.new, command.old, quarantine) if isinstance(verdict, Accepted) else verdict
        except StoreError:
            _log.exception("push to %s failed", pushing.space)
        except Exception:
            # Whatever the inspection stumbles over: what could not be looked into is not taken in.
            _log.exception("looking into a push to %s failed", pushing.space)
        return Refused("the server could not take it; its log says why")

    def _moved(self, new: str, old: str | None, quarantine: Quarantine) -> Verdict:
        """Put the objects into the repository and the ref onto them, unless someone was faster."""
        ref = self._pushing.limits.rules.ref
        faster = Refused(f"{ref} was moved meanwhile; fetch first, then push again")
        with self._pushing.repositories.writing(self._pushing.space) as store:
            if store.repo.tip(ref) != old:
                return faster
            quarantine.release()
            try:
                store.repo.move_ref(ref, new, old)
            except RefMovedError:
                return faster
            try:
                # Before the next writer comes, so that nobody takes this push for theirs.
                self._pusher.arrived()
            except Exception:
                # It is stored; whoever is told of it can look again later.
                _log.exception("nobody took notice of a push to %s", self._pushing.space)
        return Accepted(new)

    def _alive(self, steps: Generator[None, None, Verdict]) -> Generator[bytes, None, Verdict]:
        """Take the steps, and say every few seconds that we are still here."""
        last = time.monotonic()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                verdict: Verdict = end.value
                return verdict
            if self._wanted.sideband and time.monotonic() - last > _ALIVE_SECONDS:
                yield from pktline.sideband(pktline.DATA, b"")
                last = time.monotonic()

    def _report(self, unpacking: str, verdict: Verdict) -> Iterator[bytes]:
        lines = [f"unpack {unpacking}\n"]
        for command in self._wanted.commands:
            if isinstance(verdict, Accepted):
                lines.append(f"ok {command.ref}\n")
            else:
                lines.append(f"ng {command.ref} {_short(verdict.reason)}\n")
        report = b"".join(pktline.encode(line.encode("utf-8", "surrogateescape")) for line in lines) + pktline.FLUSH
        if not self._wanted.sideband:
            if self._wanted.report:
                yield report
            return
        if isinstance(verdict, Refused):
            yield from pktline.sideband(pktline.PROGRESS, verdict.reason.encode() + b"\n")
        if self._wanted.report:
            yield from pktline.sideband(pktline.DATA, report)
        yield pktline.FLUSH


def read_commands(body: Body) -> Asked:
    """The commands that a push begins with, up to the flush before its pack.

    Raises:
        RequestError: They are none.
    """
    commands: list[Command] = []
    capabilities: list[str] = []
    while (line := pktline.read(body)) is not None:
        text, nul, said = line.decode("utf-8", "surrogateescape").partition("\0")
        if nul and not capabilities:
            capabilities = said.split()
        words = text.rstrip("\n").split(" ", 2)
        if words[0] == "shallow":
            # Which parents the client doesn't have; whether we have them is looked at anyway.
            continue
        if len(words) != 3 or not all(len(word) == len(_ZERO) and set(word) <= _HEX for word in words[:2]):
            raise RequestError("The request is no push that this server knows.")
        old, new, ref = words
        commands.append(Command(ref, old if old != _ZERO else None, new if new != _ZERO else None))
        if len(commands) > _COMMANDS:
            raise RequestError(f"More than {_COMMANDS} refs at once are not taken.")
    return Asked(commands, "side-band-64k" in capabilities, "report-status" in capabilities)


_HEX = frozenset("0123456789abcdef")


def _short(reason: str) -> str:
    """What git shows in brackets behind the ref; the whole of it stands above, after ``remote:``."""
    return reason if len(reason) <= 100 else reason[:99] + "…"
