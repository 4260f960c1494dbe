#!/usr/bin/env python3
"""Run a command with DATABASE_URL set to a throw-away PostgreSQL: `with_postgres.py COMMAND [ARGUMENT ...]`.

Uses the server in TEST_DATABASE_URL if that is set; else starts its own on a free loopback port from the machine's
PostgreSQL (15 or newer), and removes it afterwards. Exit status: the command's, or 77 when there is no PostgreSQL.
"""

import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

MISSING = 77
OLDEST = 15


def find_binaries() -> Path | None:
    """The newest PostgreSQL on this machine, as the folder of its programs."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/opt/homebrew/opt/postgresql@*/bin"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    for place in [*places, *([str(Path(on_path).resolve().parent)] if on_path else [])]:
        if (Path(place) / "initdb").exists() and (Path(place) / "postgres").exists() and _version(place) >= OLDEST:
            return Path(place)
    return None


def _version(place: str) -> int:
    words = subprocess.run([f"{place}/postgres", "--version"], capture_output=True, text=True, check=False).stdout.split()
    return next((int(word.split(".")[0]) for word in words if word[:1].isdigit()), 0)


def install() -> None:
    """As root on Debian, get PostgreSQL; its own cluster is not wanted."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing PostgreSQL ...", file=sys.stderr)
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"], **quiet)


def as_server(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def roomiest() -> str | None:
    """Memory, where there is plenty of it; else the usual place for temporary files."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 1024**3 else None


def main(command: list[str]) -> int:
    """Start the server, run the command, stop the server."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return subprocess.call(command, env={**os.environ, "DATABASE_URL": url})
    if not find_binaries():
        install()
    binaries = find_binaries()
    if not binaries:
        print(f"No PostgreSQL {OLDEST} or newer found. Install it (Debian: apt-get install postgresql), or set TEST_DATABASE_URL.", file=sys.stderr)
        return MISSING
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="havn-pg-", dir=roomiest(), ignore_cleanup_errors=True) as folder:
        data, port = f"{folder}/data", free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        tool = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
        subprocess.run(as_server([f"{binaries}/initdb", "-D", data, "-U", "havn", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]), **tool)
        fast = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=100 {fast}"
        subprocess.run(as_server([f"{binaries}/pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start"]), **tool)
        try:
            return subprocess.call(command, env={**os.environ, "DATABASE_URL": f"postgres://havn@127.0.0.1:{port}/postgres"})
        finally:
            subprocess.run(as_server([f"{binaries}/pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"]), **{**tool, "check": False})


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
