#!/bin/sh
# A stand-in of Azure Blob Storage for tests: Azurite from npm, on loopback. with a container called cartage. It keeps objects
# in memory. Account and key are those that Azurite documents.
# `up` returns when it answers, `down` stops it, `check` succeeds while it answers.
set -eu
port=10000
home=target/services/azure
case "$1" in
up)
    mkdir -p "$home"
    command -v npm >"$home/log" || [ -x "$home/node_modules/.bin/azurite-blob" ] || {
        echo "npm is missing; installing it, which needs root" >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm
    }
    [ -x "$home/node_modules/.bin/azurite-blob" ] || npm install --silent --no-fund --no-audit --prefix "$home" azurite@3.37.0
    nohup "$home/node_modules/.bin/azurite-blob" --silent --inMemoryPersistence --disableTelemetry --skipApiVersionCheck \
        --blobHost 127.0.0.1 --blobPort $port >"$home/log" 2>&1 &
    echo $! >"$home/pid"
    for _ in $(seq 150); do
        "$0" check && "$0" container && exit 0
        sleep 0.2
    done
    echo "the server does not answer; see $home/log" >&2
    exit 1
    ;;
down) kill "$(cat "$home/pid")" ;;
container)
    python3 - "http://127.0.0.1:$port" <<'PYTHON'
import base64, email.utils, hashlib, hmac, sys, urllib.error, urllib.request
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
moment = email.utils.formatdate(usegmt=True)
signed = "PUT" + "\n" * 12 + f"x-ms-date:{moment}\nx-ms-version:2021-08-06\n"
signed += "/devstoreaccount1/devstoreaccount1/cartage\nrestype:container"
mark = base64.b64encode(hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()).decode()
request = urllib.request.Request(
    sys.argv[1] + "/devstoreaccount1/cartage?restype=container",
    method="PUT",
    headers={"x-ms-date": moment, "x-ms-version": "2021-08-06", "Authorization": "SharedKey devstoreaccount1:" + mark},
)
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    if error.code != 409:
        raise
PYTHON
    ;;
# It answers everybody, if only that they may not.
check) curl --silent -o /dev/null "http://127.0.0.1:$port/devstoreaccount1" ;;
*) exit 2 ;;
esac
