"""The doctor: looks at everything the watchdog looks at, and at the configuration, without a service running."""

from collections.abc import Iterator, Mapping

import httpx
from rich.console import Console

from tocsin.app.build import build_context, build_doors, build_people, build_store
from tocsin.app.checking import check_configuration
from tocsin.app.clocks import SystemClock
from tocsin.app.feeds import FeedBoard
from tocsin.app.folder import refuse_unfinished
from tocsin.app.watchdog import Watchdog
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConfigurationError, NotNowError, TocsinError
from tocsin.domain.health import Sign
from tocsin.settings import Settings, load_settings
from tocsin.store import Pooling, Store

ANSWER_S = 3.0


def examine(environment: Mapping[str, str]) -> Iterator[Sign]:
    """Signs of a service: its configuration, whether it answers, its store, machine and credentials.

    Raises
    ------
    ConfigurationError
        A wrong setting, naming the file and the key.
    """
    settings, clock = load_settings(environment), SystemClock()
    found = _store(settings, clock)
    for problem in check_configuration(environment, with_store=isinstance(found, Store)).problems:
        yield Sign(name="configuration", is_ok=False, words=problem, remedy="correct it; tocsin check names the file")
    yield _answers(settings)
    yield from _folder(settings)
    if isinstance(found, Sign):
        yield found
        return
    store = found
    try:
        yield from _pool(store, settings)
        people, _, _ = build_people(settings)
        doors = build_doors(settings, people, clock=clock, console=Console(stderr=True))
        context = build_context(settings, clock=clock, store=store, doors=doors)
        yield from Watchdog(context, settings, FeedBoard()).signs()
    finally:
        store.close()


def _store(settings: Settings, clock: Clock) -> Store | Sign:
    """The store, or why it cannot be used."""
    try:
        return build_store(settings, clock)
    except TocsinError as error:
        remedy = error.remedy or "see whether the database runs and lets us in"
        return Sign(name="store", is_ok=False, words=error.message, remedy=remedy)
    except OSError as error:
        remedy = "see that TOCSIN_DATA_DIR names a folder, and that this user may write there"
        return Sign(name="store", is_ok=False, words=f"{error.filename}: {error.strerror}", remedy=remedy)


def _folder(settings: Settings) -> Iterator[Sign]:
    """The data folder, where a service would refuse to start in it."""
    try:
        refuse_unfinished(settings)
    except (ConfigurationError, NotNowError) as error:
        yield Sign(name="data folder", is_ok=False, words=error.message, remedy=error.remedy)
    except OSError:
        return  # the store says so, too


def _pool(store: Store, settings: Settings) -> Iterator[Sign]:
    """What a pool before PostgreSQL keeps of a session; nothing where there is none."""
    if store.pooling is Pooling.NONE:
        return
    words = f"a pool before PostgreSQL lends its connections by {store.pooling.value}"
    try:
        store.refuse_deafness()
    except (ConfigurationError, NotNowError) as error:
        if settings.store.listen_url:
            yield Sign(name="pool", is_ok=False, words=error.message, remedy=error.remedy)
            return
        words += "; tocsin serve works so, tocsin run needs store.listen_url"
    yield Sign(name="pool", is_ok=True, words=words)


def _answers(settings: Settings) -> Sign:
    """Whether a service answers where the settings say, and what it says of itself."""
    url = f"http://{settings.api.host}:{settings.api.port}/readyz"
    try:
        answer = httpx.get(url, timeout=ANSWER_S)
    except httpx.HTTPError as error:
        words = f"nothing answers at {url} ({type(error).__name__})"
        return Sign(
            name="service", is_ok=False, words=words, remedy="start it: tocsin serve, or systemctl start tocsin"
        )
    try:
        parts = answer.json()["parts"].items()
        failing = [f"{name}: {part['words']}" for name, part in parts if not part["is_ok"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        words = f"what answers at {url} is no service of Tocsin (HTTP {answer.status_code})"
        remedy = "see who listens there (ss -ltnp), end it, or set api.port"
        return Sign(name="service", is_ok=False, words=words, remedy=remedy)
    if answer.is_success:
        return Sign(name="service", is_ok=True, words=f"ready at {url}")
    words = f"not ready: {'; '.join(failing) or 'it does not say why'}"
    return Sign(name="service", is_ok=False, words=words, remedy="see the parts named there")
