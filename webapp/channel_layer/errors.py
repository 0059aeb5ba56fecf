"""What can go wrong, each with its evidence."""


class ChannelLayerError(Exception):
    """The root: whatever a channel layer raises on its own account."""


class ChannelFull(ChannelLayerError):
    """`send` to a channel that holds `capacity` messages nobody has taken. `channel` is its name."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"channel {channel} is full")
        self.channel = channel


class ChannelClosed(ChannelLayerError):
    """This process has no such channel: closed, or made by another process, or never made. `channel` is its name."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"channel {channel} is not open here")
        self.channel = channel


class LayerClosed(ChannelLayerError):
    """The layer was closed, before the call or while it was waiting."""

    def __init__(self) -> None:
        super().__init__("the channel layer is closed")


class WrongLoop(ChannelLayerError, RuntimeError):
    """The layer was used from an event loop, or in a process, that is not the one of its first use."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"the channel layer belongs to {owner}: open another one here")


class LayerUnavailable(ChannelLayerError):
    """Other processes may not have been told. `reason` says why, without credentials; our own members were told."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
