"""The listening process, killed with -9 again and again while it reads from Apache Kafka, and cut off for minutes."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka_listening import topics
from kafka_server import KafkaBench, KafkaServer

from listeners.files import SkippedFile, read_paths
from tocsin.app.clocks import SystemClock
from tocsin.store import Store

#: Longest wait for anything, s.
PATIENCE_S = 120.0
LOOK_S = 0.02


@contextmanager
def listener(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`tocsin run listen` in a process, killed at the end of the block."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    environment = clean | {"TOCSIN_DATA_DIR": str(folder / "data"), "TOCSIN_CONFIG_DIR": str(folder / "config")}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "tocsin", "run", "listen"], env=environment, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_S)


def configure(folder: Path, bootstrap: str, names: list[str]) -> None:
    """Configuration of a listener on a broker without heartbeat."""
    (folder / "config").mkdir()
    kafka = f'enabled = true\nbootstrap_servers = "{bootstrap}"\nsecurity_protocol = "plaintext"\n'
    kafka += f'session_timeout_s = 6\ninstance_id = "{names[0]}"\n'
    (folder / "config" / "tocsin.toml").write_text(f"[feeds.kafka]\n{kafka}", encoding="utf-8")
    text = f'[kafka]\ngroup_id = "group-{names[0]}"\nheartbeat_topic = ""\npoll_s = 0.2\nbatch_size = 20\n'
    text += "".join(f'[topics."{name}"]\nis_public = true\n' for name in names)
    (folder / "config" / "streams.toml").write_text(text, encoding="utf-8")


def wait_for_stored(store: Store, number: int, process: subprocess.Popen[bytes]) -> int:
    """Wait until so many notices are stored; how many are."""
    began_s, pause = time.monotonic(), threading.Event()
    while True:
        with store.read() as work:
            stored = work.notice_counts().stored
        if stored >= number:
            return stored
        assert process.poll() is None
        assert time.monotonic() - began_s < PATIENCE_S, stored
        pause.wait(LOOK_S)


@pytest.mark.long
def test_a_listener_killed_a_hundred_times_stores_every_notice_once(
    kafka: KafkaBench, folder: Path, samples: Path, effort: float
) -> None:
    kills = 100 if effort == 1.0 else 8
    chance = random.Random(20260531)
    archive = samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz"
    found = read_paths([archive], clock=SystemClock())
    payloads = list(dict.fromkeys(raw.payload for raw in found if not isinstance(raw, SkippedFile)))[: 40 * kills]
    names = topics(3)
    kafka.create_topics(names)
    for number, name in enumerate(names):
        kafka.produce(name, payloads[number::3])
    configure(folder, kafka.bootstrap, names)
    (folder / "data").mkdir()
    store = Store(f"sqlite:///{folder / 'data' / 'tocsin.sqlite'}", clock=SystemClock())
    store.migrate()
    stored = 0
    for _ in range(kills):
        if stored >= len(payloads):
            break
        with listener(folder) as process:
            wanted = min(stored + chance.randint(1, 60), len(payloads))
            stored = wait_for_stored(store, wanted, process)
    with listener(folder) as process:
        wait_for_stored(store, len(payloads), process)
    with store.read() as work:
        counts, report = work.notice_counts(), work.feed_report()
        kept = {work.raw_payload(key) for key in range(1, counts.stored + 1)}
        offsets = work.kafka_offsets()
    store.close()
    assert kept == set(payloads)
    assert (counts.stored, counts.undecoded) == (len(payloads), 0)
    assert sum(row.gaps for row in report) == 0
    assert offsets == {(name, 0): len(payloads[number::3]) - 1 for number, name in enumerate(names)}


@pytest.mark.long
def test_five_minutes_without_a_broker_lose_and_skip_nothing(
    own_kafka: KafkaServer, folder: Path, samples: Path, effort: float
) -> None:
    outage_s = 300.0 if effort == 1.0 else 15.0
    archive = samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz"
    found = read_paths([archive], clock=SystemClock())
    payloads = list(dict.fromkeys(raw.payload for raw in found if not isinstance(raw, SkippedFile)))[:400]
    (name,) = topics(1)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([name])
    bench.produce(name, payloads[:200])
    configure(folder, own_kafka.bootstrap, [name])
    (folder / "data").mkdir()
    store = Store(f"sqlite:///{folder / 'data' / 'tocsin.sqlite'}", clock=SystemClock())
    store.migrate()
    with listener(folder) as process:
        wait_for_stored(store, 200, process)
        own_kafka.kill()
        threading.Event().wait(outage_s)
        with store.read() as work:
            signs = work.feed_signs()
        assert any(sign.state == "error" for sign in signs), signs
        own_kafka.start()
        KafkaBench(own_kafka.bootstrap).produce(name, payloads[200:])
        wait_for_stored(store, 400, process)
        with store.read() as work:
            (row,) = work.feed_report()
            assert (row.received, row.stored, row.gaps) == (400, 400, 0)
    store.close()
