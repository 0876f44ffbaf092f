#!/bin/sh
# Checks and measures training on a GPU, on a machine without network: x86-64 Linux with an NVIDIA GPU and its driver, python3
# with torch 2.11.0+cu130. Nothing is fetched.
#
#   benches/gpu/run.sh [FOLDER]
#
# FOLDER has the program reward-collapse-training, built against libtorch 2.11.0, and lib/ with the libraries that the machine
# may lack; pack.sh makes it, this script included, and then FOLDER is where the script lies. CUDA and libtorch come from the
# machine's Python.
#
#   PEER=python3  a Python with torch, transformers and safetensors, for the parts that compare with transformers
#   DEVICE=cuda   the device, as `train --device` takes it; DEVICE=cpu is a dry run at a tiny size
#   SIZE=full     or tiny, which is the default for DEVICE=cpu
#   PARTS=...     which parts to run, in order; all by default
#   RESULTS=DIR   where logs, metrics and rewards go; gpu-results by default
#   LIMIT=S       seconds for each part, in place of its own limit
#
# Each part has a limit of time, and a failure does not end the others. A part is one line on the standard output: ok, FAIL or
# TIME, its name, seconds and what it found. The exit status is 0 where all are ok.
#
#   device     the GPU is found: its name and the precision that it gets
#   parity     20 steps in float32 from the same seed, on the CPU and on the device: the same rewards
#   precision  a whole run of the embedded default in bfloat16 and in float32: the same mean rewards
#   finite     gradients are finite in float32, bfloat16 and float16, with dropout
#   speed      200 steps at base size, 8 prompts a step: step time, tokens a second, and the losses fall
#   attention  the same step with attention as separate operations and as one: the step time of each
#   lengths    texts of 64, 192, 320 and 512 tokens in half precision: finite gradients, and the step time of each
#   logits     rewards and gradients of the same weights in transformers, float32 and bfloat16
#   peers      the step at the size of DeBERTa-v3-base, this program's and transformers', on the same texts
#   ranks      ranks that add up by NCCL, two where there are two GPUs and else one: the rewards of a run without ranks
#   resume     a run that goes on from its checkpoint ends as the one that was not stopped
set -eu

here=$(cd "$(dirname "$0")" && pwd)
DEVICE=${DEVICE:-cuda}
case $DEVICE in cpu) SIZE=${SIZE:-tiny} ;; *) SIZE=${SIZE:-full} ;; esac
RESULTS=${RESULTS:-gpu-results}
export PEER=${PEER:-python3}

# The parts' own numbers.
if [ "$SIZE" = tiny ]; then
    small='{hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64, vocab_size: 512, rows: 64}'
    small_dropout="${small%\}}, dropout: 0.1}"
    base=$small_dropout
    prompts=2 short=4 whole=8 long=20 warm=5 rate=3e-3 base_rate=3e-3 half=bfloat16 patience=2 size='--size 2x32'
    # Threads that share such small matrices wait for each other.
    threads='threads: 1'
else
    small='{}'
    small_dropout='{dropout: 0.1}'
    base='{hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072, dropout: 0.1}'
    prompts=8 short=20 whole=750 long=200 warm=20 rate=2e-3 base_rate=1e-4 half=bfloat16 patience=15 size='--size 12x768'
    threads=
fi

# configure NAME EMBEDDED STEPS [KEY: VALUE]...: a configuration, RESULTS/NAME.yml, with a line of metrics every $lines steps
# and a checkpoint every $save, which is the last step where nothing else is said; $start is whether it begins with an evaluation.
lines=5 save= start=false
# $model is the model's folder, if it is not made from scratch.
model=embedded loss=adaptive
configure() {
    name=$1 embedded=$2 steps=$3
    shift 3
    {
        cat <<END
model_name: $model
datasets: [embedded]
loss: $loss
seed: 1
embedded: $embedded
max_steps: $steps
eval_steps: $steps
save_steps: ${save:-$steps}
logging_steps: $lines
eval_at_start: $start
per_device_train_batch_size: 1
gradient_accumulation_steps: $prompts
$threads
END
        printf '%s\n' "$@"
    } >"$RESULTS/$name.yml"
}

# train NAME DEVICE [ARGUMENT]...: a run into RESULTS/NAME.
train() {
    name=$1 device=$2
    shift 2
    "$PROGRAM" train "$RESULTS/$name.yml" --output-dir "$RESULTS/$name" --device "$device" "$@" >&2
}

# A model of base size without dropout, after a few steps, and its data: RESULTS/start/checkpoint-$short.
start() {
    [ ! -d "$RESULTS/start/checkpoint-$short" ] || return 0
    rm -rf "$RESULTS/start"
    "$PROGRAM" dataset build --embedded 200 --out "$RESULTS/start.jsonl" --quiet >&2
    configure start "${base%, dropout*}}" "$short" "learning_rate: $base_rate" 'scheduler: constant' 'warmup_ratio: 0'
    train start "$DEVICE" --data "$RESULTS/start.jsonl"
}

check() { python3 "$here/check.py" "$@"; }

