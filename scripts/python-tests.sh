#!/bin/sh
# Builds the Python package, and runs its tests with the Python of the virtual environment TARGET/python.
#   python-tests.sh PYTHON TARGET
#   WITH_TORCH=0   without the tests that need PyTorch, whose wheels are 3 GB with what they bring
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
status=0
scripts/python-package.sh "$1" "$2" || status=$?
[ "$status" -ne 3 ] || exit 0
[ "$status" -eq 0 ] || exit "$status"
target=$(cd "$2" && pwd -P)
venv=$target/python

if [ "${WITH_TORCH:-1}" = 0 ]; then
    say "WITH_TORCH=0: tests that need PyTorch are skipped."
elif ! scripts/python-requirements.sh "$venv" torch; then
    say "Tests that need PyTorch are skipped: pip could not install python/requirements/torch.txt."
fi
# Each test that is skipped says why.
REWARD_COLLAPSE=${REWARD_COLLAPSE:-$target/release/reward-collapse} \
    "$venv/bin/python" -m pytest --quiet -rs -c python/pyproject.toml -p no:cacheprovider python/tests
