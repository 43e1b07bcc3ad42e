#!/usr/bin/env bash
# Runs the playbook twice forwards and twice backwards. Prints a line for each task that did what it
# should: changed or nothing to change the first time, nothing to change the second time.
# Needs HCLOUD_ENDPOINT, HCLOUD_TOKEN and ANSIBLE_COLLECTIONS_PATH.
set -uo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ssh-keygen -q -t ed25519 -N '' -C ans -f "$work/key"
WALK_PUBLIC_KEY=$(cat "$work/key.pub")
export WALK_PUBLIC_KEY HOME=$work ANSIBLE_NOCOLOR=1 ANSIBLE_STDOUT_CALLBACK=lines
export ANSIBLE_CALLBACK_PLUGINS=$PWD/callback_plugins ANSIBLE_LOCALHOST_WARNING=false
export ANSIBLE_INVENTORY_UNPARSED_WARNING=false PYTHONDONTWRITEBYTECODE=1

# run NAME STATE CHANGES: CHANGES is "some" or "none".
run() {
  WALK_NAME=$1 WALK_CHANGES=$3 ansible-playbook -i localhost, -c local \
    -e "state=$2 ansible_python_interpreter=$(command -v python3)" playbook.yml 2> "$work/err" ||
    echo "not ok - $1: the playbook ended early: $(tail -n 3 "$work/err" | tr '\n' '|')"
}
run "present" present some
run "present again, nothing changed" present none
run "absent" absent some
WALK_IS_GONE=1 run "absent again, nothing changed" absent none
