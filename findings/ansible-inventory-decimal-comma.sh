#!/usr/bin/env bash
# ansible-core 2.14.18 (Debian 12) and values in an inventory in INI. Its documentation says that values of hosts are read as Python
# literals ("numbers, strings, tuples, lists, dicts, booleans and None").
# Guess before the run: a price with a decimal comma and a number of a till with leading zeros stay texts; a text in quotes
# stays a text on the line of a host as it does under :vars.
# Seen: 1,50 is the list [1, 50], since Python needs no brackets for a tuple; 0412 stays a text, and 0000 is the number 0; and on
# the line of a host "0000" is 0 too, since its quotes are taken off before the value is read. It needs '"0000"' there.
# Debian's packages are taken into a temporary folder.
set -eu
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq ansible-core=2.14.18-0+deb12u2 python3-jinja2 python3-markupsafe python3-yaml python3-cryptography \
  python3-cffi-backend python3-packaging python3-resolvelib 2>/dev/null ||
  { echo "Debian's archive has this version no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
cat >hosts.ini <<'INI'
[tills]
pos1 price=1,50 store=0412 till=0000 quoted="0000" twice='"0000"'
[tills:vars]
below="0000"
INI
: >ansible.cfg
export PYTHONPATH=$folder/usr/lib/python3/dist-packages ANSIBLE_HOME=$folder/home ANSIBLE_CONFIG=$folder/ansible.cfg
seen=$(/usr/bin/python3 usr/bin/ansible-inventory -i hosts.ini --host pos1 2>/dev/null | tr -d ' \n')
printf 'ansible-core 2.14.18\n%s\n' "$seen"
expected='{"below":"0000","price":[1,50],"quoted":0,"store":"0412","till":0,"twice":"0000"}'
[ "$seen" = "$expected" ]
