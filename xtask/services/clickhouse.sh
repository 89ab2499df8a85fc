#!/bin/sh
# ClickHouse for tests: its engine from PyPI behind a server of ours (clickhouse.py), on loopback.
# `up` returns when it answers, `down` stops it, `check` succeeds while it answers.
set -eu
port=18123
home=target/services/clickhouse
pins=xtask/services/clickhouse.txt
case "$1" in
up)
    mkdir -p "$home"
    cmp -s "$pins" "$home/venv/pins.txt" || {
        rm -rf "$home/venv"
        python3 -m venv "$home/venv"
        "$home/venv/bin/pip" install --quiet --disable-pip-version-check --constraint "$pins" chdb-core
        cp "$pins" "$home/venv/pins.txt"
    }
    rm -rf "$home/data"
    nohup "$home/venv/bin/python" xtask/services/clickhouse.py $port "$home/data" >"$home/log" 2>&1 &
    echo $! >"$home/pid"
    for _ in $(seq 150); do
        "$0" check && exit 0
        sleep 0.2
    done
    echo "the server does not answer; see $home/log" >&2
    exit 1
    ;;
down) kill "$(cat "$home/pid")" ;;
check) curl --silent --fail -o /dev/null "http://127.0.0.1:$port/ping" ;;
*) exit 2 ;;
esac
