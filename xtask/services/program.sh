#!/bin/sh
# Makes a Python environment for one program that sources run: program.sh NAME PACKAGE. It is target/services/NAME, and all that
# is in it has the version that xtask/services/NAME.txt says. `program.sh NAME check` succeeds if it is there.
set -u
name=$1 package=$2
env=target/services/$name
pins=xtask/services/$name.txt
if [ "$package" = check ]; then
    exec cmp -s "$pins" "$env/pins.txt"
fi
make() {
    rm -rf "$env" &&
        python3 -m venv "$env" &&
        "$env/bin/pip" install --quiet --disable-pip-version-check --constraint "$pins" "$package" &&
        cp "$pins" "$env/pins.txt"
}
if ! make; then
    rm -rf "$env"
    echo "$package could not be installed from PyPI: this needs python3 (3.10 to 3.13, with venv) and the network." >&2
    exit 1
fi
