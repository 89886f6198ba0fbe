"""Modules that run in `manage.py shell` with the settings of a worker. Only they import the applications."""
