#!/usr/bin/env bash
# paramiko 2.12.0 (Debian 12) and patterns in known_hosts. sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT": host names are "a comma-separated
# list of patterns", `*` and `?` act as wildcards. A chain whose tills share the key of an image, or hang behind one gateway, has
# one line for all of them.
# Guess before the run: paramiko's HostKeys finds the line for a.shop.example by `*.shop.example`, as ssh-keygen -F does.
# Seen: it compares names as they stand (and hashed ones), so the host is unknown to it, which RejectPolicy, its default, refuses; a name that
# stands there in full, with a port, and behind a comma is found.
# Debian's package is taken into a temporary folder; its libraries (python3-cryptography, python3-nacl, python3-bcrypt) too.
set -eu
command -v apt-get >/dev/null && command -v ssh-keygen >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-paramiko=2.12.0-2 python3-cryptography python3-nacl python3-bcrypt python3-cffi-backend python3-six 2>/dev/null ||
  { echo "Debian's archive has this version no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
ssh-keygen -q -t ed25519 -N '' -C till -f key
key=$(cut -d' ' -f1,2 key.pub)
printf '%s\n' "*.shop.example $key" "till-?.lan $key" "[gateway.example]:2222 $key" "10.0.0.1,till-9.lan2 $key" >known_hosts
cat >look.py <<'PY'
import subprocess

import paramiko

known = paramiko.HostKeys('known_hosts')
for name in ('a.shop.example', 'till-1.lan', '[gateway.example]:2222', 'till-9.lan2'):
    found = subprocess.run(['ssh-keygen', '-F', name, '-f', 'known_hosts'], capture_output=True).returncode == 0
    print(f'{name}: ssh-keygen {found}, paramiko {known.lookup(name) is not None}')
PY
seen=$(PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore look.py)
printf 'paramiko 2.12.0\n%s\n' "$seen"
expected='a.shop.example: ssh-keygen True, paramiko False
till-1.lan: ssh-keygen True, paramiko False
[gateway.example]:2222: ssh-keygen True, paramiko True
till-9.lan2: ssh-keygen True, paramiko True'
[ "$seen" = "$expected" ]
