"""Which method an event or a command calls.

    class Greeter(Listener):
        @handler
        def people_arrived(self, event: Values) -> None:
            self.say(f"Hello {text(event, 'name')}")

An event of the type `people.arrived` calls it. Only marked methods can be called, whatever type comes in.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import ClassVar, TypeVar

from webapp.channel_layer import SparseLog, method_name
from webapp.domain.events import Values
from webapp.sockets.shapes import Malformed

Method = Callable[..., Awaitable[None] | None]
M = TypeVar("M", bound=Method)
HANDLER, COMMAND = "is_handler", "is_command"


def handler(method: M) -> M:
    """Marks a method as the one for the event type that it is named by, its dots as underscores.

    Called with the event's values. On a Consumer it may be `async def`, elsewhere not (TypeError when the class is
    made): the events of a group are handled in their order, without a wait.
    """
    setattr(method, HANDLER, True)
    return method


def command(method: M) -> M:
    """Marks a method as the one for a browser's command of the type that it is named by, its dots as underscores.

    On a Consumer it is called with the command's values, on a room's listener with these and the consumer that they
    came to. It may be `async def`; until it returns, the socket's next command waits.
    """
    setattr(method, COMMAND, True)
    return method


class Listener:
    """What hears the events of a group. `handlers` and `commands` are the marked methods of the class, by name."""

    __slots__ = ()
    may_wait: ClassVar[bool] = False
    handlers: ClassVar[Mapping[str, Method]] = {}
    commands: ClassVar[Mapping[str, Method]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.handlers = marked(cls, cls.handlers, HANDLER)
        cls.commands = marked(cls, cls.commands, COMMAND)
        for each in cls.handlers.values():
            if inspect.iscoroutinefunction(each) and not cls.may_wait:
                raise TypeError(
                    f"{each.__qualname__} cannot be async: events are handled in their order, without a wait"
                )

    def hear(self, name: str, event: Values) -> None:
        """Call the handler of this name, which must be there. Raises whatever that does."""
        self.handlers[name](self, event)


def marked(cls: type, inherited: Mapping[str, Method], mark: str) -> Mapping[str, Method]:
    """Its own marked methods, and the inherited ones that it does not override."""
    own = vars(cls)
    kept = {name: each for name, each in inherited.items() if name not in own}
    return kept | {name: each for name, each in own.items() if hasattr(each, mark)}


class Dispatcher:
    """Hands events to those of their listeners that have a handler for them. What cannot be handled is logged."""

    def __init__(self, log: SparseLog | None = None) -> None:
        self.log = log or SparseLog(logging.getLogger("tertulia.events"))

    def dispatch(self, event: Values, listeners: Iterable[Listener], group: str) -> None:
        """Raises nothing: one listener's failure does not keep the event from the others."""
        name = named_by(event)
        called = [each for each in listeners if name in each.handlers]
        for listener in called:
            try:
                listener.hear(name, event)
            except Malformed as error:
                self.log.warning(name, "an event %s in %s was skipped: %s", event["type"], group, error)
            except Exception as error:  # noqa: BLE001 - it is logged, with its traceback
                self.log.warning(f"{name} failed", "an event %s failed in %s", event["type"], group, error=error)
        if not called:
            self.log.warning("unknown", "an event of the type %.80r in %s was skipped", event["type"], group)


def named_by(values: Values) -> str:
    """The name of the method for an event or command; empty when its type is none."""
    try:
        return method_name(values["type"])
    except ValueError:
        return ""
