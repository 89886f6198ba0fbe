"""Modules that run in `manage.py shell` with the settings of a worker: the only ones that import the applications."""
