# What test/support/ceph and test/support/versitygw share: a folder, processes that end with the script, free ports.
# Sourced with $store set to the name of the store.

home=$(mktemp -d "${TMPDIR:-/tmp}/directo-$store-XXXXXX")
key=directo secret=directo-tests-are-no-secret
pids=()

finish() {
  # KILL: everything is thrown away
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  rm -rf "$home"
}
trap finish EXIT

say() { echo "$store: $*" >&2; }

free_ports() { # so many free ports
  node -e 'const all = Array.from({ length: +process.argv[1] }, () => require("net").createServer())
    Promise.all(all.map((server) => new Promise((done) => server.listen(0, "127.0.0.1", done)))).then(() => {
      console.log(...all.map((server) => server.address().port))
      for (const server of all) server.close()
    })' "$1"
}

start() { # start COMMAND: until the script ends
  "$@" >"$home/$(basename "$1").out" 2>&1 &
  pids+=($!)
  disown # so that its end is not reported
}

within() { # within SECONDS COMMAND: until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $end ]; then
      say "gave up waiting for: $*"
      find "$home" -maxdepth 1 \( -name '*.out' -o -name '*.log' \) -exec tail -n 5 {} + >&2
      exit 1
    fi
    sleep 0.1
  done
}

answers() { node -e 'fetch(`http://127.0.0.1:${process.argv[1]}`).catch(() => process.exit(1))' "$1"; }

program() { # program MODULE@VERSION: where the Go program is, built once and kept
  local name=${1##*/}
  local kept=${XDG_CACHE_HOME:-$HOME/.cache}/directo/${name/@/-}
  if [ ! -x "$kept/${name%@*}" ]; then
    say "building $name"
    GOBIN=$home GOFLAGS="-buildvcs=false ${GOFLAGS:-}" go install "$1" >&2 || exit 1
    mkdir -p "$kept"
    mv "$home/${name%@*}" "$kept/" || exit 1 # whole or not at all
  fi
  echo "$kept/${name%@*}"
}

against() { # against PORT COMMAND: with the store there named in its environment
  local port=$1
  shift
  TEST_S3_STORE=$store TEST_S3_ENDPOINT=http://127.0.0.1:$port TEST_S3_REGION=us-east-1 \
    TEST_S3_ACCESS_KEY_ID=$key TEST_S3_SECRET_ACCESS_KEY=$secret "$@"
}
