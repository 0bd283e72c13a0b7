"""Settings: configuration files, their overlay, and secrets from the environment. Read once, at the start."""

from tocsin.settings.files import ConfigFile, ConfigFolder
from tocsin.settings.model import RetentionTable, Settings, load_settings

__all__ = ["ConfigFile", "ConfigFolder", "RetentionTable", "Settings", "load_settings"]
