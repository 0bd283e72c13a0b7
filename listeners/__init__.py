"""Listeners: transports that bring notices in, and one decoder for each notice type."""
