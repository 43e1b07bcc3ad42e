#!/usr/bin/env bash
# A walk through every resource with the official command line program, unchanged.
# Needs HCLOUD_ENDPOINT and HCLOUD_TOKEN. Prints a line for each step: "ok - ..." or "not ok - ...".
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
hcloud() { command hcloud --poll-interval 50ms "$@"; }

# step NAME COMMAND...: the command must succeed.
step() {
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then echo "ok - $name"; else echo "not ok - $name: ${out//$'\n'/ | }"; fi
}
# says NAME TEXT COMMAND...: the command must succeed and print the text.
says() {
  local name=$1 text=$2 out
  shift 2
  if out=$("$@" 2>&1) && [[ $out == *"$text"* ]]; then echo "ok - $name"
  else echo "not ok - $name: no '$text' in ${out//$'\n'/ | }"; fi
}
# refused NAME TEXT COMMAND...: the command must fail and print the text.
refused() {
  local name=$1 text=$2 out
  shift 2
  if out=$("$@" 2>&1); then echo "not ok - $name: it succeeded"
  elif [[ $out == *"$text"* ]]; then echo "ok - $name"
  else echo "not ok - $name: no '$text' in ${out//$'\n'/ | }"; fi
}

ssh-keygen -q -t ed25519 -N '' -C walk -f "$work/key"
step "ssh-key create" hcloud ssh-key create --name walk-key --public-key-from-file "$work/key.pub" --label a=b
refused "ssh-key create, name taken" "uniqueness_error" hcloud ssh-key create --name walk-key --public-key-from-file "$work/key.pub"
says "ssh-key list" walk-key hcloud ssh-key list -o columns=name -o noheader
step "ssh-key update" hcloud ssh-key update walk-key --name walk-key2
step "ssh-key add-label" hcloud ssh-key add-label walk-key2 c=d
says "ssh-key list by label" walk-key2 hcloud ssh-key list -l 'a=b,c in (d,e),!x' -o columns=name
step "ssh-key describe" hcloud ssh-key describe walk-key2

says "location list" hil hcloud location list
says "location describe" us-west hcloud location describe hil
says "server-type list" ccx13 hcloud server-type list
step "server-type describe" hcloud server-type describe ccx13
says "image list" debian-13 hcloud image list --type system
step "image describe" hcloud image describe debian-13

step "placement-group create" hcloud placement-group create --name walk-group --type spread
says "placement-group list" walk-group hcloud placement-group list
step "placement-group update" hcloud placement-group update walk-group --name walk-group2

step "network create" hcloud network create --name walk-net --ip-range 10.90.0.0/16
step "network add-subnet" hcloud network add-subnet walk-net --type cloud --network-zone us-west --ip-range 10.90.1.0/24
refused "network add-subnet, outside" "invalid_input" hcloud network add-subnet walk-net --type cloud --network-zone us-west --ip-range 10.91.1.0/24
step "network change-ip-range" hcloud network change-ip-range walk-net --ip-range 10.90.0.0/15
step "network update" hcloud network update walk-net --name walk-net2
step "network enable-protection" hcloud network enable-protection walk-net2 delete
refused "network delete, protected" "(protected" hcloud network delete walk-net2
step "network disable-protection" hcloud network disable-protection walk-net2 delete

step "firewall create" hcloud firewall create --name walk-fw
cat > "$work/rules.json" <<'RULES'
[{"direction":"in","protocol":"tcp","port":"22","source_ips":["0.0.0.0/0","::/0"],"destination_ips":[]}]
RULES
step "firewall replace-rules" hcloud firewall replace-rules walk-fw --rules-file "$work/rules.json"
step "firewall add-rule" hcloud firewall add-rule walk-fw --direction in --protocol icmp --source-ips 10.0.0.0/8
step "firewall describe" hcloud firewall describe walk-fw

