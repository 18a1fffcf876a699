#!/usr/bin/env bash
# crudini 0.9.4 (Debian 12) and values with a semicolon behind a space: a connection string, what a script runs on the till. Its manual
# page says nothing of comments behind values; Windows (GetPrivateProfileString) and Python's configparser, whose files these are, read
# such a value to the end of the line.
# Guess before the run: what `--set` writes, `--get` reads, and `--merge` carries over; a value that it would take for a comment is
# put in quotes or refused.
# Seen: `--set` writes "Open till ; print" as it is, `--get` reads "Open till" and `--merge` writes that into the other file, with exit
# code 0. With a semicolon before it that has no space in front ("db1;Port=1 ; x"), all is read. So a comment that stood behind the old
# value, which `--set` keeps, belongs to the new one if that has such a semicolon ("A;B   ; left").
# Whoever sets values by it only if `--get` differs sets them at each run, and who merges loses their ends: values with a semicolon are
# to be compared with the line itself.
# Debian's packages are taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq crudini=0.9.4-1 python3-iniparse=0.5-1 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
crudini() { PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore usr/bin/crudini "$@"; }
look() { # NAME VALUE
  crudini --set till.ini pos "$1" "$2"
  echo "set [$2]: line [$(grep "^$1 " till.ini)], get [$(crudini --get till.ini pos "$1")]"
}
printf '[pos]\ncommand = x\nbase = x\nleft = Kasse ; left\n' >till.ini
seen=$(
  look command 'Open till ; print'
  look base 'db1;Port=1 ; x'
  look left 'A;B'
  crudini --merge other.ini <till.ini
  echo "merged [$(grep '^command ' other.ini)]"
  /usr/bin/python3 -c 'import configparser; c = configparser.ConfigParser(); c.read("till.ini"); print("configparser [" + c["pos"]["command"] + "]")'
)
printf 'crudini 0.9.4\n%s\n' "$seen"
expected='set [Open till ; print]: line [command = Open till ; print], get [Open till]
set [db1;Port=1 ; x]: line [base = db1;Port=1 ; x], get [db1;Port=1 ; x]
set [A;B]: line [left = A;B   ; left], get [A;B   ; left]
merged [command = Open till]
configparser [Open till ; print]'
[ "$seen" = "$expected" ]
