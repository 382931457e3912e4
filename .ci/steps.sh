# What .ci/run and .ci/newest share: sourcing it goes into a copy of the checkout with a fresh virtual environment.
# Sets `work`, the copy; `say`, `check` and `finish`. Needs python3.11, pip and the checkout.
exec </dev/null
checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

say() { printf '\n== %s\n' "$*"; }

failed=()
# Run a command line, and go on when it fails.
check() {
  say "$1"
  local began=$SECONDS
  bash -c "$1" || failed+=("$1")
  echo "($((SECONDS - began)) s)"
}

# Tell what failed, and end with status 1 if anything did.
finish() {
  if ((${#failed[@]})); then
    say "FAILED"
    printf '%s\n' "${failed[@]}"
    exit 1
  fi
  say "all passed"
}

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
say "copy $checkout to $work"
tar -C "$checkout" -cf - --exclude=./.git --exclude=./.venv --exclude=./runs --exclude='./.*_cache' \
  --exclude=__pycache__ . | tar -C "$work" -xf -
cd "$work"
rm -rf .venv

# Shared data next to the checkout, if there is any.
if [ -z "${TFDS_DATA_DIR:-}" ] && [ -d "$checkout/../shared/tfds" ]; then
  TFDS_DATA_DIR="$(cd "$checkout/../shared/tfds" && pwd)"
  export TFDS_DATA_DIR
  say "data sets: $TFDS_DATA_DIR"
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME KERAS_BACKEND

say "a fresh environment"
python3.11 -m venv .venv
