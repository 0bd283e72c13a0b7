"""Tables of products and their lineage."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from tocsin.domain.products import ProductKind
from tocsin.store.columns import Choice, JsonText, Labels, PlainText, UtcTime
from tocsin.store.tables.base import event_link, metadata

product_blobs = Table(
    "product_blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

products = Table(
    "products",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Choice(ProductKind), nullable=False),
    event_link(),
    Column("subject", PlainText, nullable=False),
    Column("parameters", JsonText, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("made_utc", UtcTime, nullable=False),
    Column("content", JsonText, nullable=False),
    Column("blob_sha256", Text, ForeignKey("product_blobs.sha256")),
    Column("blob_type", Text),
    Column("superseded_by", Text),
    Index("ix_products_event", "event_id", "kind", "made_utc"),
)

product_inputs = Table(
    "product_inputs",
    metadata,
    Column("product_id", Text, ForeignKey("products.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("input_id", PlainText, nullable=False, index=True),
)