part() {
    case $1 in
        device)
            configure device "$small" 1 "learning_rate: $rate"
            train device "$DEVICE" 2>"$RESULTS/device.txt" || { tail -1 "$RESULTS/device.txt"; exit 1; }
            grep -o ' parameters on .* prompts a step' "$RESULTS/device.txt" | sed 's/^ parameters on //; s/, [0-9]* prompts.*//'
            ;;
        parity)
            configure parity-cpu "$small" "$short" "learning_rate: $rate" 'precision: float32'
            configure parity "$small" "$short" "learning_rate: $rate" 'precision: float32'
            train parity-cpu cpu
            train parity "$DEVICE"
            check rewards "$RESULTS/parity-cpu" "$RESULTS/parity" --each 0.001
            ;;
        precision)
            for kind in float32 bfloat16; do
                configure "precision-$kind" "$small" "$whole" "learning_rate: $rate" "precision: $kind"
                train "precision-$kind" "$DEVICE"
            done
            check rewards "$RESULTS/precision-float32" "$RESULTS/precision-bfloat16" --means 0.01
            ;;
        finite)
            set --
            lines=1
            for kind in float32 bfloat16 float16; do
                configure "finite-$kind" "$small_dropout" "$short" "learning_rate: $rate" "precision: $kind"
                train "finite-$kind" "$DEVICE"
                set -- "$@" "$RESULTS/finite-$kind"
            done
            check finite "$@"
            ;;
        speed)
            start=true
            configure speed "$base" "$long" "learning_rate: $base_rate"
            train speed "$DEVICE"
            check speed "$RESULTS/speed" --after "$warm" $size
            ;;
        attention)
            lines=1
            for implementation in eager sdpa eager sdpa; do
                run=attention-$#-$implementation
                configure "$run" "$base" $((2 * short)) "learning_rate: $base_rate" "precision: $half" \
                    "attn_implementation: $implementation"
                train "$run" "$DEVICE"
                set -- "$@" "$RESULTS/$run"
            done
            shift
            check finite "$@"
            grep -h 'of the GPU' "$RESULTS/attention.log" || true
            ;;
        lengths)
            "$PROGRAM" dataset build --embedded 64 --out "$RESULTS/lengths.jsonl" --quiet >&2
            # Each answer many times: long enough for every length.
            python3 "$here/check.py" lengthen "$RESULTS/lengths.jsonl"
            lines=1
            for length in 64 192 320 512; do
                configure "lengths-$length" "$base" "$short" "learning_rate: $base_rate" "max_length: $length" "precision: $half"
                train "lengths-$length" "$DEVICE" --data "$RESULTS/lengths.jsonl"
                set -- "$@" "$RESULTS/lengths-$length"
            done
            shift
            check finite "$@"
            ;;
        logits)
            start
            # The last ranking tests, and a step takes the others.
            "$PROGRAM" dataset build --embedded $((prompts + 1)) --out "$RESULTS/logits.jsonl" --quiet >&2
            model=$RESULTS/start/checkpoint-$short loss=log start=true lines=1 good=true
            for kind in float32 bfloat16; do
                configure "logits-$kind" '{}' 1 "learning_rate: $base_rate" 'max_grad_norm: 0' "precision: $kind" 'test_prompts: 1'
                train "logits-$kind" "$DEVICE" --data "$RESULTS/logits.jsonl"
                "$PEER" "$here/peer.py" parity "$model" --data "$RESULTS/logits.jsonl" --device "$DEVICE" --dtype $kind \
                    --rewards "$RESULTS/logits-$kind/rewards.csv" --prompts "$prompts" \
                    --moments "$RESULTS/logits-$kind/checkpoint-1/optimizer.safetensors" || good=false
            done
            $good
            ;;
        peers)
            start
            rm -rf "$RESULTS/wide"
            "$PEER" "$here/peer.py" widen "$RESULTS/start/checkpoint-$short" "$RESULTS/wide"
            model=$RESULTS/wide loss=log
            configure peers '{}' "$long" "learning_rate: 1e-5" 'scheduler: constant' 'eval_prompts: 1' 'test_prompts: 1'
            train peers "$DEVICE" --data "$RESULTS/start.jsonl"
            check speed "$RESULTS/peers" --after "$warm" --any $size
            grep -h 'of the GPU' "$RESULTS/peers.log" || true
            for texts in distinct step pairs; do
                "$PEER" "$here/peer.py" speed "$model" --data "$RESULTS/start.jsonl" --device "$DEVICE" --texts $texts \
                    --dtype bfloat16 --limit "$patience"
            done
            ;;
        ranks)
            count=2
            case $DEVICE in
                cpu) ;;
                *) [ "$(nvidia-smi -L | wc -l)" -ge 2 ] || count=1 ;;
            esac
            # Of a new model all rewards are nearly the same, and rounding decides where they go.
            configure ranks "$small" 40 "learning_rate: $rate" 'precision: float32' 'scheduler: constant'
            train ranks "$DEVICE"
            cp -r "$RESULTS/ranks" "$RESULTS/ranks-several"
            cp "$RESULTS/ranks.yml" "$RESULTS/ranks-several.yml"
            train ranks "$DEVICE" --resume --max-steps 43
            export WORLD_SIZE=$count MASTER_ADDR=127.0.0.1 MASTER_PORT=29517
            others=
            for rank in $(seq 1 $((count - 1))); do
                RANK=$rank LOCAL_RANK=$rank train ranks-several "$DEVICE" --resume --max-steps 43 &
                others="$others $!"
            done
            export RANK=0 LOCAL_RANK=0
            train ranks-several "$DEVICE" --resume --max-steps 43 2>"$RESULTS/ranks.txt" || {
                tail -1 "$RESULTS/ranks.txt"
                exit 1
            }
            for other in $others; do wait "$other"; done
            ! grep 'add up over the CPU' "$RESULTS/ranks.txt" || exit 1
            printf '%s ranks: ' "$count"
            check rewards "$RESULTS/ranks" "$RESULTS/ranks-several" --each 0.0001
            ;;
        resume)
            save=$((short / 2))
            configure resume "$small_dropout" "$short" "learning_rate: $rate" 'precision: float32'
            train resume "$DEVICE"
            cp -r "$RESULTS/resume" "$RESULTS/resumed"
            cp "$RESULTS/resume.yml" "$RESULTS/resumed.yml"
            rm -r "$RESULTS/resumed/checkpoint-$short"
            train resumed "$DEVICE" --resume 2>"$RESULTS/resumed.txt" || { tail -1 "$RESULTS/resumed.txt"; exit 1; }
            grep -q "going on after step $save" "$RESULTS/resumed.txt" || { echo 'it began anew'; exit 1; }
            check rewards "$RESULTS/resume" "$RESULTS/resumed" --each 0.001
            ;;
        *)
            echo "there is no such part"
            exit 1
            ;;
    esac
}

