#!/bin/sh
# Collects what run.sh needs on another machine into one folder of at most 60 MiB: the training program, stripped, the libraries
# that the machine may lack, run.sh itself, and files of data.
#
#   benches/gpu/pack.sh [FOLDER [FILE]...]
#
# FOLDER is target/gpu by default and is made anew; each FILE goes into FOLDER/data. PROGRAM is the program that is packed,
# target/release/reward-collapse-training by default (`make training` builds it).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${PROGRAM:-$root/target/release/reward-collapse-training}
folder=${1:-$root/target/gpu}
[ $# -eq 0 ] || shift
most=$((60 * 1024))

fail() { echo "error: $1" >&2; exit 1; }
[ -x "$program" ] || fail "there is no program $program; build it with make training"
# A folder that this script did not make is nobody's to remove.
if [ -e "$folder" ] && [ ! -e "$folder/run.sh" ]; then
    fail "$folder is there already, and not from this script"
fi
rm -rf "$folder"
mkdir -p "$folder/lib" "$folder/data"

cp "$program" "$folder/reward-collapse-training"
strip "$folder/reward-collapse-training"
cp "$here/run.sh" "$here/check.py" "$here/peer.py" "$folder/"
for file in "$@"; do cp -r "$file" "$folder/data/"; done

ldd "$program" | awk '$2 == "=>" && $3 != "not" { print $1, $3 }' | while read -r name path; do
    case $name in
        # Part of every Linux: these must not differ from what the machine's other libraries were built with.
        libc.so.* | libm.so.* | libdl.so.* | librt.so.* | libpthread.so.* | libutil.so.* | libstdc++.so.* | libgcc_s.so.*) ;;
        # The machine's own, with CUDA.
        libtorch*.so* | libc10*.so* | libgomp.so.* | libcu*.so.* | libnv*.so.*) ;;
        *) cp -L "$path" "$folder/lib/$name" ;;
    esac
done

size=$(du -sk "$folder" | cut -f 1)
[ "$size" -le "$most" ] || fail "$folder has $((size / 1024)) MiB; no more than $((most / 1024)) can be carried"
echo "$folder: $((size / 1024)) MiB; there, run $folder/run.sh"
