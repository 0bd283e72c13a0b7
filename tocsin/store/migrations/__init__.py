"""Steps from an empty database to the present schema, run by `tocsin.store.schema`."""
