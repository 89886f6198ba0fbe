#!/bin/sh
# step.sh TITLE COMMAND…: run a command without showing its output. Every STEP_SECONDS (4) it prints the running time
# and the last line of the output. If the command fails, it prints the whole output.
set -u
title=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "$title …"
"$@" >"$log" 2>&1 &
command=$!
trap 'kill $command 2>/dev/null; exit 130' INT TERM
seconds=0
every=${STEP_SECONDS:-4}
while kill -0 $command 2>/dev/null; do
  sleep 1
  seconds=$((seconds + 1))
  if [ $((seconds % every)) -eq 0 ] && kill -0 $command 2>/dev/null; then
    printf '  %3d s  %.100s\n' "$seconds" "$(tail -n 1 "$log" | tr -d '\r' | sed 's/ (from [^)]*)//; s/^ *//')"
  fi
done
wait $command
code=$?
[ $code -eq 0 ] || { cat "$log" >&2; echo "$title: failed with exit code $code" >&2; }
exit $code
