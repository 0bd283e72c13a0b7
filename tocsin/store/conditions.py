"""Conditions that stand word by word in a partial index too: text, or the planner would not use the index."""

from sqlalchemy import ColumnElement, literal_column

from tocsin.store.tables import OPEN_NOTICES, POINTING_NOTICES, QUARANTINED_NOTICES, UNKNOWN_NOTICES, WORK_AHEAD

IS_QUARANTINED: ColumnElement[bool] = literal_column(f"(notices.{QUARANTINED_NOTICES})")
IS_UNKNOWN: ColumnElement[bool] = literal_column(f"(notices.{UNKNOWN_NOTICES})")
IS_OPEN: ColumnElement[bool] = literal_column(f"(notices.{OPEN_NOTICES})")
IS_POINTING: ColumnElement[bool] = literal_column(f"(notices.{POINTING_NOTICES})")
IS_AHEAD: ColumnElement[bool] = literal_column(f"(jobs.{WORK_AHEAD})")