step "server create" hcloud server create --name walk-1 --type ccx13 --image debian-13 --location hil --ssh-key walk-key2 --label role=walk
step "server create, in everything" hcloud server create --name walk-2 --type ccx13 --image debian-13 --location hil --ssh-key walk-key2 --network walk-net2 --placement-group walk-group2 --firewall walk-fw
refused "server create, name taken" "uniqueness_error" hcloud server create --name walk-1 --type ccx13 --image debian-13 --location hil
refused "server create, unknown type" "not found" hcloud server create --name walk-9 --type ccx99 --image debian-13 --location hil
refused "server create, type not sold there" "" hcloud server create --name walk-9 --type cx23 --image debian-13 --location hil
says "server list" walk-2 hcloud server list -o columns=id,name,status,ipv4
says "server list by label" walk-1 hcloud server list -l role==walk -o columns=name
says "server describe" running hcloud server describe walk-1
step "server ip" hcloud server ip walk-1
step "server update" hcloud server update walk-1 --name walk-one
step "server add-label" hcloud server add-label walk-one x=y
step "server remove-label" hcloud server remove-label walk-one x
step "server attach-to-network" hcloud server attach-to-network walk-one --network walk-net2 --ip 10.90.1.77
refused "server attach-to-network, again" "server_already_attached" hcloud server attach-to-network walk-one --network walk-net2
step "server change-alias-ips" hcloud server change-alias-ips walk-one --network walk-net2 --alias-ips 10.90.1.78,10.90.1.79
step "network add-route" hcloud network add-route walk-net2 --destination 10.200.0.0/16 --gateway 10.90.1.77
step "network remove-route" hcloud network remove-route walk-net2 --destination 10.200.0.0/16 --gateway 10.90.1.77
step "server detach-from-network" hcloud server detach-from-network walk-one --network walk-net2
step "server enable-protection" hcloud server enable-protection walk-one delete rebuild
refused "server delete, protected" "(protected" hcloud server delete walk-one
step "server disable-protection" hcloud server disable-protection walk-one delete rebuild
step "server set-rdns" hcloud server set-rdns walk-one --hostname walk.example.com
step "server enable-backup" hcloud server enable-backup walk-one
step "server disable-backup" hcloud server disable-backup walk-one
step "server reset-password" hcloud server reset-password walk-one
step "server create-image" hcloud server create-image walk-one --type snapshot --description walk --label s=1
image=$(hcloud image list -l s=1 -o columns=id -o noheader | tr -d ' ')
step "image update" hcloud image update "$image" --description walked
step "image enable-protection" hcloud image enable-protection "$image" delete
refused "image delete, protected" "snapshot deletion is protected (protected" hcloud image delete "$image"
step "image disable-protection" hcloud image disable-protection "$image" delete
step "server rebuild" hcloud server rebuild walk-one --image "$image"
step "server poweroff" hcloud server poweroff walk-one
says "server is off" off hcloud server describe walk-one
step "server change-type" hcloud server change-type walk-one ccx23
refused "server change-type, running" "server_not_stopped" hcloud server change-type walk-one ccx33
step "server poweroff again" hcloud server poweroff walk-one
refused "server change-type, smaller disk" "" hcloud server change-type walk-one ccx13
step "server poweron" hcloud server poweron walk-one
step "server reboot" hcloud server reboot walk-one
step "server reset" hcloud server reset walk-one
step "server remove-from-placement-group" hcloud server remove-from-placement-group walk-2
step "server shutdown" hcloud server shutdown walk-2

step "firewall apply-to-resource" hcloud firewall apply-to-resource walk-fw --type server --server walk-one
refused "firewall delete, in use" "resource_in_use" hcloud firewall delete walk-fw
step "firewall remove-from-resource" hcloud firewall remove-from-resource walk-fw --type server --server walk-one
step "firewall apply to a label" hcloud firewall apply-to-resource walk-fw --type label_selector --label-selector role=walk
step "firewall remove from a label" hcloud firewall remove-from-resource walk-fw --type label_selector --label-selector role=walk

step "volume create" hcloud volume create --name walk-vol --size 10 --location hil --format ext4
step "volume attach" hcloud volume attach walk-vol --server walk-one --automount
refused "volume delete, attached" "" hcloud volume delete walk-vol
step "volume resize" hcloud volume resize walk-vol --size 20
refused "volume resize, smaller" "" hcloud volume resize walk-vol --size 15
step "volume detach" hcloud volume detach walk-vol
step "volume enable-protection" hcloud volume enable-protection walk-vol delete
refused "volume delete, protected" "(protected" hcloud volume delete walk-vol
step "volume disable-protection" hcloud volume disable-protection walk-vol delete
step "volume delete" hcloud volume delete walk-vol

step "floating-ip create" hcloud floating-ip create --name walk-fip --type ipv4 --home-location hil
step "floating-ip assign" hcloud floating-ip assign walk-fip walk-one
says "floating-ip describe" walk-fip hcloud floating-ip describe walk-fip
step "floating-ip set-rdns" hcloud floating-ip set-rdns walk-fip --hostname fip.example.com
step "floating-ip unassign" hcloud floating-ip unassign walk-fip
step "floating-ip enable-protection" hcloud floating-ip enable-protection walk-fip delete
refused "floating-ip delete, protected" "Floating IP deletion is protected (protected" hcloud floating-ip delete walk-fip
step "floating-ip disable-protection" hcloud floating-ip disable-protection walk-fip delete
step "floating-ip delete" hcloud floating-ip delete walk-fip

says "primary-ip list" ipv4 hcloud primary-ip list

step "server delete" hcloud server delete walk-one
step "server delete, shut down" hcloud server delete walk-2
refused "server describe, gone" "not found" hcloud server describe walk-one
step "firewall delete" hcloud firewall delete walk-fw
step "image delete" hcloud image delete "$image"
step "network delete" hcloud network delete walk-net2
step "placement-group delete" hcloud placement-group delete walk-group2
step "ssh-key delete" hcloud ssh-key delete walk-key2
