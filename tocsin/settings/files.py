"""Configuration files: the defaults that travel with Tocsin, overlaid by the folder TOCSIN_CONFIG_DIR.

Tables are merged key by key, lists and plain values are replaced. People and rota stand alone: the made-up ones that
travel with Tocsin are in force only where there is no file of one's own. This module reads files and knows no meaning.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.domain.errors import ConfigurationError

#: Files of which nothing of the default is in force beside one's own: nobody made up is woken, or may sign.
ALONE = frozenset({"people", "rota"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """One configuration file after overlaying.

    Parameters
    ----------
    name
        File name to show in errors, with the overlay's path where it has one.
    values
        Parsed content.
    """

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFolder:
    """Where configuration is read from.

    Parameters
    ----------
    defaults
        Folder with the defaults.
    overlay
        Folder whose files win, or None.
    """

    defaults: Path
    overlay: Path | None = None

    def read(self, stem: str) -> ConfigFile:
        """Content of ``<stem>.toml``, defaults overlaid.

        Raises
        ------
        ConfigurationError
            No such file, or no TOML.
        """
        name = f"{stem}.toml"
        values = _parse(self.defaults / name)
        shown = f"config/{name}"
        if self.overlay is not None and (self.overlay / name).exists():
            own = _parse(self.overlay / name)
            values = own if stem in ALONE else _merge(values, own)
            shown = str(self.overlay / name)
        return ConfigFile(name=shown, values=values)

    def texts(self, folder: str) -> Mapping[str, str]:
        """Text files of a sub-folder by name, the overlay's winning."""
        return {path.name: _text(path) for path in self._paths(folder)}

    def _paths(self, folder: str) -> Iterator[Path]:
        for base in (self.defaults, self.overlay):
            if base is not None and (base / folder).is_dir():
                yield from sorted(
                    path for path in (base / folder).iterdir() if path.is_file() and not path.name.startswith(".")
                )


def default_folder() -> Path:
    """Folder of the default configuration: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_config"
    return inside if inside.is_dir() else package.parent / "config"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError("no such file", file=str(path), key="(file)") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", file=str(path), key="(file)") from error


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not valid TOML: {error}", file=str(path), key="(file)") from error


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
