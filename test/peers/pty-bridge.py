"""A pseudo-terminal whose other end is a TCP port: pty-bridge.py PORT. Says the name of the terminal, then carries bytes."""
import os
import pty
import select
import socket
import sys
import time
import tty

master, slave = pty.openpty()
tty.setraw(slave)
name = os.ttyname(slave)
os.close(slave)
print(name, flush=True)
far = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    ready, _, _ = select.select([master, far, sys.stdin], [], [])
    if sys.stdin in ready and not os.read(0, 1):
        break
    if far in ready:
        try:
            data = far.recv(4096)
        except ConnectionError:
            break
        if not data:
            break
        os.write(master, data)
    if master in ready:
        try:
            far.sendall(os.read(master, 4096))
        except ConnectionError:
            break
        except OSError:
            # Nobody has the terminal open.
            time.sleep(0.01)
