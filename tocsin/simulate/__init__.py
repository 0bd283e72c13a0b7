"""Simulated bursts, instruments, notices and whole nights, in the formats the real ones come in.

Pure: every random number is drawn from a seed or a generator handed in, and nothing here asks for the time. The
service never reads a truth from here: only the checker of a simulated night does.
"""
