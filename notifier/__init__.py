"""Notifier: the channels that carry a message to people. It composes and sends; it decides nothing."""
