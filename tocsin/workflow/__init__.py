"""Workflow: joins the pure core to the world. Reads facts, calls the core, records the result and what is owed."""
