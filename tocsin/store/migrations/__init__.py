"""Steps from an empty database to the present schema, run by `tocsin.store.schema`.

A step is written by hand in ``versions``, stands still once released, and is compared with `tocsin.store.tables` by the
tests on both databases.
"""
