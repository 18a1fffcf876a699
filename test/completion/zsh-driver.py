"""Types into a zsh in a terminal, presses Tab, and prints what stands on the line then."""
import os
import pty
import select
import sys
import time

SETUP = r"""PROMPT= RPROMPT= PS2=; unsetopt zle_bracketed_paste prompt_cr prompt_sp 2>/dev/null
autoload -U compinit; compinit -u -d "$HOME/dump"; source "$HOME/till.zsh"
zle-show() { print -r -- "<<$BUFFER>>"; zle send-break }; zle -N zle-show; bindkey '^X' zle-show; bindkey '^I' complete-word
print RE''ADY
"""

pid, fd = pty.fork()
if pid == 0:
    os.execvp("zsh", ["zsh", "-f", "-i"])


def read_until(mark: bytes) -> bytes:
    seen = b""
    end = time.monotonic() + 20
    while mark not in seen:
        if time.monotonic() > end or not select.select([fd], [], [], 1)[0]:
            if time.monotonic() > end:
                sys.exit(f"no {mark!r} in {seen!r}")
            continue
        seen += os.read(fd, 65536)
    return seen


os.write(fd, SETUP.encode())
read_until(b"READY")
os.write(fd, sys.argv[1].encode() + b"\t\x18")
print(read_until(b">>").decode(errors="replace"))
os.close(fd)
