"""The errors of a channel layer, each with its evidence."""


class ChannelLayerError(Exception):
    """The base class of the errors below."""


class ChannelFull(ChannelLayerError):
    """`send` to a channel that holds `capacity` unread messages. `channel` is its name."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"channel {channel} is full")
        self.channel = channel


class ChannelClosed(ChannelLayerError):
    """The channel is closed, belongs to another process, or never existed. `channel` is its name."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"channel {channel} is not open here")
        self.channel = channel


class LayerClosed(ChannelLayerError):
    """The layer or publisher was closed, before the call or during it."""

    def __init__(self) -> None:
        super().__init__("the channel layer is closed")


class WrongLoop(ChannelLayerError, RuntimeError):
    """The layer or publisher was used in another event loop or process than that of its first use."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"the channel layer belongs to {owner}: open another one here")


class LayerUnavailable(ChannelLayerError):
    """Other processes may not have received the message; `group_send`'s members in this process have. `reason` says
    why, without credentials."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
