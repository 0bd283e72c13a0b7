"""Triggers: which event a notice belongs to, what it changes, and who is to be woken. Pure functions."""
