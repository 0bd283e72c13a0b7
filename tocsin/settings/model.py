"""Typed settings of the service: `config/tocsin.toml` and secrets from the environment.

Everything is checked at the start; a wrong setting refuses to start, naming the file and the key.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from tocsin.domain.errors import ConfigurationError
from tocsin.settings.files import ConfigFile, ConfigFolder, default_folder
from tocsin.settings.rates import ArchiveTable, SourcesTable

Seconds = Annotated[float, Field(gt=0)]


def _for_ever_or_a_month(days: float) -> float:
    if days and days < LEAST_DAYS:
        raise ValueError(f"keep for {LEAST_DAYS:g} days or more, or 0: for ever")
    return days


#: What is younger is never forgotten: notices are sent again, and an expert may look at last week's rehearsal.
LEAST_DAYS = 30.0
Days = Annotated[float, Field(ge=0), AfterValidator(_for_ever_or_a_month)]
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class ServiceTable(_Table):
    """Where this service lives."""

    page_url: str = "http://127.0.0.1:8000"
    data_dir: str = "tocsin-data"


class StoreTable(_Table):
    """Where everything is kept."""

    url: str = ""
    listen_url: str = ""


class ApiTable(_Table):
    """Where the API and the pages listen."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    anonymous_per_minute: Annotated[int, Field(ge=0)] = 600


class SignInTable(_Table):
    """The OpenID Connect provider at which people sign in; none without an issuer."""

    issuer: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    client_id: str = ""
    claim: str = "sub"
    hours: Annotated[float, Field(gt=0, le=168)] = 12.0


class WebhooksTable(_Table):
    """Signed messages to partners."""

    enabled: bool = True
    allow_private: bool = False
    attempts: Annotated[int, Field(ge=1, le=50)] = 12


class SlackTable(_Table):
    """The Slack channel."""

    channel: str = ""
    base_url: str = "https://slack.com/api/"
    timeout_s: Seconds = 10.0
    clearance: tuple[str, ...] = ()
    socket_mode: bool = False


class EmailTable(_Table):
    """The mail path."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    sender: str = "tocsin@localhost"
    timeout_s: Seconds = 15.0
    clearance: tuple[str, ...] = ()


class WebhookTable(_Table):
    """Signed pushes (ntfy-style) to each person's own URL."""

    timeout_s: Seconds = 10.0
    clearance: tuple[str, ...] = ()


class AppriseTable(_Table):
    """Roads of the apprise library, an extra, to each person's own address."""

    timeout_s: Seconds = 20.0
    clearance: tuple[str, ...] = ()


class ChannelsTable(_Table):
    """Which channels carry messages, in order; the first is the main one."""

    enabled: tuple[Literal["console", "slack", "email", "webhook", "apprise", "recorder"], ...] = ("console",)
    slack: SlackTable = SlackTable()
    email: EmailTable = EmailTable()
    webhook: WebhookTable = WebhookTable()
    apprise: AppriseTable = AppriseTable()


class KafkaTable(_Table):
    """The Kafka feed; topics and group are in streams.toml."""

    enabled: bool = False
    domain: str = "gcn.nasa.gov"
    bootstrap_servers: str = ""
    security_protocol: Literal["sasl_ssl", "plaintext"] = "sasl_ssl"
    session_timeout_s: Seconds = 10.0
    fetch_wait_s: Seconds = 0.5
    instance_id: str = ""


class ScimmaTable(_Table):
    """SCiMMA's Kafka broker, beside GCN's; its topics are named here, since both have some of the same name."""

    enabled: bool = False
    bootstrap_servers: str = "kafka.scimma.org:9092"
    security_protocol: Literal["sasl_ssl", "plaintext"] = "sasl_ssl"
    topics: tuple[str, ...] = ("igwn.gwalert",)
    heartbeat_topic: str = "sys.heartbeat"
    session_timeout_s: Seconds = 10.0
    instance_id: str = ""


class VtpBrokerTable(_Table):
    """One private VTP broker; its notices are private unless said otherwise."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 8099
    security: Literal["loopback", "tls", "plain"] = "loopback"
    ca_file: str = ""
    filters: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    is_public: bool = False
    is_test: bool = False

    @model_validator(mode="after")
    def _stays_here(self) -> Self:
        if self.security == "loopback" and self.host not in _LOOPBACK:
            raise ValueError(f'{self.host} is not this machine: set security to "tls", or to "plain" at your own risk')
        return self


class VtpTable(_Table):
    """The VTP feeds: who we are, and the brokers by name."""

    ivorn: Annotated[str, Field(pattern=r"^ivo://\S+$")] = "ivo://tocsin/subscriber"
    silence_s: Seconds = 120.0
    longest_pause_s: Seconds = 64.0
    largest_frame_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024
    brokers: Mapping[Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")], VtpBrokerTable] = {}


class FeedsTable(_Table):
    """What is listened to; nothing, by default."""

    kafka: KafkaTable = KafkaTable()
    scimma: ScimmaTable = ScimmaTable()
    vtp: VtpTable = VtpTable()


class PublishTable(_Table):
    """The Kafka topic of our own: events as JSON of GCN's unified schema."""

    enabled: bool = False
    bootstrap_servers: str = ""
    security_protocol: Literal["sasl_ssl", "plaintext"] = "sasl_ssl"
    topic: str = "tocsin.events"
    test_topic: str = "tocsin.events.test"
    least_tier: Annotated[int, Field(ge=1, le=3)] = 2
    clearance: tuple[str, ...] = ()


