#!/bin/sh
# Installs python/requirements/NAME.txt into a virtual environment, unless this very file is installed there.
#   python-requirements.sh VENV NAME
set -eu
cd "$(dirname "$0")/.."
wanted=python/requirements/$2.txt
stamp=$1/requirements-$2.txt
cmp -s "$wanted" "$stamp" && exit 0
"$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" "$stamp"
