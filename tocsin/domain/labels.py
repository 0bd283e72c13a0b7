"""Labels of restricted data and their owners: the content of ``config/labels.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.domain.config_table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who is to be told when a result is made from somebody's restricted data.

    Parameters
    ----------
    name
        Of the person or office.
    contact
        How they are reached.
    within_s
        How soon they are to be told, s.
    """

    name: str
    contact: str
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Owners by label, and the one of every other label."""

    others: Owner
    by_label: Mapping[str, Owner] = field(default_factory=dict)

    def owner_of(self, label: str) -> Owner:
        """Owner of a label."""
        return self.by_label.get(label, self.others)


def read_owners(mapping: Mapping[str, object], *, file: str) -> Owners:
    """Owners of a parsed file.

    Raises
    ------
    ConfigurationError
        A key is missing, unknown or wrong.
    """
    table = Table(mapping, file=file)
    by_label = {label: _owner(child) for label, child in table.tables("label").items()}
    owners = Owners(others=_owner(table.child("others")), by_label=by_label)
    table.finish()
    return owners


def _owner(table: Table) -> Owner:
    owner = Owner(
        name=table.text("owner"),
        contact=table.text("contact"),
        within_s=table.number("within_h", above=0.0) * 3600.0,
    )
    table.finish()
    return owner