class ReactionTable(_Table):
    """What is done with an event: which instruments are asked, how often."""

    enabled: bool = True
    instruments: tuple[str, ...] = ("SPI-ACS", "Fermi-GBM", "Konus-Wind", "Mars-Odyssey-HEND")
    inbox: str = ""
    patience_s: Seconds = 172800.0
    retry_s: Seconds = 60.0


class WatchdogTable(_Table):
    """What is watched, and who outside hears that all is well."""

    heartbeat_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    late_s: Seconds = 60.0
    every_s: Seconds = 30.0
    least_free_gb: Annotated[float, Field(ge=0)] = 2.0
    most_clock_error_s: Seconds = 0.5
    certificates: tuple[str, ...] = ()
    least_days_left: Annotated[int, Field(ge=0)] = 14


class WorkersTable(_Table):
    """How many threads do owed work."""

    notify: Annotated[int, Field(ge=1, le=32)] = 2
    react: Annotated[int, Field(ge=1, le=32)] = 1
    lease_s: Seconds = 120.0


class DrillTable(_Table):
    """The weekly drill."""

    weekly: bool = False
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "mon"
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "10:00"


class RetentionTable(_Table):
    """For how long what nothing rests on is kept; 0: for ever."""

    other_notices_days: Days = 0.0
    rehearsals_days: Days = 0.0
    automatic: bool = False


class Secrets(_Table):
    """Credentials, from the environment alone; each may come as NAME or as a file named by NAME_FILE."""

    slack_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    sign_in_client_secret: SecretStr | None = None
    gcn_client_id: SecretStr | None = None
    gcn_client_secret: SecretStr | None = None
    publish_user: SecretStr | None = None
    publish_password: SecretStr | None = None
    scimma_user: SecretStr | None = None
    scimma_password: SecretStr | None = None
    smtp_password: SecretStr | None = None
    mmoda_token: SecretStr | None = None


class Settings(_Table):
    """Everything in `tocsin.toml`, the secrets, and the folder the other files are read from."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    service: ServiceTable = ServiceTable()
    store: StoreTable = StoreTable()
    api: ApiTable = ApiTable()
    sign_in: SignInTable = SignInTable()
    webhooks: WebhooksTable = WebhooksTable()
    channels: ChannelsTable = ChannelsTable()
    feeds: FeedsTable = FeedsTable()
    publish: PublishTable = PublishTable()
    reaction: ReactionTable = ReactionTable()
    drill: DrillTable = DrillTable()
    sources: SourcesTable = SourcesTable()
    archive: ArchiveTable = ArchiveTable()
    workers: WorkersTable = WorkersTable()
    watchdog: WatchdogTable = WatchdogTable()
    retention: RetentionTable = RetentionTable()
    secrets: Secrets = Secrets()
    folder: ConfigFolder = ConfigFolder(defaults=default_folder())
    file: str = "config/tocsin.toml"

    @property
    def data_dir(self) -> Path:
        """Folder that holds all that is stored."""
        return Path(self.service.data_dir)

    @property
    def store_url(self) -> str:
        """Database URL: as set, or SQLite in the data folder."""
        return self.store.url or f"sqlite:///{self.data_dir / 'tocsin.sqlite'}"

    @property
    def inbox(self) -> Path:
        """Folder where files of other instruments arrive."""
        return Path(self.reaction.inbox) if self.reaction.inbox else self.data_dir / "inbox"

    @property
    def archive_url(self) -> str:
        """Where the archive of rates lies: as set, or a folder in the data folder."""
        return self.archive.url or str(self.data_dir / "rates")

    @property
    def searches_dir(self) -> Path:
        """Results of searched days: the background that false-alarm rates are counted in."""
        return self.data_dir / "searches"

    def document(self, stem: str) -> ConfigFile:
        """Another configuration file, e.g. ``rules``, ``people``."""
        return self.folder.read(stem)


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the default configuration, its overlay and the environment.

    Parameters
    ----------
    environment
        Environment variables: ``TOCSIN_CONFIG_DIR``, ``TOCSIN_DATA_DIR``, ``TOCSIN_STORE_URL``,
        ``TOCSIN_STORE_LISTEN_URL`` and the secrets.

    Raises
    ------
    ConfigurationError
        A wrong setting, naming the file and the key.
    """
    overlay = environment.get("TOCSIN_CONFIG_DIR")
    if overlay and not Path(overlay).is_dir():
        raise ConfigurationError(f"no such folder: {overlay}", file="environment", key="TOCSIN_CONFIG_DIR")
    folder = ConfigFolder(defaults=default_folder(), overlay=Path(overlay) if overlay else None)
    document = folder.read("tocsin")
    for key in sorted({"secrets", "folder", "file"} & set(document.values)):
        raise ConfigurationError("is no setting: credentials come from the environment", file=document.name, key=key)
    try:
        settings = Settings.model_validate({**document.values, "folder": folder, "file": document.name})
    except ValidationError as error:
        first = error.errors()[0]
        key = _key(first["loc"]) or "(file)"
        raise ConfigurationError(first["msg"], file=document.name, key=key) from error
    return _with_environment(settings, environment)


