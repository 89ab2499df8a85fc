#!/bin/sh
# Makes the Python environment with dlt that tests and benches compare with, and with drivers of ADBC: target/services/dlt.
set -u
env=target/services/dlt
make() {
    rm -rf "$env" &&
        python3 -m venv "$env" &&
        "$env/bin/pip" install --quiet --disable-pip-version-check "dlt[duckdb,postgres,sqlalchemy]==1.31.0" "pymysql" "duckdb==2.0.0" "pyarrow==26.0.1" "pandas==3.1.1" \
            "adbc-driver-sqlite==1.13.0" "adbc-driver-postgresql==1.13.0"
}
if ! make; then
    rm -rf "$env"
    echo "dlt could not be installed from PyPI: this needs python3 (3.10 or newer, with venv) and the network." >&2
    echo "With an environment of your own, set CARTAGE_DLT_PYTHON to its python." >&2
    exit 1
fi
