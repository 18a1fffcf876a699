"""pywinrm: one command, or one PowerShell program, on every port of a list.

many_pywinrm.py PORTS SCHEME USER PASSWORD CERTIFICATE IN_FLIGHT cmd|ps TEXT    (CERTIFICATE: PEM, empty over http)
"""
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

warnings.simplefilter('ignore')
import winrm  # noqa: E402

ports, scheme, user, password, certificate, in_flight, kind, text = sys.argv[1:]


def ask(port):
    more = {'ca_trust_path': certificate} if certificate else {'message_encryption': 'always'}
    try:
        session = winrm.Session('%s://127.0.0.1:%s/wsman' % (scheme, port), auth=(user, password),
                                transport='basic' if certificate else 'ntlm', **more)
        answer = session.run_ps(text) if kind == 'ps' else session.run_cmd(text)
        return answer.status_code == 0 and b'WINPOS01' in answer.std_out
    except Exception as error:
        print('%s: %s: %s' % (port, type(error).__name__, error), file=sys.stderr)
        return False


with ThreadPoolExecutor(int(in_flight)) as pool:
    listed = open(ports).read().split()
    right = sum(pool.map(ask, listed))
print('%d of %d' % (right, len(listed)))
sys.exit(0 if right == len(listed) else 1)
