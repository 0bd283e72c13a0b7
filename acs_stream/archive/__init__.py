"""Archive of count rates: Parquet files by instrument and UTC day, in a local folder or at any fsspec URL.

Nothing is imported here: `rate_archive`, `parts` and `storage` need pyarrow and fsspec, which the base install lacks.
Reading and writing happen in `storage` alone; the other modules compute.
"""
