#!/bin/sh
# Makes the Python environment of bqemulator, a stand-in of BigQuery for tests: target/services/bigquery, all that is in it of the
# version that xtask/services/bigquery.txt says. Tests start servers of their own in it. `bigquery.sh check` succeeds if it
# is there. The extension of the database that it needs is put where it looks for it, so that it fetches nothing.
set -u
env=target/services/bigquery
pins=xtask/services/bigquery.txt
if [ "${1-}" = check ]; then
    exec cmp -s "$pins" "$env/pins.txt"
fi
make() {
    rm -rf "$env" &&
        python3 -m venv "$env" &&
        "$env/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins" &&
        extension=$("$env/bin/python" -c 'import duckdb_extension_spatial as it; print(it.__path__[0])') &&
        extension=$(find "$extension" -name spatial.duckdb_extension | head -1) &&
        version=$("$env/bin/python" -c 'import duckdb; print(duckdb.__version__)') &&
        platform=$("$env/bin/python" -c 'import duckdb; print(duckdb.sql("PRAGMA platform").fetchone()[0])') &&
        mkdir -p "$env/home/.duckdb/extensions/v$version/$platform" &&
        cp "$extension" "$env/home/.duckdb/extensions/v$version/$platform/" &&
        cp "$pins" "$env/pins.txt"
}
if ! make; then
    rm -rf "$env"
    echo "bqemulator could not be installed from PyPI: this needs python3 (3.11 to 3.13, with venv) and the network." >&2
    exit 1
fi
