#!/bin/sh
# The environment in .venv, from requirements/$1.txt (base or dev). Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-base}
stamp() { printf '%s %s' "$1" "$(cat requirements/"$1".txt .python-version | cksum)"; }
have=$(cat .venv/.havn 2>/dev/null || true)
# What was set up for tests is enough for a demo.
if [ -x .venv/bin/python ] && { [ "$have" = "$(stamp "$kind")" ] || [ "$have" = "$(stamp dev)" ]; }; then
  .venv/bin/python scripts/messages.py compile
  exit 0
fi

command -v python3 >/dev/null 2>&1 || { echo "Havn needs python3 (Debian: apt-get install python3 python3-venv)." >&2; exit 1; }
export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1  # behind a company's own certificate authority
unset PYENV_VERSION VIRTUAL_ENV 2>/dev/null || true
uv=$(command -v uv || true)
if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
  if [ ! -x .tools/bin/uv ]; then
    echo "Getting uv, which installs everything else ..."
    python3 -m venv .tools || { echo "python3 cannot make environments here. Install its venv module (Debian: apt-get install python3-venv), or install uv." >&2; exit 1; }
    .tools/bin/python -m pip install --quiet --disable-pip-version-check uv
  fi
  uv=.tools/bin/uv
fi
echo "Installing Python packages ..."
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then
  rm -rf .venv
  "$uv" venv --quiet --python 3.13 .venv || "$uv" venv --quiet --python '>=3.12' .venv || {
    echo "Havn needs Python 3.12 or newer, and none was found or could be fetched. Install Python 3.13 and try again." >&2; exit 1; }
fi
VIRTUAL_ENV=.venv "$uv" pip sync --quiet --require-hashes requirements/"$kind".txt
.venv/bin/python scripts/messages.py compile
stamp "$kind" > .venv/.havn
