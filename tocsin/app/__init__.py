"""The application: the only place that builds everything, starts it and stops it."""
