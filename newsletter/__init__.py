"""From an issue file to the inbox, and from an unsubscribe to a proven erasure."""

__version__ = "0.1.0"
