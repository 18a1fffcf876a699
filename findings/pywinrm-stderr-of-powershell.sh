#!/usr/bin/env bash
# pywinrm 0.3.0, as Debian 12 has it (python3-winrm 0.3.0-4+deb12u1) with its Python 3.11: `Session.run_ps` and a PowerShell that
# writes to stderr, which over WinRM comes as CLIXML, for a mere progress record too.
# Guess before the run: the texts of the error records, without their XML.
# Seen: TypeError; the clean-up compares the bytes of the answer with text. What the device did is lost with it, exit code included.
# `run_cmd` gives all three back. The answer of the device is given here by a method in place of the network.
set -eu
command -v apt-get >/dev/null && /usr/bin/python3 -c 'import requests_ntlm, xmltodict' ||
  { echo "needs Debian 12 with python3-requests-ntlm and python3-xmltodict"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-winrm=0.3.0-4+deb12u1
dpkg -x python3-winrm_*.deb .
cat >look.py <<'PY'
import winrm

CLIXML = (b'#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
          b'<S S="Error">The till is busy._x000D__x000A_</S></Objs>')


class Till(winrm.Session):
    def run_cmd(self, command, args=()):
        return winrm.Response((b'3 receipts\r\n', CLIXML, 1))


till = Till('127.0.0.1', auth=('till', 'unused'))
print('run_cmd:', till.run_cmd('powershell').status_code, till.run_cmd('powershell').std_out)
try:
    print('run_ps:', till.run_ps('Get-Receipt').std_err)
except Exception as error:
    print('run_ps:', type(error).__name__, error)
PY
seen=$(PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 look.py)
printf 'pywinrm 0.3.0\n%s\n' "$seen"
expected="run_cmd: 1 b'3 receipts\\r\\n'
run_ps: TypeError startswith first arg must be bytes or a tuple of bytes, not str"
[ "$seen" = "$expected" ]
