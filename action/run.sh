#!/usr/bin/env bash
# The one step of action.yml: runs a verb here or on the host, and hands its exit code on.
# What the step says, its summary and its outputs are dbsync's own; this only carries them.
set -euo pipefail
umask 077

# No program that is started here gets a secret but dbsync itself.
export -n DATABASE_URL DBSYNC_ACTION_DATABASE_URL DBSYNC_ACTION_SSH_KEY
[ -z "${DBSYNC_ACTION_DATABASE_URL:-}" ] || DATABASE_URL=$DBSYNC_ACTION_DATABASE_URL

USAGE=2 NOT_FOUND=4 LEFT_RUNNING=70

fail() { # CODE TEXT. The text is this file's own.
    echo "::error title=dbsync action::$2" >&2
    finish "$1"
}

finish() { # CODE
    printf 'exit-code=%s\n' "$1" >>"$GITHUB_OUTPUT"
    exit "$1"
}

carried=$(mktemp -d "${RUNNER_TEMP:-/tmp}/dbsync-XXXXXX")
summary=$(mktemp "${RUNNER_TEMP:-/tmp}/dbsync-summary-XXXXXX")
child= signals=0
trap 'rm -rf "$carried"' EXIT
# The runner cancels with SIGINT, then SIGTERM, and kills 10 s later; a child in the background of a
# script ignores SIGINT, so that it is sent SIGTERM for both.
trap 'signals=$((signals + 1)); [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true' INT TERM HUP

verb=${DBSYNC_ACTION_VERB:-deploy} host=${DBSYNC_ACTION_HOST:-}
[[ $verb =~ ^[a-z]+$ ]] || fail $USAGE "the input verb is not the name of a command"
arguments=("$verb")
while IFS= read -r line; do
    line=${line%$'\r'}
    [ -z "$line" ] || arguments+=("$line")
done <<<"${DBSYNC_ACTION_ARGUMENTS:-}"

wait_for_child() { # Sets code. A signal ends `wait`, not the child.
    local seen
    while :; do
        seen=$signals code=0
        wait "$child" || code=$?
        [ "$signals" != "$seen" ] || return 0
    done
}

here() {
    local home=${DBSYNC_ACTION_HOME:-} program
    if [ -z "$home" ]; then
        home=$DBSYNC_ACTION_FOLDER
        if [ ! -x "$home/.venv/bin/python" ]; then
            echo "::group::set dbsync up"
            make -C "$home" setup || fail $NOT_FOUND "dbsync could not be set up on this runner"
            echo "::endgroup::"
        fi
    fi
    program=$home/bin/dbsync
    [ -x "$program" ] || fail $NOT_FOUND "the input dbsync-home names no checkout of dbsync"
    [ -z "${DBSYNC_ACTION_SARIF:-}" ] || arguments+=(--sarif "$PWD/$DBSYNC_ACTION_SARIF")
    [ -z "${DATABASE_URL:-}" ] || export DATABASE_URL
    cd -- "${DBSYNC_ACTION_PROJECT:-.}" || fail $USAGE "the input project names no folder"
    "$program" github mask 2>/dev/null || true # what is wrong with the settings, the verb itself says
    GITHUB_STEP_SUMMARY=$summary "$program" "${arguments[@]}" </dev/null &
    child=$!
    wait_for_child
}

quoted() { # Text as one word of a POSIX shell.
    printf "'"
    printf '%s' "$1" | sed "s/'/'\\\\''/g"
    printf "'"
}

over_ssh() {
    [[ $host =~ ^[A-Za-z0-9][A-Za-z0-9._:-]*$ ]] || fail $USAGE "the input host is not the name of a host"
    [[ ${DBSYNC_ACTION_PORT:-22} =~ ^[0-9]+$ ]] || fail $USAGE "the input port is not a number"
    [[ ${DBSYNC_ACTION_USER:-} =~ ^([A-Za-z0-9_][A-Za-z0-9._-]*)?$ ]] || fail $USAGE "the input user is not a name"
    [ -n "${DBSYNC_ACTION_KNOWN_HOSTS:-}" ] ||
        fail $USAGE "the input known-hosts is empty: without the key of the host anybody could answer for it"
    printf '%s\n' "$DBSYNC_ACTION_KNOWN_HOSTS" | tr -d '\r' >"$carried/known_hosts"
    local options=(-F /dev/null -T -x -a -p "${DBSYNC_ACTION_PORT:-22}"
        -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no
        -o "UserKnownHostsFile=$carried/known_hosts" -o GlobalKnownHostsFile=/dev/null
        -o ClearAllForwardings=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4)
    [ -z "${DBSYNC_ACTION_USER:-}" ] || options+=(-l "$DBSYNC_ACTION_USER")
    if [ -n "${DBSYNC_ACTION_SSH_KEY:-}" ]; then
        printf '%s\n' "$DBSYNC_ACTION_SSH_KEY" | tr -d '\r' >"$carried/key"
        options+=(-i "$carried/key" -o IdentitiesOnly=yes)
    fi
    local token
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    script "$token" >"$carried/script"
    ssh "${options[@]}" -- "$host" sh -s <"$carried/script" &
    child=$!
    wait_for_child
    if [ "$signals" -gt 0 ]; then
        code=$LEFT_RUNNING
        echo "::warning title=dbsync action::the step was cancelled; what it began goes on on the host: verb join" >&2
        return
    fi
    fetch "$token" | ssh "${options[@]}" -- "$host" sh -s >"$carried/fetched" || true
    while read -r name data; do
        case $name in
        summary | output | sarif) printf '%s' "$data" | base64 -d >"$carried/$name" ;;
        esac
    done <"$carried/fetched"
    [ ! -s "$carried/summary" ] || cat "$carried/summary" >>"$summary"
    if [ -s "$carried/output" ]; then
        cat "$carried/output" >>"$GITHUB_OUTPUT"
        carry_deployment
    fi
    if [ -n "${DBSYNC_ACTION_SARIF:-}" ] && [ -s "$carried/sarif" ]; then
        cat "$carried/sarif" >"$DBSYNC_ACTION_SARIF"
    fi
    if [ "$code" -eq 255 ]; then
        echo "::error title=dbsync action::SSH failed: no connection, a key that is refused, a host key that is" \
            "not the pinned one, or a connection that was lost. What was begun goes on: verb join" >&2
    fi
}

