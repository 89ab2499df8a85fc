#!/bin/sh
# An S3 server for tests: moto from PyPI, on loopback, with a bucket called cartage. It keeps objects in memory.
# `up` returns when it answers, `down` stops it, `check` succeeds while it answers.
set -eu
port=5555
home=target/services/s3
case "$1" in
up)
    mkdir -p "$home"
    [ -x "$home/venv/bin/moto_server" ] || {
        python3 -m venv "$home/venv"
        "$home/venv/bin/pip" install --quiet 'moto[s3,server]==5.2.5'
    }
    nohup "$home/venv/bin/moto_server" -H 127.0.0.1 -p $port >"$home/log" 2>&1 &
    echo $! >"$home/pid"
    for _ in $(seq 100); do
        # Until the server answers, there is no bucket.
        curl --silent --fail -o "$home/answer" -X PUT "http://127.0.0.1:$port/cartage" && exit 0
        sleep 0.2
    done
    echo "the server does not answer; see $home/log" >&2
    exit 1
    ;;
down) kill "$(cat "$home/pid")" ;;
check) curl --silent --fail -o /dev/null -I "http://127.0.0.1:$port/cartage" ;;
*) exit 2 ;;
esac
