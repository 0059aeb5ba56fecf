"""Which method an event calls.

    class Greeter(Listener):
        @handler
        def people_arrived(self, event: Values) -> None:
            self.say(f"Hello {text(event, 'name')}")

An event of the type `people.arrived` calls it. Only what is marked can be called, whatever type an event comes with.
"""

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from webapp.channel_layer import SparseLog, method_name
from webapp.domain.events import Values
from webapp.sockets.shapes import Malformed

Handler = Callable[[Any, Values], None]
H = TypeVar("H", bound=Handler)
MARK = "is_handler"


def handler(method: H) -> H:
    """Marks a method of a Listener as the one for the event type that it is named by, its dots as underscores."""
    if inspect.iscoroutinefunction(method):
        raise TypeError(f"{method.__qualname__} cannot be async: events are handled in their order, without a wait")
    setattr(method, MARK, True)
    return method


class Listener:
    """What hears the events of a group. `handlers` are the marked methods of the class, by name."""

    __slots__ = ()
    handlers: ClassVar[Mapping[str, Handler]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        inherited = {name: each for name, each in cls.handlers.items() if name not in vars(cls)}
        cls.handlers = inherited | {name: each for name, each in vars(cls).items() if hasattr(each, MARK)}


class Dispatcher:
    """Hands events to those of their listeners that have a handler for them. What cannot be handled is logged."""

    def __init__(self, log: SparseLog | None = None) -> None:
        self.log = log or SparseLog(logging.getLogger("tertulia.events"))

    def dispatch(self, event: Values, listeners: Iterable[Listener], group: str) -> None:
        """Raises nothing: one listener's failure is not the others'."""
        name = named_by(event)
        called = [each for each in listeners if name in each.handlers]
        for listener in called:
            try:
                listener.handlers[name](listener, event)
            except Malformed as error:
                self.log.warning(name, "an event %s in %s was skipped: %s", event["type"], group, error)
            except Exception as error:  # noqa: BLE001 - it is logged, with its traceback
                self.log.warning(f"{name} failed", "an event %s failed in %s", event["type"], group, error=error)
        if not called:
            self.log.warning("unknown", "an event of the type %.80r in %s was skipped", event["type"], group)


def named_by(event: Values) -> str:
    """The name of its handler; of what is no type, none."""
    try:
        return method_name(event["type"])
    except ValueError:
        return ""
