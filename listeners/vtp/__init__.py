"""VOEvent Transport Protocol (VTP): a subscriber for private brokers, and a small broker for replays and tests.

``frames``, ``transport``, ``filters``, ``subscriber_session``, ``peer_session`` and ``author_session`` are the
protocol: pure, bytes in, actions out. ``listener``, ``spool`` and ``broker`` have the sockets and the disk.

References
----------
IVOA Recommendation "VOEvent Transport Protocol", version 2.0, 2017-03-20, arXiv:1709.01264.
"""
