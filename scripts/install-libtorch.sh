#!/bin/sh
# Prints the folder of libtorch, which the training module needs, and puts it into .libtorch/ first where it is missing.
# Exit status 1, with the reason in one line on standard error, where it cannot be had.
#   LIBTORCH=DIR   use the libtorch in DIR
#   WITH_CUDA=1    with CUDA's part, which is what is fetched where there is an NVIDIA GPU; WITH_CUDA=0 never fetches it
set -eu
. "$(dirname "$0")/common.sh"

# What the crate tch of Cargo.toml goes with.
version=2.11.0
python=${PYTHON:-python3}

give_up() {
    say "The training module is left out: $1"
    exit 1
}

is_libtorch() {
    [ -d "$1/include" ] && { [ -e "$1/lib/libtorch_cpu.so" ] || [ -e "$1/lib/libtorch_cpu.dylib" ]; }
}

# The version of the libtorch in a folder, or nothing where it does not tell.
version_of() {
    if [ -e "$1/build-version" ]; then
        cat "$1/build-version"
    elif [ -e "$1/version.py" ]; then
        sed -n "s/^__version__ = '\\([^']*\\)'.*/\\1/p" "$1/version.py"
    fi
}

compiles_cpp() { have "${CXX:-c++}"; }

found() {
    printf '%s\n' "$1"
    exit 0
}

# Asked before anything is fetched: without one the build would fail.
compiles_cpp || ! have apt-get || ! may_become_root || apt_install g++ || true
compiles_cpp || give_up "there is no C++ compiler; install one such as g++ and run make again."

if [ -n "${LIBTORCH:-}" ]; then
    is_libtorch "$LIBTORCH" || give_up "there is no libtorch in LIBTORCH=$LIBTORCH (include/ and lib/libtorch_cpu)."
    theirs=$(version_of "$LIBTORCH")
    case $theirs in
        "$version"* | "") ;;
        # The variable that torch-sys heeds as well.
        *) [ -n "${LIBTORCH_BYPASS_VERSION_CHECK+set}" ] ||
            give_up "LIBTORCH=$LIBTORCH is version $theirs; it needs version $version." ;;
    esac
    found "$(cd "$LIBTORCH" && pwd)"
fi

# A link's target, lest cargo compiles again for another name of the same folder.
store=$(cd "$(dirname "$0")/.." && pwd -P)/.libtorch
[ ! -d "$store" ] || store=$(cd "$store" && pwd -P)

# One that a person has unpacked there.
if is_libtorch "$store/torch"; then
    case $(version_of "$store/torch") in
        "$version"*) found "$store/torch" ;;
    esac
fi

sees_gpu() { have nvidia-smi && nvidia-smi -L 2>/dev/null | grep -q '^GPU'; }

kind=cpu
case ${WITH_CUDA:-} in
    1) kind=cuda ;;
    0) ;;
    *) ! sees_gpu || kind=cuda ;;
esac
# CUDA's part does no harm where there is no GPU.
if [ "${WITH_CUDA:-}" != 0 ] && is_libtorch "$store/$version-cuda/torch"; then
    found "$store/$version-cuda/torch"
fi
if [ "$kind" = cpu ] && is_libtorch "$store/$version-cpu/torch"; then
    found "$store/$version-cpu/torch"
fi

# From here on it has to be fetched. What cannot be is still no reason to do without the other kind.
cannot() {
    if [ "$kind" = cuda ] && is_libtorch "$store/$version-cpu/torch"; then
        say "libtorch is without CUDA: $1"
        found "$store/$version-cpu/torch"
    fi
    give_up "$1"
}

# The options that make pip choose wheels for a Python of one version, whichever runs it: none of their Python is used.
wheels_for() {
    printf '%s' '--only-binary :all: --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none'
    printf ' --platform %s' "$@"
}

