#!/bin/sh
# Everything that must be true. `lint` runs only the checks that read the source. Stops at the first failure.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
export DEBUG=0 HTTPS=0 SECRET_KEY=tests STATIC_MANIFEST=0 LANGUAGE_CODE=en
unset DATABASE_URL 2>/dev/null || true
unset PYTHONDONTWRITEBYTECODE 2>/dev/null || true  # each of our processes would compile all of Django again
say() { printf '\n== %s\n' "$1"; }

told=$(mktemp); trap 'rm -f "$told"' EXIT
$bin/mypy >"$told" 2>&1 & types=$!  # takes as long as the others together
say "Style";            $bin/ruff check .; $bin/ruff format --check --quiet .
say "Templates";        $bin/djlint templates --lint --quiet
say "Imports point down"; $bin/lint-imports --no-cache
say "Migrations";       $bin/python manage.py makemigrations --check --dry-run
say "Danish";           $bin/python scripts/messages.py check
say "Types";            wait $types && ok=0 || ok=$?; cat "$told"; [ $ok = 0 ]
[ "${1:-}" = lint ] && exit 0

# A missing PostgreSQL (status 77) or Chromium is said, and under CI it is a failure.
missing=
on_postgres() {
  status=0
  $bin/python scripts/with_postgres.py "$@" || status=$?
  if [ $status = 77 ] && [ "${CI:-}" != true ]; then missing="$missing PostgreSQL"; return 0; fi
  return $status
}
has() { command -v "$1" >/dev/null 2>&1; }
no_browser() { ! has chromium && ! has chromium-browser && ! has google-chrome; }
if ! has chromium-headless-shell; then  # the same browser without windows takes a third less time
  if [ "$(id -u)" = 0 ] && has apt-get && { no_browser || [ "${CI:-}" = true ]; }; then
    say "Installing Chromium"
    fetch() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null; }
    apt-get update -qq && { fetch chromium-headless-shell || fetch chromium; } || true  # another one may be there
  fi
  if no_browser && ! has chromium-headless-shell; then missing="$missing Chromium"; fi
fi

say "Tests on SQLite";     $bin/python -m pytest -n 2 --dist worksteal -m "not browser"
say "Tests on PostgreSQL"; on_postgres $bin/python -m pytest -n 2 --dist worksteal -m "not browser"
say "Tests in Chromium";   on_postgres $bin/python -m pytest -n 2 --dist worksteal -m browser
if [ -n "$missing" ]; then
  say "Not tested here, because it is missing:$missing"
  echo "Debian: apt-get install postgresql chromium. Or set TEST_DATABASE_URL to a PostgreSQL server."
  if [ "${CI:-}" = true ]; then exit 1; fi
fi
say "All is well"