# One part, called by this script itself below.
if [ "${1:-}" = --part ]; then
    part "$2"
    exit 0
fi

folder=${1:-$here}
PROGRAM=$folder/reward-collapse-training
if [ ! -x "$PROGRAM" ]; then
    echo "error: there is no program $PROGRAM; pack.sh makes the folder" >&2
    exit 2
fi
mkdir -p "$RESULTS"
RESULTS=$(cd "$RESULTS" && pwd)

# Where Python keeps libtorch and CUDA, without importing torch, which takes seconds.
libraries=$(python3 - <<'END'
import glob, importlib.metadata, importlib.util, os, sys
torch = importlib.util.find_spec("torch")
if torch:
    home = list(torch.submodule_search_locations)[0]
    version = importlib.metadata.version("torch")
    if version.split("+")[0] != "2.11.0":
        print(f"warning: torch is {version}; the program is built for libtorch 2.11.0", file=sys.stderr)
    nvidia = glob.glob(os.path.join(os.path.dirname(home), "nvidia", "*", "lib"))
    print(":".join([os.path.join(home, "lib"), *sorted(nvidia)]))
else:
    print("warning: this Python has no torch; the program takes the libtorch that it was built with", file=sys.stderr)
END
)
# Before what the machine has set: another CUDA may be among that.
LD_LIBRARY_PATH=$libraries:$folder/lib:${LD_LIBRARY_PATH:-}
# An empty name would be the current folder.
LD_LIBRARY_PATH=$(printf '%s' "$LD_LIBRARY_PATH" | sed 's/::*/:/g; s/^://; s/:$//')
export DEVICE SIZE RESULTS PROGRAM LD_LIBRARY_PATH

missing=$(ldd "$PROGRAM" | awk '/not found/ { print $1 }' | tr '\n' ' ')
[ -z "$missing" ] || echo "warning: the program lacks $missing" >&2

# Seconds that a part may take.
limit() {
    case $1 in
        device) echo 60 ;;
        parity | finite | ranks | resume) echo 90 ;;
        *) echo 180 ;;
    esac
}

status=0
: >"$RESULTS/lines.txt"
for name in ${PARTS:-device parity precision finite speed attention lengths logits peers ranks resume}; do
    rm -rf "$RESULTS/$name"*
    begun=$(date +%s)
    code=0
    seconds=${LIMIT:-$(limit "$name")}
    # KILL, for the whole group: on any other signal the program would save its state first.
    line=$(timeout -s KILL "$seconds" sh "$here/run.sh" --part "$name" 2>"$RESULTS/$name.log") || code=$?
    case $code in
        0) word=ok ;;
        124 | 137) word=TIME line="stopped after $seconds s; ${line:-no result}" ;;
        *) word=FAIL line=${line:-$(grep -v '^$' "$RESULTS/$name.log" | tail -1)} ;;
    esac
    [ "$word" = ok ] || status=1
    printf '%-4s %-9s %4d s  %s\n' "$word" "$name" "$(($(date +%s) - begun))" "$line" | tee -a "$RESULTS/lines.txt"
    # A checkpoint of base size is a gigabyte.
    for kept in "$RESULTS"/*/checkpoint-*; do
        case $kept in "$RESULTS"/start/*) ;; *) rm -rf "$kept" ;; esac
    done
done
exit "$status"
