"""Follower of real-time count rates: what arrives is appended to the archive at once.

`plan`, `packets`, `intervals` and `health` compute; `realtime` asks the service, `dumps` reads files that grow.
"""
