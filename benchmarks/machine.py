"""Where the figures come from."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def machine() -> dict[str, str | int]:
    """The processor, its cores, memory in GB, and the kernel."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    total = re.search(r"^MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return {
        "processor": model[1].strip() if model else platform.processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(int(total[1]) / 1024**2) if total else 0,
        "kernel": platform.release(),
    }


def versions() -> dict[str, str]:
    """Python and the packages that matter."""
    return {"Python": platform.python_version(), "Django": version("django"), "psycopg": version("psycopg")}


def commit() -> str:
    """The commit that was measured, with a + where files differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results.json", ":!benchmarks/RESULTS.md")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def today() -> str:
    """The date, in UTC."""
    return dt.datetime.now(dt.UTC).date().isoformat()
