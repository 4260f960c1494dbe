"""Settings of the test run, before Django reads them (loaded by `-p tests.environment`)."""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SECRET_KEY", "for tests only")
os.environ.update(DEBUG="0", HTTPS="0", STATIC_MANIFEST="0", DATABASE_POOL="0", LANGUAGE_CODE="en", TIME_ZONE="Europe/Copenhagen")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(__file__).resolve().parent.parent / 'var' / 'havn.sqlite3'}")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs a loop in the thread of the test