def _key(place: Sequence[str | int]) -> str:
    """Place in a file as people count: the first of a list is 1.

    Examples
    --------
    >>> _key(("archive", "follow", "instruments", 0))
    'archive.follow.instruments[1]'
    """
    words = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(words).removeprefix(".")


def _with_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    changes: dict[str, object] = {"secrets": _secrets(environment)}
    if data_dir := environment.get("TOCSIN_DATA_DIR"):
        changes["service"] = settings.service.model_copy(update={"data_dir": data_dir})
    urls = {"url": environment.get("TOCSIN_STORE_URL"), "listen_url": environment.get("TOCSIN_STORE_LISTEN_URL")}
    if given := {name: url for name, url in urls.items() if url}:
        changes["store"] = settings.store.model_copy(update=given)
    loaded = settings.model_copy(update=changes)
    _check(loaded)
    return loaded


def _secrets(environment: Mapping[str, str]) -> Secrets:
    values: dict[str, SecretStr] = {}
    for name in Secrets.model_fields:
        variable = f"TOCSIN_{name.upper()}"
        if value := environment.get(variable):
            values[name] = SecretStr(value)
        elif path := environment.get(f"{variable}_FILE"):
            values[name] = SecretStr(_secret_of_file(path, f"{variable}_FILE"))
    return Secrets(**values)


def _secret_of_file(path: str, key: str) -> str:
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(error), file="environment", key=key) from error
    if not secret:
        raise ConfigurationError(f"{path} is empty", file="environment", key=key)
    return secret


def _check(settings: Settings) -> None:
    enabled = settings.channels.enabled
    if not enabled:
        raise ConfigurationError("no channel: nobody could be woken", file=settings.file, key="channels.enabled")
    if len(set(enabled)) < len(enabled):
        raise ConfigurationError("a channel is named twice", file=settings.file, key="channels.enabled")
    if "slack" in enabled:
        _check_slack(settings)
    if "email" in enabled and not settings.channels.email.host:
        raise ConfigurationError("mail is enabled without a server", file=settings.file, key="channels.email.host")
    if "webhook" in enabled:
        _need_secret(settings, "webhook_secret", "webhooks are enabled without a secret to sign with")
    if settings.store.listen_url and not settings.store.url.startswith("postgres"):
        raise ConfigurationError("is for PostgreSQL alone", file=settings.file, key="store.listen_url")
    _check_kafka(settings)


def _check_kafka(settings: Settings) -> None:
    kafka = settings.feeds.kafka
    if kafka.enabled and kafka.security_protocol == "sasl_ssl":
        for name in ("gcn_client_id", "gcn_client_secret"):
            _need_secret(settings, name, "Kafka is enabled without credentials")
    publish = settings.publish
    if publish.enabled and not publish.bootstrap_servers:
        raise ConfigurationError(
            "a topic of our own needs a broker", file=settings.file, key="publish.bootstrap_servers"
        )
    if publish.enabled and publish.security_protocol == "sasl_ssl":
        for name in ("publish_user", "publish_password"):
            _need_secret(settings, name, "publishing is enabled without credentials")
    scimma = settings.feeds.scimma
    if scimma.enabled and scimma.security_protocol == "sasl_ssl":
        for name in ("scimma_user", "scimma_password"):
            _need_secret(settings, name, "SCiMMA is enabled without credentials")


def _check_slack(settings: Settings) -> None:
    if not settings.channels.slack.channel:
        raise ConfigurationError("Slack is enabled without a channel", file=settings.file, key="channels.slack.channel")
    _need_secret(settings, "slack_token", "Slack is enabled without a token")
    if settings.channels.slack.socket_mode:
        _need_secret(settings, "slack_app_token", "Socket Mode needs the app's token (xapp-...)")


def _need_secret(settings: Settings, name: str, words: str) -> None:
    if getattr(settings.secrets, name) is None:
        raise ConfigurationError(words, file="environment", key=f"TOCSIN_{name.upper()}")
