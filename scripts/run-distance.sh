#!/bin/sh
# How far a run is from another, such as the kept one: the mean and the largest difference of their rewards at the last step.
# run-distance.sh KEPT/rewards.csv NEW/rewards.csv
set -eu

[ $# -eq 2 ] || { echo "usage: $0 KEPT/rewards.csv NEW/rewards.csv" >&2; exit 2; }
for file in "$@"; do
    [ -r "$file" ] || { echo "$file cannot be read" >&2; exit 2; }
done

awk -F , -v kept="$1" -v new="$2" '
    function value(name) { return $column[name] }
    FNR == 1 { file++; delete column; for (i = 1; i <= NF; i++) column[$i] = i; next }
    # Rows are in the order of steps; those of the last one are left.
    { step = value("step") + 0; key = value("split") "," value("prompt") "," value("response_index") }
    step > last[file] { last[file] = step; if (file == 1) { delete first } else { delete second } }
    file == 1 { first[key] = value("reward") }
    file == 2 { second[key] = value("reward") }
    END {
        for (key in second) {
            if (!(key in first)) continue
            difference = first[key] - second[key]
            if (difference < 0) difference = -difference
            sum += difference
            if (difference > largest) largest = difference
            count++
        }
        if (!count) { print new ": no reward of its last step is one of " kept > "/dev/stderr"; exit 1 }
        printf "%s: %d rewards at step %d are %.4f from %s (step %d) on average, and %.4f at most.\n", \
            new, count, last[2], sum / count, kept, last[1], largest
    }
' "$1" "$2"