# Nothing of it is in an argument: neither side's list of processes shows a secret. Its last line runs
# it, so that a part of it does nothing. Reads no profile: PATH is what the input says, and the login's.
script() { # TOKEN
    local word
    echo 'main() {'
    if [ -n "${DBSYNC_ACTION_PATH:-}" ]; then
        printf 'PATH=%s:$PATH\nexport PATH\n' "$(quoted "$DBSYNC_ACTION_PATH")"
    fi
    printf 'cd -- %s || return %s\n' "$(quoted "${DBSYNC_ACTION_PROJECT:-.}")" $USAGE
    # What cancelled steps left there, of which nobody fetched what they had to tell.
    echo 'find "${TMPDIR:-/tmp}" -maxdepth 1 -name "dbsync-????????????????????????????????" -user "$(id -u)" \'
    echo '-mtime +0 -exec rm -rf {} + 2>/dev/null || :'
    printf 't=${TMPDIR:-/tmp}/dbsync-%s\nmkdir -m 700 "$t" || return %s\n' "$1" $NOT_FOUND
    echo 'unset GITHUB_WORKSPACE GITHUB_ENV'
    echo 'export GITHUB_ACTIONS=true GITHUB_OUTPUT="$t/output" GITHUB_STEP_SUMMARY="$t/summary"'
    if [ -n "${DBSYNC_ACTION_HOME:-}" ]; then
        printf 'dbsync=%s/bin/dbsync\n' "$(quoted "$DBSYNC_ACTION_HOME")"
    else
        echo 'dbsync=dbsync'
    fi
    echo 'if ! command -v "$dbsync" >/dev/null; then'
    echo 'echo "::error title=dbsync action::dbsync is not there on the host: see the inputs path and dbsync-home" >&2'
    printf 'return %s\nfi\n' $NOT_FOUND
    # Only here: what is started above gets none of them.
    for word in DATABASE_URL DBSYNC_DEPLOYMENT GITHUB_REPOSITORY GITHUB_RUN_ID GITHUB_RUN_ATTEMPT; do
        [ -z "${!word:-}" ] || printf '%s=%s\nexport %s\n' "$word" "$(quoted "${!word}")" "$word"
    done
    echo '"$dbsync" github mask 2>/dev/null </dev/null || :'
    printf '"$dbsync"'
    for word in "${arguments[@]}"; do printf ' %s' "$(quoted "$word")"; done
    [ -z "${DBSYNC_ACTION_SARIF:-}" ] || printf ' --sarif "$t/sarif"'
    printf ' </dev/null\n}\nmain\n'
}

fetch() { # TOKEN
    printf 't=${TMPDIR:-/tmp}/dbsync-%s\ncd "$t" || exit 1\n' "$1"
    echo 'for name in summary output sarif; do'
    echo '[ ! -f "$name" ] || { printf "%s " "$name"; base64 <"$name" | tr -d "\n"; echo; }'
    echo 'done; cd / && rm -rf "$t"'
}

# Only this one variable, and only where it is an id: a host that was taken over sets no other.
carry_deployment() {
    local id
    id=$(awk 'found { print; exit } /^deployment<</ { found = 1 }' "$carried/output")
    if [[ ${#id} -le 100 && $id =~ ^[0-9A-Za-z][0-9A-Za-z.-]*$ && $verb =~ ^(deploy|join)$ ]]; then
        printf 'DBSYNC_DEPLOYMENT=%s\n' "$id" >>"$GITHUB_ENV"
    fi
}

if [ -n "$host" ]; then over_ssh; else here; fi
[ ! -s "$summary" ] || cat "$summary" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
printf 'summary=%s\n' "$summary" >>"$GITHUB_OUTPUT"
finish "$code"
