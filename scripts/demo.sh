#!/bin/sh
# The demo: SQLite, a year of history, a server on PORT, and on the port after it a made-up website with the lead form.
# `--reset` throws the demo's database away first.
set -eu
cd "$(dirname "$0")/.."
PORT=${PORT:-8000}
export SITE_URL="http://localhost:$PORT/"  # for links in mails that a visitor causes
case $PORT in *[!0-9]*) echo "PORT must be a number, such as 8001." >&2; exit 1 ;; esac
SITE=$((PORT + 1))
if [ ! -f .env ]; then  # so that `.venv/bin/python manage.py ...` works too
  umask 077
  printf 'SECRET_KEY=%s\nHTTPS=0\nSTATIC_MANIFEST=0\n' "$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(50))')" > .env
fi
export DATABASE_URL="sqlite:///$PWD/var/havn.sqlite3" HTTPS=0 STATIC_MANIFEST=0 EMAIL_URL=${EMAIL_URL:-consolemail://}  # mails are printed here
export ORGANISATION=Nordsol
for port in "$PORT" "$SITE"; do if ! .venv/bin/python - "$port" <<'PY'
import socket, sys
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PY
then
  echo "Port $port is in use. Stop what uses it, or choose other ones ($PORT and $SITE are needed): make demo PORT=8010" >&2
  exit 1
fi; done
if [ "${1:-}" = --reset ]; then rm -f var/havn.sqlite3 var/havn.sqlite3-wal var/havn.sqlite3-shm; fi
.venv/bin/python manage.py migrate --verbosity 0
.venv/bin/python manage.py make_demo --site "http://localhost:$SITE" --site "http://127.0.0.1:$SITE"
cat <<TEXT

  Havn is on  http://localhost:$PORT/

    maja@havn.example    administrator    password: demo
    jonas@havn.example   salesperson      password: demo

  A website with the lead form is on  http://localhost:$SITE/

  Ctrl+C stops it. The data stays; make demo-reset starts over.

TEXT
.venv/bin/python scripts/demo_site.py --port "$SITE" --havn "http://localhost:$PORT" --parent $$ &  # ends when we do
exec .venv/bin/gunicorn config.wsgi --bind "127.0.0.1:$PORT" --worker-class gthread --threads 8 --no-control-socket --log-level warning
