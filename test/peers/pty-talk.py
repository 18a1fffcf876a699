"""Runs a command on a terminal of its own: pty-talk.py '[["what it asks", "what is typed"], …]' COMMAND…

Each answer is typed once its question was shown. Everything that is shown goes to stdout; ends as the command does."""
import json
import os
import pty
import sys

talk = json.loads(sys.argv[1])
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
at = 0
while True:
    try:
        data = os.read(master, 4096)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
    shown += data
    while at < len(talk) and talk[at][0].encode() in shown:
        shown = shown.split(talk[at][0].encode(), 1)[1]
        os.write(master, (talk[at][1] + "\r").encode())
        at += 1
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
