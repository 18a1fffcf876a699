#!/usr/bin/env bash
# jc 1.22.5 (Debian 12), whose parser --sshd-conf takes sshd's configuration file or what `sshd -T` says, and a file in which a keyword stands twice, as it does where an
# included or an appended line meets one that was there; OpenSSH's own `sshd -T` stands beside it. sshd_config(5): "for each keyword, the first obtained value will be used";
# TIME FORMATS: 2m are two minutes; RekeyLimit takes K, M and G.
# Guess before the run: the values by which the server runs, or both of them; 2m is 120 or stays a text; AllowUsers has the names of both lines, as with sshd.
# Seen: the last line wins, the other way round than with sshd: an audit by it has root's login as "yes" where the server says "no", and MaxSessions 10 where 4
# count. Of AllowUsers and DenyUsers there are the names of the last line alone. 2m is the number 2, 1h is 1 and 512M is 512, no unit and no word. The output of
# `sshd -T` has each keyword once and numbers in seconds and bytes, and is read right, but for names, of which it has a line each: again there is the last alone.
# Whoever compares tills by it gives it `sshd -T`, and takes the users from that text itself.
# Debian's packages are taken into a temporary folder; nothing is started.
set -euo pipefail
command -v apt-get >/dev/null && command -v jq >/dev/null && command -v ssh-keygen >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12, jq, ssh-keygen"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq jc=1.22.5-1 openssh-server 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
ssh-keygen -q -t ed25519 -N '' -f key
cat >sshd_config <<CONFIG
HostKey $folder/key
PermitRootLogin no
MaxSessions 4
AllowUsers till service
DenyUsers guest
LoginGraceTime 2m
RekeyLimit 512M 1h
PermitRootLogin yes
MaxSessions 10
AllowUsers backup
DenyUsers test
CONFIG
jc() { PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore -m jc --sshd-conf; }
look() { jq -r '"root \(.permitrootlogin), sessions \(.maxsessions), allowed [\(.allowusers)], denied [\(.denyusers)], grace \(.logingracetime), rekey \(.rekeylimit) and \(.rekeylimit_time)"'; }
usr/sbin/sshd -T -f "$folder/sshd_config" >running 2>/dev/null || { echo "needs the libraries and the user of sshd"; exit 2; }
seen=$(
  echo "sshd: $(grep -E '^(permitrootlogin|maxsessions|allowusers|denyusers|logingracetime|rekeylimit) ' running | sort | paste -sd, | sed 's/,/, /g')"
  echo "jc, the file: $(jc <sshd_config | look)"
  echo "jc, sshd -T: $(jc <running | look)"
)
printf 'jc 1.22.5\n%s\n' "$seen"
expected='sshd: allowusers backup, allowusers service, allowusers till, denyusers guest, denyusers test, logingracetime 120, maxsessions 4, permitrootlogin no, rekeylimit 536870912 3600
jc, the file: root yes, sessions 10, allowed [backup], denied [test], grace 2, rekey 512 and 1
jc, sshd -T: root no, sessions 4, allowed [backup], denied [test], grace 120, rekey 536870912 and 3600'
[ "$seen" = "$expected" ]
