"""Advocates: who is on call, escalation, acknowledgement, circular drafts and their lint."""