case $(uname -s)-$(uname -m) in
    Linux-x86_64)
        glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc 2\.\([0-9]*\).*/\1/p')
        [ "${glibc:-0}" -ge 28 ] || cannot "libtorch $version needs glibc 2.28 or later."
        platforms='linux_x86_64 manylinux1_x86_64 manylinux2010_x86_64 manylinux2014_x86_64'
        minor=5
        while [ "$minor" -le 28 ]; do
            platforms="$platforms manylinux_2_${minor}_x86_64"
            minor=$((minor + 1))
        done
        # libtorch_cpu of these wheels needs two libraries of CUDA even where there is no GPU.
        packages="torch==$version nvidia-cuda-runtime==13.0.* nvidia-cuda-cupti==13.0.*"
        size='550 MB'
        ;;
    Darwin-arm64)
        kind=cpu
        platforms='macosx_11_0_arm64 macosx_12_0_arm64 macosx_13_0_arm64 macosx_14_0_arm64'
        packages="torch==$version"
        size='80 MB'
        ;;
    *) cannot "no libtorch $version is known for $(uname -s) on $(uname -m); set LIBTORCH if you have one." ;;
esac

have_pip() { "$python" -m pip --version >/dev/null 2>&1; }

have_pip || ! have apt-get || ! may_become_root || apt_install python3 python3-pip || true
have_pip || cannot "$python has no pip to fetch libtorch with; install it (Debian, Ubuntu: apt-get install python3-pip)."

mkdir -p "$store" 2>/dev/null || cannot "$store cannot be made."
# Of runs that were killed.
find "$store" -maxdepth 1 -name 'fetching.*' -mmin +600 -exec rm -rf {} + 2>/dev/null || true
fetching=$(mktemp -d "$store/fetching.XXXXXX") || cannot "$store cannot be written to."
trap 'rm -rf "$fetching"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Why a command failed. Without a network pip ends with the words that there is no such package.
reason() {
    if grep -qi 'connection\|timed out' "$fetching/log"; then
        echo "there is no connection to the package index."
    else
        line=$(grep -v '^[[:space:]]*$' "$fetching/log" | tail -n 1)
        echo "${line:-is the disk full?}"
    fi
}

pip() { "$python" -m pip --disable-pip-version-check --quiet --retries 2 --timeout 20 "$@" >"$fetching/log" 2>&1; }

# Unpacks what a build for the CPU needs of some wheels.
unpack='
import sys, zipfile
folder, *wheels = sys.argv[1:]
LEFT_OUT = ("libtorch_cuda", "libtorch_nvshmem", "libc10_cuda", "libcaffe2_nvrtc", "libtorch_python", "libshm",
            "libtorch_global_deps")
def wanted(name):
    parts = name.split("/")
    if name.startswith("torch/lib/"):
        return not parts[2].startswith(LEFT_OUT)
    if name.startswith("nvidia/"):
        return parts[-1].startswith(("libcudart.so", "libcupti.so"))
    return name.startswith("torch/include/") or name == "torch/version.py" or ".dist-info/" in name
for wheel in wheels:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if wanted(name):
                archive.extract(name, folder)
'

# The lists of options and packages are words.
# shellcheck disable=SC2046,SC2086
if [ "$kind" = cuda ]; then
    say "Fetching libtorch $version with CUDA (some gigabytes) into .libtorch/."
    pip install --target "$fetching/unpacked" $(wheels_for $platforms) "torch==$version" ||
        cannot "libtorch $version could not be fetched: $(reason)"
else
    say "Fetching libtorch $version ($size) into .libtorch/."
    pip download --no-deps $(wheels_for $platforms) --dest "$fetching/wheels" $packages ||
        cannot "libtorch $version could not be fetched: $(reason)"
    "$python" -c "$unpack" "$fetching/unpacked" "$fetching"/wheels/*.whl >"$fetching/log" 2>&1 ||
        cannot "libtorch $version could not be unpacked: $(reason)"
fi
is_libtorch "$fetching/unpacked/torch" || cannot "what was fetched is not libtorch."

# It takes its name when it is whole. Another make may have been faster, and then its folder is as good.
"$python" -c 'import os, sys; os.rename(sys.argv[1], sys.argv[2])' "$fetching/unpacked" "$store/$version-$kind" \
    2>/dev/null || is_libtorch "$store/$version-$kind/torch" || cannot "$store/$version-$kind cannot be written."
for other in "$store"/[0-9]*-cpu "$store"/[0-9]*-cuda; do
    case $other in
        "$store/$version-"*) ;;
        *) rm -rf "$other" ;;
    esac
done
found "$store/$version-$kind/torch"
