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
export WALK_PUBLIC_KEY HOME=$work ANSIBLE_NOCOLOR=1 ANSIBLE_STDOUT_CALLBACK=ansible.builtin.json
export ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false

# run NAME STATE CHANGES: CHANGES is "some" or "none".
run() {
  ansible-playbook -i localhost, -c local -e "state=$2 ansible_python_interpreter=$(command -v python3)" \
    playbook.yml > "$work/out.json" 2> "$work/err" || true
  python3 - "$1" "$3" "$work/out.json" <<'PYTHON'
import json, sys

name, changes, path = sys.argv[1:]
try:
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)["plays"][0]["tasks"]
except (ValueError, KeyError, IndexError) as error:
    sys.exit(print(f"not ok - {name}: no result, {error!r}"))
for task in tasks:
    result = task["hosts"].get("localhost", {})
    if result.get("skipped"):
        continue
    what = f"{name}: {task['task']['name']}"
    if result.get("failed"):
        print(f"not ok - {what}: {result.get('msg')} {result.get('failure', '')}".replace("\n", " | "))
    elif changes == "none" and result.get("changed"):
        print(f"not ok - {what}: changed again")
    else:
        print(f"ok - {what}")
PYTHON
}
run "present" present some
run "present again, nothing changed" present none
run "absent" absent some
WALK_IS_GONE=1 run "absent again, nothing changed" absent none
