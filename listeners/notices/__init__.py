"""Decoders, one family of notices to a module: what each parameter means, and nothing about transport or format."""
