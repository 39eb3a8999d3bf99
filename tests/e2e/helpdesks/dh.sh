#!/usr/bin/env bash
# django-helpdesk 2.6.1 (PyPI) on SQLite, loopback only:   ./dh.sh install|start|stop|reset
#   HD_DH_PORT (8092)   HD_DH_DIR (data)   HD_DH_VENV (its own virtual environment)
#   SUPPORT_BOT_EVENTS_URL and SUPPORT_BOT_EVENTS_SECRET say where its events go
set -euo pipefail
cd "$(dirname "$0")"
BASE=${TMPDIR:-/tmp}/helpdesks
PORT=${HD_DH_PORT:-8092}
export HD_DH_DIR=${HD_DH_DIR:-$BASE/dh}
D=$HD_DH_DIR V=${HD_DH_VENV:-$BASE/v_dh}
PY=$V/bin/python
manage() { "$PY" dh_site/manage.py "$@"; }
install_() {
  "$PY" -c 'import helpdesk' 2>/dev/null && return 0
  python3 -m venv "$V"
  "$V/bin/pip" install -q 'django-helpdesk==2.6.1' setuptools
}
case ${1:-start} in
 install) install_ ;;
 start)
  install_; mkdir -p "$D"
  [ -e "$D/ready" ] || { manage migrate -v0; manage loaddata -v0 emailtemplate.json; touch "$D/ready"; }
  manage shell -v0 < dh_site/seed.py > "$D/seed.out"
  "$PY" dh_site/manage.py runserver --noreload --insecure "127.0.0.1:$PORT" >"$D/server.log" 2>&1 & echo $! >"$D/pid"
  for _ in $(seq 1 120); do
    curl -s -o /dev/null "http://127.0.0.1:$PORT/" && break; sleep .25
    kill -0 "$(cat "$D/pid")" || { cat "$D/server.log"; exit 1; }
  done
  cat "$D/seed.out" ;;
 stop)
  p=$(cat "$D/pid"); kill "$p"
  for _ in $(seq 1 40); do kill -0 "$p" 2>/dev/null || break; sleep .25; done
  rm -f "$D/pid" ;;
 reset) rm -rf "$D" ;;
esac
