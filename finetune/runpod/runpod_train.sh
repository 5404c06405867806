#!/usr/bin/env bash
# For a pod that you started by hand (image runpod/pytorch:1.0.3-cu1300-torch291-ubuntu2404, volume
# at /workspace). Copy this clone and your dataset folder to /workspace, then paste three lines:
#
#   cd /workspace/taxqa
#   export HF_TOKEN=...
#   bash finetune/runpod/runpod_train.sh finetune/configs/gemma3-12b.yaml /workspace/dataset 6
#
# It installs the pinned packages, trains, goes on from the last checkpoint where it is run again,
# and stops the pod when the training ends, fails, or the hours (third word, default 6) are over:
# a stopped pod costs its disk only, and keeps /workspace. KEEP_POD=1 leaves it running.
# TAXQA_PYTHON=... is an interpreter that has the packages already.
set -euo pipefail

config=${1:?which config? e.g. finetune/configs/gemma3-12b.yaml}
dataset=${2:?which dataset folder?}
hours=${3:-6}
root=$(cd "$(dirname "$0")/../.." && pwd)
workspace=${WORKSPACE:-/workspace}

stop_pod() {
    status=$?
    if [ "${KEEP_POD:-}" = 1 ] || [ -z "${RUNPOD_POD_ID:-}" ] || [ -z "${RUNPOD_API_KEY:-}" ]; then
        echo "The pod is left running: stop it yourself (status of the training: $status)." >&2
        return
    fi
    # The key goes through standard input: it is in no command line.
    if printf 'header = "Authorization: Bearer %s"\n' "$RUNPOD_API_KEY" |
        curl --fail --silent --show-error --retry 5 --retry-all-errors --config - \
            --output /dev/null --header 'Content-Type: application/json' \
            --user-agent taxqa --data '{"action": "stop"}' \
            "${RUNPOD_API_URL:-https://api.runpod.io/v2}/pods/$RUNPOD_POD_ID/action"; then
        echo "The pod stops (status of the training: $status)." >&2
    else
        echo "THE POD COULD NOT BE STOPPED AND COSTS MONEY: end it in the console." >&2
    fi
}
trap stop_pod EXIT

if [ -n "${TAXQA_PYTHON:-}" ]; then
    python=$TAXQA_PYTHON
else
    python=/opt/taxqa-venv/bin/python
    python3.12 -m venv --without-pip /opt/taxqa-venv
    python3.12 -m pip --python "$python" install --no-deps --require-hashes --only-binary :all: \
        --no-cache-dir --progress-bar off --requirement "$root/finetune/runpod/lock.txt"
fi

export PYTHONPATH=$root HF_HOME=$workspace/hf UNSLOTH_DISABLE_STATISTICS=1
timeout --signal INT --kill-after 60 "${hours}h" "$python" -c 'from cli.main import main; main()' \
    finetune --config "$config" --dataset "$dataset" --out "$workspace/run" --resume
