"""Measure everything on the database in DATABASE_URL, which must be empty, and write what was found to a file. Started by run.py."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

SURROUNDINGS = {"DEBUG": "0", "HTTPS": "0", "SECRET_KEY": "benchmarks", "STATIC_MANIFEST": "0", "DATABASE_POOL": "0", "LANGUAGE_CODE": "en"}


def prepare() -> None:
    """Make the tables. Refuses a database that has any: it would be somebody's."""
    os.environ.update(SURROUNDINGS, DJANGO_SETTINGS_MODULE="config.settings", TIME_ZONE="Europe/Copenhagen")
    django.setup()
    logging.disable(logging.WARNING)
    if connection.introspection.table_names():
        sys.exit("Benchmarks only run in an empty database of their own. Start them with `make bench`.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Helpers would work in processes whose time nobody looks at, and would come and go as they please.
            cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(connection.settings_dict['NAME'])} SET max_parallel_workers_per_gather = 0")
            cursor.execute("ALTER SYSTEM SET autovacuum = off")
            cursor.execute("SELECT pg_reload_conf()")
        connection.close()
    call_command("migrate", verbosity=0)


def version() -> str:
    """The database's own."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version" if connection.vendor == "postgresql" else "SELECT sqlite_version()")
        return cursor.fetchone()[0]


def main() -> None:
    """Run the workloads one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="full")
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    prepare()
    from benchmarks import pages, results, w1, w2, w3, w4, w5  # noqa: PLC0415 - models need Django to be set up

    sizes = results.QUICK if options.size == "quick" else results.Sizes()
    found = []
    workloads: dict[str, Callable[[results.Sizes], list[results.Result]]] = {"W1": w1.run, "W2": w2.run, "W3": w3.run, "W4": w4.run, "W5": w5.run}
    wanted = options.only.upper().split(",") if options.only else [*workloads, *pages.PAGES]
    if of_pages := [name for name in pages.PAGES if name in wanted]:
        workloads[" ".join(of_pages)] = partial(pages.run, names=of_pages)  # together: the organisation is made once
    for name, run in workloads.items():
        if not set(name.split()) & set(wanted):
            continue
        began = time.perf_counter()
        found += [result.as_json() for result in run(sizes)]
        sys.stderr.write(f"{connection.vendor} {name}: {time.perf_counter() - began:.0f} s\n")
    options.out.write_text(json.dumps({"database": connection.vendor, "version": version(), "results": found}))


if __name__ == "__main__":
    main()
