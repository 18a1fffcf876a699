#!/usr/bin/python3
# -*- coding: utf-8 -*-
"""
winrm-peer.py - a strict WinRM (WS-Management / MS-WSMV) test peer.

It is NOT Windows.  It is a test acceptor whose *security* code was written by other people:

  NTLM      gss-ntlmssp through MIT GSSAPI   (--ntlm-backend gss, the default)
            or python3-impacket's NTLM        (--ntlm-backend impacket, second opinion)
  Kerberos  MIT krb5 through python3-gssapi   (needs a KDC: see --help-kerberos)
  TLS       OpenSSL (python ssl), self-signed certificate made with the openssl command

HTTP framing, SOAP, shells, quotas and faults are written here from MS-WSMV / DSP0226 and from
fault texts recorded off real Windows (pypsrp tests/responses, WinRb tests/spec/stubs).

INSTALL (Debian 12, as root) - run it with Debian's own python, /usr/bin/python3:
  apt-get install -y gss-ntlmssp python3-gssapi python3-impacket python3-cryptography python3-yaml openssl
  apt-get install -y krb5-kdc krb5-admin-server krb5-user            # only for --auth kerberos

START
  # NTLM over HTTP, sealing required (what a default Windows box does), default user posadmin/S3cret!pw
  /usr/bin/python3 winrm-peer.py --port 5985 --auth ntlm --require-encryption --log peer.jsonl
  # HTTPS + NTLM with Strict channel binding            # HTTPS + Basic
  ... --tls --port 5986 --auth ntlm --cbt strict        ... --tls --port 5986 --auth basic
  # Kerberos (SPN http|HTTP/WSMAN/host in the keytab)
  ... --port 5985 --auth kerberos --keytab krb/peer.keytab --require-encryption
  # many identical machines in one process (ports 20000..20199, one shell table per port)
  ... --port 20000 --ports 200 --auth ntlm

USERS   --user 'NAME:PASSWORD' (repeatable, 'DOMAIN\\NAME:PASSWORD' allowed); default posadmin:S3cret!pw
EXEC    --exec report  (default) answer every command with a JSON report of exactly what arrived
                       (decoded -EncodedCommand, environment, stdin hash and length)
        --exec sh      run the command line with /bin/sh -c; a decoded PowerShell script that starts
                       with '#!sh' runs under /bin/sh too, with the shell's environment and stdin
        --exec line    every command line is run by sh as it stands, powershell.exe among them, if there is one on the PATH
        --stand-in SOCKET  commands that find their script in the environment (TILL_1, TILL_2, ...) are run by whoever listens
                       on that Unix socket: it is sent {"port", "line", "env"} as one line of JSON, then stdin; it answers
                       with lines ["stdout"|"stderr", base64] and at last ["exit", code]
        --canned F.json  list of {"match": regex, "stdout": s, "stderr": s, "clixml_errors":[..],
                       "exit": n, "delay_ms": n, "chunks": n, "chunk_ms": n}; first match wins
        --replay F.yml   serve a pypsrp tests/responses/*.yml recording of real Windows, in order
QUOTAS  --quota-shells 30 --quota-ops 1500 --quota-processes 25 --quota-users 10 --quota-connections 300
FAULTS  --fault SPEC (repeatable; also settable at run time through the control port).  SPEC is
          KIND[@ACTION][:ARG][*TIMES][+SKIP]      e.g. drop-before@Receive*1+2
        ACTION is Create|Command|Send|Receive|Signal|Delete|Get|any (default any)
        kinds: drop-before       close TCP before the message is processed
               drop-after        process it, then close TCP without answering (lost reply)
               drop-mid          send half of the answer, then close
               rst               as drop-before but with a TCP RST
               stall:SECONDS     process, then hold the answer for SECONDS
               timedout          500 w:TimedOut 2150858793 (no processing)
               timedout-after    process it, then answer 500 w:TimedOut
               fault:CODE        500 with WSManFault Code (known codes get their real text)
               http:STATUS       bare HTTP status, e.g. http:503 http:400 http:401
               bad-mac           flip a bit in the sealed answer
               bad-relates       answer with a wrong RelatesTo
               garbage           200 with a non-XML body
               kill-shell        delete the shell first (as after a reboot), then process
        --huge-output BYTES --slow-output CHUNKS,MS  (apply to every command)
        --delay-ms N [--jitter-ms M]  latency added before every answer
        A Receive re-sent with the SAME MessageID gets the same answer again (pypsrp reports that of Windows);
        with a new MessageID the lost output is gone.  --no-receive-retain: gone in both cases.
LOG     --log FILE  JSON lines: listen, conn_open, http, auth, soap, shell_created, shell_deleted,
        cmd_start, cmd_exit, violation, conn_close, summary.  'http' lines = HTTP round trips;
        'soap' lines = WS-Man messages; summary has shells_created/deleted/leaked.
CONTROL --control-port P : GET /state, POST /reset, POST /fault (body = SPEC), POST /clear-faults
Everything binds to 127.0.0.1 unless --listen says otherwise.

VALIDATED by driving it with clients we did not write: Debian python3-winrm 0.3.0 + requests-ntlm 1.1.0 (needs OpenSSL's
legacy provider: OPENSSL_CONF with default+legacy activated, because MD4 is off in OpenSSL 3), pypsrp/pyspnego git master
(NTLM raw, NTLM in SPNEGO, Kerberos, TLS with/without channel binding), ansible-core 2.14's winrm connection, Debian's
winrmcp (Go masterzen/winrm, basic), Microsoft's omicli (basic).
KNOWN LIMITS: no CredSSP, no PSRP execution (only --replay), no Enumerate/Pull, no UTF-16 envelopes; the fault code for the
process limit and the HTTP status for refused plaintext follow public reports, not our own capture of Windows;
pipelined requests on one connection are answered strictly in order (what http.sys does with them was not verified).
This file is test material of Tillwright (Apache-2.0). It came with the project's reference on WinRM; added here: --legacy (no ids
of the client's choice, as on Windows 7), --product and --open-identify (what it says of itself, and to whom), --client-ca (certificates of clients), --stand-in, a program whose output is held by what it
left.
"""
import argparse, base64, binascii, collections, hashlib, hmac, http.server, io, json, os, random, re
import signal, socket, ssl, struct, subprocess, sys, tempfile, threading, time, traceback, uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape as xesc

NS = {
    's': 'http://www.w3.org/2003/05/soap-envelope',
    'a': 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
    'w': 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
    'p': 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
    'rsp': 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
    'x': 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
    'wsmid': 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
    'cfg': 'http://schemas.microsoft.com/wbem/wsman/1/config',
}
XML_LANG = '{http://www.w3.org/XML/1998/namespace}lang'
MU = '{%s}mustUnderstand' % NS['s']
SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
CMD_URI = SHELL + '/cmd'
PS_URI = 'http://schemas.microsoft.com/powershell/'
XFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/'
ANON = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
FAULT_ACTION = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault'
ACTIONS = {
    XFER + 'Create': 'Create', XFER + 'Delete': 'Delete', XFER + 'Get': 'Get',
    SHELL + '/Command': 'Command', SHELL + '/Send': 'Send',
    SHELL + '/Receive': 'Receive', SHELL + '/Signal': 'Signal',
}
KNOWN_HEADERS = {
    '{%s}%s' % (NS['a'], n) for n in ('Action', 'MessageID', 'To', 'ReplyTo', 'RelatesTo', 'FaultTo', 'From')
} | {'{%s}%s' % (NS['w'], n) for n in
     ('ResourceURI', 'MaxEnvelopeSize', 'OperationTimeout', 'Locale', 'OptionSet', 'SelectorSet', 'FragmentTransfer')
} | {'{%s}%s' % (NS['p'], n) for n in ('DataLocale', 'SessionId', 'OperationID', 'SequenceId', 'ActivityId')}

# code -> (soap code, subcode, wsman faultdetail or None, text).  Texts marked R are recorded from Windows.
FAULTS = {
    2150858793: ('s:Receiver', 'w:TimedOut', None,
                 'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  '),  # R
    2150858843: ('s:Sender', 'w:InvalidSelectors', 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/UnexpectedSelectors',
                 'The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. '
                 'Either the command has completed execution or the client specified an invalid command identifier. '),  # R
    2150858767: ('s:Sender', 'a:InvalidMessageInformationHeader', None,
                 'The WS-Management service cannot process the request. The request contains one or more invalid SOAP headers. '),  # R
    2150858768: ('s:MustUnderstand', None, None,
                 'The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand by the client. '),
    2150858769: ('s:Sender', 'a:MessageInformationHeaderRequired', None,
                 'The WS-Management service cannot process the request. A required SOAP header is missing. '),
    2150858753: ('s:Sender', 'a:ActionNotSupported', None,
                 'The WS-Management service cannot process the request. The WS-Addressing action URI is invalid. '),
    2150858754: ('s:Sender', 'a:DestinationUnreachable', 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI',
                 'The WS-Management service cannot process the request. The resource URI is missing or it has an incorrect format. '),
    2150859173: ('s:Sender', 'w:QuotaLimit', None,
                 'The WS-Management service cannot process the request. This user is allowed a maximum number of %d concurrent shells, '
                 'which has been exceeded. Close existing shells or raise the quota for this user. '),  # R
    2150859174: ('s:Sender', 'w:QuotaLimit', None,
                 'The WS-Management service cannot process the request. This user is allowed a maximum number of %d concurrent operations, '
                 'which has been exceeded. Close existing operations for this user, or raise the quota for this user. '),  # R
    2150859179: ('s:Sender', 'w:QuotaLimit', None,
                 'The WS-Management service cannot process the request. The maximum number of users executing shell operations has been exceeded. '
                 'Retry after some time or raise the quota for concurrent shell users. '),
    2150859175: ('s:Sender', 'w:QuotaLimit', None,
                 'The WS-Management service cannot process the request. The load quota for this user has been exceeded. '
                 'Send future requests at a slower rate or raise the quota for this user. '),
    2150859241: ('s:Receiver', 'w:InternalError', None,
                 'The WS-Management service cannot process the request. The maximum number of concurrent commands per shell has been exceeded. '
                 'Retry the request later or raise the Maximum Commands per Shell quota. '),  # R (pypsrp issue 148)
    995: ('s:Receiver', 'w:InternalError', None,
          'The I/O operation has been aborted because of either a thread exit or an application request. '),
    170: ('s:Receiver', 'w:InternalError', None, 'The requested resource is in use. '),
    5: ('s:Sender', 'w:AccessDenied', None, 'Access is denied. '),
    87: ('s:Sender', 'w:InvalidParameter', None, 'The parameter is incorrect. '),
    183: ('s:Sender', 'w:AlreadyExists', None, 'Cannot create a file when that file already exists. '),
    2147942402: ('s:Receiver', 'w:InternalError', None, 'The system cannot find the file specified. '),  # R
    2147942606: ('s:Receiver', 'w:InternalError', None, 'The filename or extension is too long. '),
    2147943418: ('s:Receiver', 'w:InternalError', None, 'Illegal operation attempted on a registry key that has been marked for deletion. '),
    2150858805: ('s:Sender', 'w:EncodingLimit', 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/MaxEnvelopeSize',
                 'The request exceeds the MaxEnvelopeSize of the service. '),
}
SHELL_GONE = ('The request for the Windows Remote Shell with ShellId %s failed because the shell was not found on the server. '
              'Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. '
              'Provide the correct ShellId or create a new shell and retry the operation. ')


class WsFault(Exception):
    def __init__(self, code, text=None, style='wsman'):
        self.code, self.text, self.style = code, text, style


class Close(Exception):
    """drop the TCP connection"""


def now_ms():
    return int(time.time() * 1000)


def parse_dur(t):
    m = re.fullmatch(r'P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?', t or '')
    if not m or t in ('P', 'PT'):
        return None
    d, h, mi, s = (float(g) if g else 0.0 for g in m.groups())
    return d * 86400 + h * 3600 + mi * 60 + s


class Log:
    def __init__(self, path):
        self.f = open(path, 'a', buffering=1) if path else None
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.actions = collections.Counter()

    def __call__(self, ev, **kw):
        with self.lock:
            self.counts[ev] += 1
            if ev == 'soap':
                self.actions[kw.get('action')] += 1
            if self.f:
                self.f.write(json.dumps(dict(t=now_ms(), ev=ev, **kw), ensure_ascii=False) + '\n')


class Fault:
    def __init__(self, spec):
        m = re.fullmatch(r'([a-z-]+)(?:@(\w+))?(?::([^*+]+))?(?:\*(\d+))?(?:\+(\d+))?', spec)
        if not m:
            raise SystemExit('bad --fault %r' % spec)
        self.spec, self.kind, self.action, self.arg = spec, m[1], m[2] or 'any', m[3]
        self.left = int(m[4]) if m[4] else 1 << 30
        self.skip = int(m[5] or 0)
        self.lock = threading.Lock()

    def hit(self, action):
        with self.lock:
            if self.action not in ('any', action):
                return False
            if self.skip > 0:
                self.skip -= 1
                return False
            if self.left <= 0:
                return False
            self.left -= 1
            return True


# ---------------------------------------------------------------------------------------------- security
class GssAcceptor:
    """MIT GSSAPI: gss-ntlmssp for NTLM, krb5 for Kerberos.  We only carry tokens."""

    def __init__(self, opts, cbt):
        import gssapi
        self.g = gssapi
        self.opts, self.cbt = opts, cbt
        self.ctx = None
        self.kind = None
        self.type3 = None

    def step(self, token):
        g = self.g
        raw_ntlm = token.startswith(b'NTLMSSP\0')
        if self.ctx is None:
            kw = {}
            if self.cbt and self.opts.cbt != 'none':
                kw['channel_bindings'] = g.raw.ChannelBindings(application_data=self.cbt)
            if raw_ntlm:
                mech = g.OID.from_int_seq('1.3.6.1.4.1.311.2.2.10')
                cred = g.Credentials(usage='accept', mechs=[mech])
                self.kind = 'ntlm'
            elif 'kerberos' in self.opts.auths:
                store = {'keytab': self.opts.keytab} if self.opts.keytab else None
                mechs = [g.OID.from_int_seq('1.2.840.113554.1.2.2'), g.OID.from_int_seq('1.3.6.1.5.5.2')]
                cred = g.Credentials(usage='accept', store=store, mechs=mechs)
                self.kind = 'kerberos'
            else:  # SPNEGO-wrapped NTLM
                mech = g.OID.from_int_seq('1.3.6.1.5.5.2')
                cred = g.Credentials(usage='accept', mechs=[mech])
                self.kind = 'spnego-ntlm'
            self.ctx = g.SecurityContext(creds=cred, usage='accept', **kw)
        if raw_ntlm and token[8:12] == b'\3\0\0\0':
            self.type3 = token
        out = self.ctx.step(token)
        if self.ctx.complete and self.opts.cbt == 'strict' and self.cbt:
            if self.kind == 'ntlm':
                if not type3_cbt(self.type3):
                    raise PermissionError('strict CBT: AUTHENTICATE has no MsvAvChannelBindings')
            elif not int(self.ctx.actual_flags) & 0x800:
                raise PermissionError('strict CBT: context not channel bound')
        return out

    @property
    def complete(self):
        return self.ctx is not None and self.ctx.complete

    @property
    def user(self):
        return str(self.ctx.initiator_name).rstrip('\0')

    def unwrap(self, header, data):
        if self.kind == 'kerberos':
            T = self.g.raw.IOVBufferType
            B = self.g.raw.IOVBuffer
            iov = self.g.raw.IOV(B(T.header, False, header), B(T.data, False, data), B(T.data, False, b''), std_layout=False)
            res = self.g.raw.unwrap_iov(self.ctx, iov)
            if not res.encrypted:
                raise ValueError('message was not encrypted')
            return iov[1].value
        if len(header) != 16:
            raise ValueError('NTLM signature must be 16 bytes, got %d' % len(header))
        return self.g.raw.unwrap(self.ctx, header + data).message

    def wrap(self, plain):
        """-> header, data, padding length"""
        if self.kind == 'kerberos':
            T = self.g.raw.IOVBufferType
            B = self.g.raw.IOVBuffer
            iov = self.g.raw.IOV(B(T.header, True, None), B(T.data, False, plain), B(T.padding, True, None), std_layout=False)
            self.g.raw.wrap_iov(self.ctx, iov, confidential=True)
            pad = iov[2].value or b''
            return iov[0].value, iov[1].value + pad, len(pad)
        out = self.g.raw.wrap(self.ctx, plain, confidential=True).message
        return out[:16], out[16:], 0

    protocol = property(lambda s: 'application/HTTP-Kerberos-session-encrypted'
                        if s.kind == 'kerberos' and s.scheme == 'Kerberos' else 'application/HTTP-SPNEGO-session-encrypted')
    scheme = 'Negotiate'


def av_pairs(blob):
    out, i = {}, 0
    while i + 4 <= len(blob):
        t, n = struct.unpack_from('<HH', blob, i)
        if t == 0:
            break
        out[t] = blob[i + 4:i + 4 + n]
        i += 4 + n
    return out


def type3_field(t3, off):
    n, _, o = struct.unpack_from('<HHI', t3, off)
    return t3[o:o + n]


def type3_cbt(t3):
    nt = type3_field(t3, 20)
    if len(nt) <= 44:
        return None
    v = av_pairs(nt[16 + 28:]).get(10)
    return v if v and v != b'\0' * 16 else None


class ImpacketAcceptor:
    """NTLMv2 acceptor on python3-impacket's primitives (NTOWFv2, SIGNKEY, SEALKEY, MAC) - a second opinion."""
    kind, scheme = 'ntlm', 'Negotiate'
    protocol = 'application/HTTP-SPNEGO-session-encrypted'

    def __init__(self, opts, cbt):
        from impacket import ntlm
        from Cryptodome.Cipher import ARC4
        self.n, self.ARC4 = ntlm, ARC4
        self.opts, self.cbt = opts, cbt
        self.complete, self.user = False, None

    def step(self, tok):
        if not tok.startswith(b'NTLMSSP\0'):
            raise PermissionError('impacket backend wants raw NTLMSSP in Negotiate')
        mt = struct.unpack_from('<I', tok, 8)[0]
        if mt == 1:
            cf = struct.unpack_from('<I', tok, 12)[0]
            self.t1 = tok
            self.chal = os.urandom(8)
            flags = 0x00000001 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00020000 | 0x00800000 | 0x02000000
            flags |= cf & (0x10 | 0x20 | 0x00080000 | 0x20000000 | 0x40000000 | 0x80000000)
            self.flags = flags
            host = self.opts.netbios
            u = lambda s: s.encode('utf-16-le')
            ft = struct.pack('<Q', int((time.time() + 11644473600) * 10 ** 7))
            ti = b''.join(struct.pack('<HH', k, len(v)) + v for k, v in
                          ((2, u(host)), (1, u(host)), (4, u(host.lower())), (3, u(host.lower())), (7, ft))) + b'\0\0\0\0'
            tn = u(host)
            o = 56
            self.t2 = (b'NTLMSSP\0' + struct.pack('<I', 2) + struct.pack('<HHI', len(tn), len(tn), o) +
                       struct.pack('<I', flags) + self.chal + b'\0' * 8 +
                       struct.pack('<HHI', len(ti), len(ti), o + len(tn)) + bytes([10, 0, 0x63, 0x45, 0, 0, 0, 15]) + tn + ti)
            return self.t2
        if mt != 3:
            raise PermissionError('unexpected NTLM message %d' % mt)
        n = self.n
        nt, dom, user = (type3_field(tok, o) for o in (20, 28, 36))
        dom, user = dom.decode('utf-16-le'), user.decode('utf-16-le')
        cflags = struct.unpack_from('<I', tok, 60)[0]
        pw = self.opts.lookup(dom, user)
        if pw is None or len(nt) < 44:
            raise PermissionError('unknown user %r\\%r or not NTLMv2' % (dom, user))
        key = n.NTOWFv2(user, pw, dom)
        proof, temp = nt[:16], nt[16:]
        if not hmac.compare_digest(n.hmac_md5(key, self.chal + temp), proof):
            raise PermissionError('wrong NT proof for %s' % user)
        base = n.hmac_md5(key, proof)
        if cflags & 0x40000000:
            self.key = self.ARC4.new(base).decrypt(type3_field(tok, 52))
        else:
            self.key = base
        av = av_pairs(temp[28:])
        if av.get(7) is None:
            raise PermissionError('no MsvAvTimestamp copied into the NTLMv2 response')
        if struct.unpack('<I', av.get(6, b'\0\0\0\0'))[0] & 2:
            mic = tok[72:88]
            if n.hmac_md5(self.key, self.t1 + self.t2 + tok[:72] + b'\0' * 16 + tok[88:]) != mic:
                raise PermissionError('bad MIC')
        elif self.opts.strict_mic:
            raise PermissionError('MIC absent although the challenge had a timestamp (MS-NLMP 3.1.5.1.2)')
        if self.cbt and self.opts.cbt != 'none':
            got = av.get(10)
            want = hashlib.md5(b'\0' * 16 + struct.pack('<I', len(self.cbt)) + self.cbt).digest()
            if got and got != b'\0' * 16:
                if got != want:
                    raise PermissionError('channel binding mismatch')
            elif self.opts.cbt == 'strict':
                raise PermissionError('strict CBT: AUTHENTICATE has no MsvAvChannelBindings')
        if not cflags & 0x20 or not cflags & 0x10 or not cflags & 0x00080000:
            if self.opts.need_seal:
                raise PermissionError('SIGN|SEAL|ESS not negotiated')
        f = cflags
        self.f = f
        self.ck, self.sk = n.SIGNKEY(f, self.key), n.SIGNKEY(f, self.key, 'Server')
        self.ch = self.ARC4.new(n.SEALKEY(f, self.key)).encrypt
        self.sh = self.ARC4.new(n.SEALKEY(f, self.key, 'Server')).encrypt
        self.cseq = self.sseq = 0
        self.user, self.complete = (dom + '\\' if dom else '') + user, True
        return None

    def unwrap(self, header, data):
        plain = self.ch(data)
        want = self.n.MAC(self.f, self.ch, self.ck, self.cseq, plain).getData()
        self.cseq += 1
        if want != header:
            raise ValueError('signature mismatch (sequence %d)' % (self.cseq - 1))
        return plain

    def wrap(self, plain):
        data, sig = self.n.SEAL(self.f, self.sk, None, plain, plain, self.sseq, self.sh)
        self.sseq += 1
        return sig.getData(), data, 0


# ---------------------------------------------------------------------------------------------- shells
class Command:
    def __init__(self, shell, cid, line, args, options):
        self.shell, self.id, self.line, self.args, self.options = shell, cid, line, args, options
        self.cv = threading.Condition()
        self.out = collections.deque()          # (stream, bytes)
        self.done, self.exit, self.delivered_done = False, None, False
        self.stdin, self.stdin_end = bytearray(), False
        self.killed, self.signaled, self.proc = False, None, None
        self.last_receive = (None, None)        # (MessageID, body) kept for an identical re-sent Receive
        self.started = time.time()

    def emit(self, stream, data):
        with self.cv:
            self.out.append((stream, data))
            self.cv.notify_all()

    def finish(self, code):
        with self.cv:
            if not self.done:
                self.done, self.exit = True, code
                self.cv.notify_all()

    def kill(self):
        with self.cv:
            self.killed = True
            self.cv.notify_all()
        if self.proc:
            try:
                os.killpg(self.proc.pid, signal.SIGKILL)
            except OSError:
                pass


class Shell:
    def __init__(self, sid, owner, env, cwd, codepage, idle):
        self.id, self.owner, self.env, self.cwd, self.codepage, self.idle = sid, owner, env, cwd, codepage, idle
        self.cmds = {}
        self.deleted = False
        self.last = time.time()
        self.ops = 0


class Machine:
    """one fake Windows box"""

    def __init__(self, opts, log, port):
        self.o, self.log, self.port = opts, log, port
        self.lock = threading.RLock()
        self.shells = {}
        self.created = self.deleted = self.expired = 0
        self.ops = collections.Counter()
        self.conns = 0
        self.replay_i = 0
        self.stats = collections.Counter()

    def find(self, sid, user):
        with self.lock:
            sh = self.shells.get((sid or '').upper())
            if sh is None or sh.deleted:
                raise WsFault(2150858843, SHELL_GONE % sid)
            if sh.owner != user:
                raise WsFault(5)
            sh.last = time.time()
            return sh

    def drop(self, sh, why):
        with self.lock:
            if sh.deleted:
                return
            sh.deleted = True
            self.shells.pop(sh.id.upper(), None)
            self.ops[sh.owner] -= sh.ops
            if why == 'client':
                self.deleted += 1
            else:
                self.expired += 1
        for c in list(sh.cmds.values()):
            c.kill()
            with c.cv:
                c.cv.notify_all()
        self.log('shell_deleted', port=self.port, shell=sh.id, reason=why)

    def reap(self):
        for sh in list(self.shells.values()):
            busy = any(not c.done for c in sh.cmds.values())
            if not busy and time.time() - sh.last > sh.idle:
                self.drop(sh, 'idle')


# ---------------------------------------------------------------------------------------------- execution
def decode_ps(line, args):
    full = ' '.join([line] + args)
    m = re.search(r'(?i)(?:^|[\s"\\/])(?:powershell|pwsh)(?:\.exe)?"?\s.*?-e(?:nc|nco|ncodedc?o?m?m?a?n?d?|c)?\s+([A-Za-z0-9+/=]+)', full)
    if not m:
        return full, None
    try:
        return full, base64.b64decode(m[1], validate=True).decode('utf-16-le')
    except Exception:
        return full, None


def clixml(errors):
    def enc(t):
        t = re.sub(r'_(?=x[0-9A-Fa-f]{4}_)', '_x005F_', t)
        return ''.join('_x%04X_' % ord(ch) if ord(ch) < 32 else xesc(ch) for ch in t)
    return '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">%s</Objs>' % ''.join(
        '<S S="Error">%s</S>' % enc(e) for e in errors)


def run_stand_in(m, c, line):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(m.o.stand_in)
    s.sendall(json.dumps({'port': m.port, 'line': line, 'env': c.shell.env}).encode() + b'\n')

    def feed():
        sent = 0
        try:
            while not c.killed and not c.done:
                with c.cv:
                    if len(c.stdin) == sent and not c.stdin_end:
                        c.cv.wait(0.5)
                    b, end = bytes(c.stdin[sent:]), c.stdin_end
                if b:
                    s.sendall(b)
                    sent += len(b)
                elif end:
                    return s.shutdown(socket.SHUT_WR)
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    threading.Thread(target=feed, daemon=True).start()
    with s, s.makefile('rb') as answers:
        for answer in answers:
            what, value = json.loads(answer)
            if what == 'exit':
                return c.finish(value)
            c.emit(what, base64.b64decode(value))
    c.finish(-1073741510)


def run_command(m, c):
    o = m.o
    try:
        full, script = decode_ps(c.line, c.args)
        limit = 32767 if c.options.get('WINRS_SKIP_CMD_SHELL', '').upper() == 'TRUE' else 8191
        if len(full) > limit:
            c.emit('stderr', b'The command line is too long.\r\n')
            return c.finish(1)
        if o.stand_in and 'TILL_1' in c.shell.env:
            return run_stand_in(m, c, full)
        wait = bool(re.search(r'(?i)\$input|Console\]::(In\b|OpenStandardInput)|ReadToEnd|-command\s+-|-file\s+-|read_stdin', full + '\n' + (script or '')))
        if wait and o.exec != 'line':
            with c.cv:
                while not c.stdin_end and not c.killed:
                    c.cv.wait(1)
        text = '%s\n--decoded--\n%s\n--env--\n%s\n--stdin--\n%s' % (
            full, script or '', '\n'.join('%s=%s' % kv for kv in c.shell.env.items()), bytes(c.stdin).decode('utf-8', 'replace'))
        plan = None
        for r in o.canned:
            if re.search(r['match'], text, re.S):
                plan = r
                break

        def pause(ms):
            end = time.time() + ms / 1000.0
            with c.cv:
                while time.time() < end and not c.killed:
                    c.cv.wait(max(0.001, end - time.time()))
            return not c.killed
        if plan is not None:
            if not pause(plan.get('delay_ms', 0)):
                return c.finish(-1073741510)
            out = plan.get('stdout', '').encode('utf-8')
            n = max(1, int(plan.get('chunks', 1)))
            step = max(1, (len(out) + n - 1) // n)
            for i in range(0, len(out), step):
                c.emit('stdout', out[i:i + step])
                if n > 1 and not pause(plan.get('chunk_ms', 0)):
                    return c.finish(-1073741510)
            err = clixml(plan['clixml_errors']) if plan.get('clixml_errors') else plan.get('stderr', '')
            if err:
                c.emit('stderr', err.encode('utf-8'))
            return c.finish(int(plan.get('exit', 0)))
        if o.huge_output:
            rng = random.Random(7)
            left, blk = o.huge_output, bytes(rng.choice(b'abcdefghijklmnopqrstuvwxyz0123456789 \n') for _ in range(4096))
            while left > 0 and not c.killed:
                while len(c.out) > 256 and not c.killed:
                    time.sleep(0.002)
                c.emit('stdout', blk[:min(left, 4096)])
                left -= 4096
            return c.finish(0)
        if o.slow_output:
            n, ms = o.slow_output
            for i in range(n):
                if not pause(ms):
                    return c.finish(-1073741510)
                c.emit('stdout', ('chunk %d zażółć €\n' % i).encode())
            return c.finish(0)
        if o.exec in ('sh', 'line'):
            sh = script[4:] if script and script.startswith('#!sh') else (full if o.exec == 'line' or not script else None)
            if sh is not None:
                env = dict(os.environ, **c.shell.env)
                p = c.proc = subprocess.Popen(['/bin/sh', '-c', sh], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                              stderr=subprocess.PIPE, env=env, start_new_session=True)

                def pump(f, name):
                    for b in iter(lambda: f.read1(32768), b''):
                        c.emit(name, b)
                ts = [threading.Thread(target=pump, args=a, daemon=True) for a in ((p.stdout, 'stdout'), (p.stderr, 'stderr'))]
                [t.start() for t in ts]

                def feed():
                    sent = 0
                    try:
                        while p.poll() is None:
                            with c.cv:
                                if len(c.stdin) == sent and not c.stdin_end:
                                    c.cv.wait(0.05)
                                b, end = bytes(c.stdin[sent:]), c.stdin_end
                            if b:
                                p.stdin.write(b)
                                p.stdin.flush()
                                sent += len(b)
                            elif end:
                                break
                        p.stdin.close()
                    except OSError:
                        pass
                threading.Thread(target=feed, daemon=True).start()
                rc = p.wait()
                [t.join(0.5) for t in ts]
                return c.finish(rc if rc >= 0 else -1073741510)
        rep = {'command': c.line if len(c.line) < 9000 else c.line[:200] + '...', 'args': len(c.args), 'decoded': script,
               'decoded_sha256': hashlib.sha256(script.encode()).hexdigest() if script is not None else None,
               'env': {k: (v if len(v) < 200 else {'len': len(v), 'sha256': hashlib.sha256(v.encode()).hexdigest()})
                       for k, v in c.shell.env.items()},
               'stdin_len': len(c.stdin), 'stdin_sha256': hashlib.sha256(bytes(c.stdin)).hexdigest() if c.stdin else None,
               'codepage': c.shell.codepage, 'user': c.shell.owner, 'skip_cmd_shell': limit == 32767}
        c.emit('stdout', (json.dumps(rep, ensure_ascii=False) + '\r\n').encode('utf-8'))
        c.finish(0)
    except Exception:
        traceback.print_exc()
        c.emit('stderr', traceback.format_exc().encode())
        c.finish(255)
    finally:
        if not c.done:
            c.finish(-1073741510)
        m.log('cmd_exit', port=m.port, shell=c.shell.id, command=c.id, exit=c.exit, killed=c.killed,
              ms=int((time.time() - c.started) * 1000))


# ---------------------------------------------------------------------------------------------- WS-Man
HEAD = ('<s:Envelope xml:lang="en-US" xmlns:s="%(s)s" xmlns:a="%(a)s" xmlns:x="%(x)s" xmlns:w="%(w)s" '
        'xmlns:rsp="%(rsp)s" xmlns:p="%(p)s">' % NS)


def envelope(action, relates, body):
    rel = '<a:RelatesTo>%s</a:RelatesTo>' % xesc(relates) if relates else ''
    return (HEAD + '<s:Header><a:Action>%s</a:Action><a:MessageID>uuid:%s</a:MessageID><p:OperationID s:mustUnderstand="false">uuid:%s</p:OperationID>'
            '<p:SequenceId>1</p:SequenceId><a:To>%s</a:To>%s</s:Header><s:Body>%s</s:Body></s:Envelope>'
            % (action, str(uuid.uuid4()).upper(), str(uuid.uuid4()).upper(), ANON, rel, body))


def fault_envelope(f, relates):
    code, sub, det, text = FAULTS.get(f.code, ('s:Receiver', 'w:InternalError', None, 'Injected fault. '))
    text = f.text or text
    subx = '<s:Subcode><s:Value>%s</s:Value></s:Subcode>' % sub if sub else ''
    if f.style == 'wmi':   # what newer Windows sends for quota faults (recorded: WinRb wmi_error_v2.xml)
        detail = ('<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" '
                  'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError" '
                  'xsi:type="p:MSFT_WmiError_Type" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
                  '<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">27</p:CIMStatusCode>'
                  '<p:Message xsi:type="cim:cimString">%s</p:Message><p:MessageID xsi:type="cim:cimString">HRESULT 0x%08x</p:MessageID>'
                  '<p:error_Category xsi:type="cim:cimUnsignedInt">30</p:error_Category><p:error_Code xsi:type="cim:cimUnsignedInt">%d</p:error_Code>'
                  '<p:error_Type xsi:type="cim:cimString">HRESULT</p:error_Type>'
                  '<p:error_WindowsErrorMessage xsi:type="cim:cimString">%s</p:error_WindowsErrorMessage></p:MSFT_WmiError>'
                  % (xesc(text), f.code, f.code, xesc(text)))
        relates = None     # the recording carries no RelatesTo
    else:
        fd = '<w:FaultDetail>%s</w:FaultDetail>' % det if det else ''
        detail = ('%s<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%d" Machine="127.0.0.1">'
                  '<f:Message>%s</f:Message></f:WSManFault>' % (fd, f.code, xesc(text)))
    return envelope(FAULT_ACTION, relates,
                    '<s:Fault><s:Code><s:Value>%s</s:Value>%s</s:Code><s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason>'
                    '<s:Detail>%s</s:Detail></s:Fault>' % (code, subx, xesc(text), detail))


def identity(product):
    return (HEAD + '<s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid="%s"><wsmid:ProtocolVersion>%s</wsmid:ProtocolVersion>'
            '<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor><wsmid:ProductVersion>%s'
            '</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>' % (NS['wsmid'], NS['w'], product)).encode()


class Wsman:
    def __init__(self, machine, conn):
        self.m, self.c, self.o = machine, conn, machine.o

    def viol(self, rule, **kw):
        self.m.log('violation', port=self.m.port, conn=self.c.id, rule=rule, **kw)
        self.m.stats['violations'] += 1

    def handle(self, xml, user, info):
        """-> (http status, reply bytes)"""
        m = self.m
        try:
            if b'<!DOCTYPE' in xml or b'<!ENTITY' in xml:
                self.viol('doctype')
                raise WsFault(2150858767)
            root = ET.fromstring(xml)
        except ET.ParseError as e:
            self.viol('not-xml', detail=str(e))
            return 400, b''
        relates = None
        try:
            if root.tag != '{%s}Envelope' % NS['s']:
                raise WsFault(2150858767, 'not a SOAP 1.2 envelope')
            hdr, body = root.find('s:Header', NS), root.find('s:Body', NS)
            if body is not None and body.find('wsmid:Identify', NS) is not None:
                info['action'] = 'Identify'
                return 200, identity(self.o.product)
            if hdr is None or body is None:
                raise WsFault(2150858769)
            mid = hdr.findtext('a:MessageID', None, NS)
            relates = (mid or '').strip()
            info['message_id'] = relates
            act = (hdr.findtext('a:Action', '', NS) or '').strip()
            info['action'] = ACTIONS.get(act, act.rsplit('/', 1)[-1] or '?')
            for h in hdr:
                if h.get(MU) in ('true', '1') and h.tag not in KNOWN_HEADERS:
                    raise WsFault(2150858768, 'unknown mustUnderstand header ' + h.tag)
            if not relates:
                raise WsFault(2150858769, 'a:MessageID missing')
            if not re.fullmatch(r'(uuid|urn:uuid):[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}', relates):
                raise WsFault(2150858767, 'a:MessageID is not uuid:GUID')
            if relates.upper() in self.c.srv.seen_ids and info['action'] != 'Receive':
                self.viol('message-id-reused', message_id=relates, action=info['action'])
                info['dup_message_id'] = True
            self.c.srv.seen_ids.add(relates.upper())
            if not (hdr.findtext('a:To', '', NS) or '').strip():
                raise WsFault(2150858769, 'a:To missing')
            if (hdr.findtext('a:ReplyTo/a:Address', '', NS) or '').strip() != ANON:
                raise WsFault(2150858767, 'a:ReplyTo must be anonymous')
            if act not in ACTIONS:
                raise WsFault(2150858753)
            for t in ('a:Action', 'w:ResourceURI', 'w:MaxEnvelopeSize'):
                e = hdr.find(t, NS)
                if e is not None and e.get(MU) != 'true' and e.get('mustUnderstand') == 'true':
                    info['lax_mu'] = True       # pywinrm/masterzen write it without the s: prefix; Windows accepts that
            mes = hdr.findtext('w:MaxEnvelopeSize', None, NS)
            info['max_env'] = maxenv = int(mes) if mes and mes.strip().isdigit() else 153600
            if maxenv < 8192:
                raise WsFault(2150858767, 'MaxEnvelopeSize below 8192')
            ot = hdr.findtext('w:OperationTimeout', None, NS)
            opt = parse_dur(ot.strip()) if ot else self.o.max_timeout_ms / 1000.0
            if opt is None:
                raise WsFault(2150858767, 'The WS-Management service cannot process the request. The XML contains an invalid timeout field in the SOAP header: %s. ' % ot)
            opt = min(opt, self.o.max_timeout_ms / 1000.0) if self.o.max_timeout_ms else opt
            info['op_timeout'] = opt
            uri = (hdr.findtext('w:ResourceURI', '', NS) or '').strip()
            info['uri'] = uri.rsplit('/', 1)[-1]
            sels = {(e.get('Name') or '').lower(): (e.text or '').strip() for e in hdr.findall('w:SelectorSet/w:Selector', NS)}
            opts = {(e.get('Name') or ''): (e.text or '').strip() for e in hdr.findall('w:OptionSet/w:Option', NS)}
            info['shell'] = sels.get('shellid')
            if self.o.replay:
                return self.replay(root, info, relates)
            a = info['action']
            if a == 'Get' and uri == 'http://schemas.microsoft.com/wbem/wsman/1/config':
                return 200, self.config(relates).encode()
            if a == 'Get' and uri in (SHELL, CMD_URI):
                sh = m.find(sels.get('shellid'), user)
                return 200, envelope(XFER + 'GetResponse', relates, '<rsp:Shell><rsp:ShellId>%s</rsp:ShellId><rsp:State>Connected</rsp:State></rsp:Shell>' % sh.id).encode()
            if uri != CMD_URI:
                raise WsFault(2150858754, 'this peer serves only %s (got %s)' % (CMD_URI, uri))
            ent = len(list(body))
            if ent > 1:
                raise WsFault(2150858767, 'more than one body element')
            with m.lock:
                if a != 'Delete' and a != 'Signal' and m.ops[user] >= self.o.quota_ops:
                    raise WsFault(2150859174, FAULTS[2150859174][3] % self.o.quota_ops, self.o.quota_style)
            r = getattr(self, 'do_' + a)(root, hdr, body, user, sels, opts, info, relates, maxenv, opt)
            return 200, r.encode('utf-8')
        except WsFault as f:
            info['fault'] = f.code
            if f.code != 2150858793:
                info['fault_text'] = f.text
            return 500, fault_envelope(f, relates).encode('utf-8')

    def config(self, relates):
        o = self.o
        return envelope(XFER + 'GetResponse', relates,
                        '<cfg:Config xmlns:cfg="%s"><cfg:MaxEnvelopeSizekb>%d</cfg:MaxEnvelopeSizekb><cfg:MaxTimeoutms>%d</cfg:MaxTimeoutms>'
                        '<cfg:MaxBatchItems>32000</cfg:MaxBatchItems><cfg:MaxProviderRequests>4294967295</cfg:MaxProviderRequests><cfg:Service>'
                        '<cfg:MaxConcurrentOperationsPerUser>%d</cfg:MaxConcurrentOperationsPerUser><cfg:MaxConnections>%d</cfg:MaxConnections>'
                        '<cfg:AllowUnencrypted>%s</cfg:AllowUnencrypted></cfg:Service><cfg:Winrs><cfg:IdleTimeout>%d</cfg:IdleTimeout>'
                        '<cfg:MaxConcurrentUsers>%d</cfg:MaxConcurrentUsers><cfg:MaxProcessesPerShell>%d</cfg:MaxProcessesPerShell>'
                        '<cfg:MaxShellsPerUser>%d</cfg:MaxShellsPerUser></cfg:Winrs></cfg:Config>'
                        % (NS['cfg'], o.max_envelope_kb, o.max_timeout_ms, o.quota_ops, o.quota_connections,
                           str(not o.require_encryption).lower(), o.idle_timeout_s * 1000, o.quota_users, o.quota_processes, o.quota_shells))

    def do_Create(self, root, hdr, body, user, sels, opts, info, relates, maxenv, opt):
        m, o = self.m, self.o
        e = body.find('rsp:Shell', NS)
        if e is None:
            raise WsFault(2150858767, 'rsp:Shell missing')
        sid = '' if o.legacy else (e.get('ShellId') or '').strip()
        if sid:
            info['client_shell_id'] = True
            try:
                sid = str(uuid.UUID(sid)).upper()
            except ValueError:
                raise WsFault(87)
        else:
            sid = str(uuid.uuid4()).upper()
        ins, outs = e.findtext('rsp:InputStreams', 'stdin', NS), e.findtext('rsp:OutputStreams', 'stdout stderr', NS)
        if ins.split() != ['stdin'] or set(outs.split()) - {'stdout', 'stderr'}:
            raise WsFault(87)
        env, total = {}, 0
        for v in e.findall('rsp:Environment/rsp:Variable', NS):
            env[v.get('Name') or ''] = v.text or ''
            if len(v.text or '') + len(v.get('Name') or '') + 2 > 32767:
                raise WsFault(87, 'environment variable %s is longer than 32767 characters' % v.get('Name'))
        idle = e.findtext('rsp:IdleTimeOut', None, NS)
        idle = parse_dur(idle) if idle else o.idle_timeout_s
        with m.lock:
            mine = [s for s in m.shells.values() if s.owner == user]
            if len(mine) >= o.quota_shells:
                m.stats['quota_shells'] += 1
                raise WsFault(2150859173, FAULTS[2150859173][3] % o.quota_shells, o.quota_style)
            if len({s.owner for s in m.shells.values()} | {user}) > o.quota_users:
                raise WsFault(2150859179, None, o.quota_style)
            if sid in m.shells:
                raise WsFault(183)
            sh = Shell(sid, user, env, e.findtext('rsp:WorkingDirectory', None, NS), opts.get('WINRS_CODEPAGE'), idle or o.idle_timeout_s)
            m.shells[sid] = sh
            m.created += 1
            sh.ops += 1
            m.ops[user] += 1
        info['shell'] = sid
        m.log('shell_created', port=m.port, conn=self.c.id, shell=sid, user=user, env={k: len(v) for k, v in env.items()},
              options=opts, idle=sh.idle, open=len(m.shells))
        return envelope(XFER + 'CreateResponse', relates,
                        '<x:ResourceCreated><a:Address>http://127.0.0.1:%d/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>'
                        '<w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
                        '<rsp:Shell><rsp:ShellId>%s</rsp:ShellId><rsp:ResourceUri>%s</rsp:ResourceUri><rsp:Owner>%s</rsp:Owner><rsp:ClientIP>%s</rsp:ClientIP>'
                        '<rsp:ProcessId>4711</rsp:ProcessId><rsp:IdleTimeOut>PT%.3fS</rsp:IdleTimeOut><rsp:InputStreams>%s</rsp:InputStreams>'
                        '<rsp:OutputStreams>%s</rsp:OutputStreams><rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>'
                        % (m.port, CMD_URI, sid, sid, CMD_URI, xesc(user), self.c.peer[0], sh.idle, ins, outs))

    def do_Command(self, root, hdr, body, user, sels, opts, info, relates, maxenv, opt):
        m, o = self.m, self.o
        sh = m.find(sels.get('shellid'), user)
        e = body.find('rsp:CommandLine', NS)
        if e is None or e.find('rsp:Command', NS) is None:
            raise WsFault(2150858767, 'rsp:CommandLine/rsp:Command missing')
        line = e.findtext('rsp:Command', '', NS) or ''
        if not line.strip():
            raise WsFault(87)
        args = [a.text or '' for a in e.findall('rsp:Arguments', NS)]
        cid = '' if o.legacy else (e.get('CommandId') or '').strip()
        if cid:
            info['client_command_id'] = True
            try:
                cid = str(uuid.UUID(cid)).upper()
            except ValueError:
                raise WsFault(87)
        else:
            cid = str(uuid.uuid4()).upper()
        info['command'] = cid
        skip = opts.get('WINRS_SKIP_CMD_SHELL', '').upper() == 'TRUE'
        if skip and len(' '.join([line] + args)) > 32767:
            raise WsFault(2147942606)
        with m.lock:
            if cid in sh.cmds:
                raise WsFault(183)
            if sum(1 for c in sh.cmds.values() if not c.done) >= o.quota_processes:
                raise WsFault(2150859241)
            c = Command(sh, cid, line, args, opts)
            sh.cmds[cid] = c
            sh.ops += 1          # text shells: Signal does not give it back (MS-WSMV note 118); Delete does
            m.ops[user] += 1
        m.log('cmd_start', port=m.port, conn=self.c.id, shell=sh.id, command=cid, len=len(line) + sum(len(a) + 1 for a in args),
              head=line[:80], options=opts)
        threading.Thread(target=run_command, args=(m, c), daemon=True).start()
        return envelope(SHELL + '/CommandResponse', relates, '<rsp:CommandResponse><rsp:CommandId>%s</rsp:CommandId></rsp:CommandResponse>' % cid)

    def cmd(self, sh, cid):
        c = sh.cmds.get((cid or '').upper())
        if c is None or c.delivered_done:
            raise WsFault(2150858843)
        return c

    def do_Send(self, root, hdr, body, user, sels, opts, info, relates, maxenv, opt):
        sh = self.m.find(sels.get('shellid'), user)
        for st in body.findall('rsp:Send/rsp:Stream', NS):
            info['command'] = st.get('CommandId')
            c = self.cmd(sh, st.get('CommandId'))
            if st.get('Name') != 'stdin':
                raise WsFault(87)
            if c.options.get('WINRS_CONSOLEMODE_STDIN', '').upper() == 'TRUE':
                self.viol('send-with-consolemode-stdin', command=c.id)
            try:
                data = base64.b64decode(''.join((st.text or '').split()), validate=True)
            except (binascii.Error, ValueError):
                raise WsFault(87, 'stdin is not base64')
            with c.cv:
                if c.stdin_end:
                    self.viol('send-after-end', command=c.id)
                    raise WsFault(87)
                c.stdin += data
                if (st.get('End') or '').lower() == 'true':
                    c.stdin_end = True
                c.cv.notify_all()
            info['stdin'] = len(data)
        return envelope(SHELL + '/SendResponse', relates, '<rsp:SendResponse/>')

    def do_Receive(self, root, hdr, body, user, sels, opts, info, relates, maxenv, opt):
        sh = self.m.find(sels.get('shellid'), user)
        ds = body.find('rsp:Receive/rsp:DesiredStream', NS)
        if ds is None:
            raise WsFault(2150858767, 'DesiredStream missing')
        info['command'] = ds.get('CommandId')
        if not ds.get('CommandId'):
            raise WsFault(87)                      # recorded: Receive on a cmd shell without CommandId -> 87
        want = (ds.text or '').split()
        c0 = sh.cmds.get(ds.get('CommandId').upper())
        if c0 is not None and self.o.receive_retain and c0.last_receive[0] == relates:
            info['resent'] = True                  # pypsrp: 'sending the exact same request again will return the same data'
            return envelope(SHELL + '/ReceiveResponse', relates, c0.last_receive[1])
        c = self.cmd(sh, ds.get('CommandId'))
        end = time.time() + opt
        budget = int((min(maxenv, self.o.max_envelope_kb * 1024) - 3000) / 4 * 3)
        with c.cv:
            while not c.out and not c.done:
                if sh.deleted:
                    raise WsFault(995)
                left = end - time.time()
                if left <= 0:
                    raise WsFault(2150858793)
                c.cv.wait(min(left, 1.0))
            parts = []
            while c.out and budget > 0:
                st, b = c.out.popleft()
                if len(b) > budget:
                    c.out.appendleft((st, b[budget:]))
                    b = b[:budget]
                budget -= len(b) + 120
                parts.append((st, b))
            fin = c.done and not c.out
            if fin:
                c.delivered_done = True
        sh.last = time.time()
        x = ['<rsp:Stream Name="%s" CommandId="%s">%s</rsp:Stream>' % (st, c.id, base64.b64encode(b).decode()) for st, b in parts if st in want]
        info['bytes_out'] = sum(len(b) for _, b in parts)
        if fin:
            x += ['<rsp:Stream Name="%s" CommandId="%s" End="true"></rsp:Stream>' % (st, c.id) for st in want]
            # NTSTATUS/HRESULT exit codes come as unsigned 32-bit decimals (MetricsHub/winrm-java docs); clients must narrow them
            x.append('<rsp:CommandState CommandId="%s" State="%s/CommandState/Done"><rsp:ExitCode>%d</rsp:ExitCode></rsp:CommandState>' % (c.id, SHELL, c.exit & 0xFFFFFFFF))
            info['state'] = 'Done'
        else:
            x.append('<rsp:CommandState CommandId="%s" State="%s/CommandState/Running"></rsp:CommandState>' % (c.id, SHELL))
            info['state'] = 'Running'
        c.last_receive = (relates, '<rsp:ReceiveResponse>%s</rsp:ReceiveResponse>' % ''.join(x))
        return envelope(SHELL + '/ReceiveResponse', relates, c.last_receive[1])

    def do_Signal(self, root, hdr, body, user, sels, opts, info, relates, maxenv, opt):
        sh = self.m.find(sels.get('shellid'), user)
        e = body.find('rsp:Signal', NS)
        if e is None:
            raise WsFault(2150858767, 'rsp:Signal missing')
        info['command'] = e.get('CommandId')
        code = (e.findtext('rsp:Code', '', NS) or '').strip()
        if not code.lower().startswith(SHELL + '/signal/'):
            raise WsFault(87)
        code = code.rsplit('/', 1)[-1].lower()
        info['signal'] = code
        c = sh.cmds.get((e.get('CommandId') or '').upper())
        if c is None:
            raise WsFault(2150858843)
        c.signaled = code
        if not c.done:
            c.kill()
        if code == 'terminate':
            sh.cmds.pop(c.id, None)
        return envelope(SHELL + '/SignalResponse', relates, '<rsp:SignalResponse/>')

    def do_Delete(self, root, hdr, body, user, sels, opts, info, relates, maxenv, opt):
        sh = self.m.find(sels.get('shellid'), user)
        self.m.drop(sh, 'client')
        return envelope(XFER + 'DeleteResponse', relates, '')

    # -- recorded Windows answers, in order (pypsrp tests/responses/*.yml) --
    def replay(self, root, info, relates):
        m = self.m
        with m.lock:
            i = m.replay_i
            if i >= len(self.o.replay):
                raise WsFault(170, 'replay exhausted')
            m.replay_i += 1
        step = self.o.replay[i]
        want = ET.fromstring(step['request'])
        wa = want.findtext('s:Header/a:Action', '', NS)
        info['replay'] = i
        if root.findtext('s:Header/a:Action', '', NS) != wa:
            self.viol('replay-action', step=i, want=wa, got=root.findtext('s:Header/a:Action', '', NS))

        def shape(e, d=0):
            return [('  ' * d) + e.tag] + [y for ch in e for y in shape(ch, d + 1)]
        if shape(want.find('s:Body', NS)) != shape(root.find('s:Body', NS)):
            self.viol('replay-body-shape', step=i, want=shape(want.find('s:Body', NS)), got=shape(root.find('s:Body', NS)))
        resp = step['response']
        resp = re.sub(r'(<a:RelatesTo>)[^<]*', lambda mo: mo[1] + relates, resp)
        # ids chosen by the client (PSRP runspace / pipeline ids): map recorded -> actual, also inside fragments
        for path, attr in (('s:Body/rsp:Shell', 'ShellId'), ('s:Body/rsp:CommandLine', 'CommandId')):
            w_, g_ = want.find(path, NS), root.find(path, NS)
            if w_ is not None and g_ is not None and w_.get(attr) and g_.get(attr):
                m.stats.setdefault('idmap', {})
                m.stats['idmap'][w_.get(attr).upper()] = g_.get(attr).upper()
        for w_, g_ in m.stats.get('idmap', {}).items() if isinstance(m.stats.get('idmap'), dict) else ():
            resp = re.sub(w_, g_, resp, flags=re.I)
            wb, gb = uuid.UUID(w_).bytes_le, uuid.UUID(g_).bytes_le

            def fix(mo):
                raw = base64.b64decode(mo[2])
                return mo[1] + base64.b64encode(raw.replace(wb, gb)).decode() + mo[3]
            resp = re.sub(r'(<rsp:Stream [^>]*>)([A-Za-z0-9+/=]+)(</rsp:Stream>)', fix, resp)
        st = (step.get('transport_error') or {}).get('code', 401 if step.get('auth_error') else 200)
        if step.get('http_error'):
            raise Close()
        return st, resp.encode('utf-8')


# ---------------------------------------------------------------------------------------------- HTTP
class Conn:
    seq = 0

    def __init__(self, srv, sock, peer):
        Conn.seq += 1
        self.id, self.srv, self.sock, self.peer = Conn.seq, srv, sock, peer
        self.o, self.m, self.log = srv.o, srv.machine, srv.log
        self.acc = None
        self.buf = b''
        self.nsoap = self.nhttp = 0
        self.tls = None

    def recv(self):
        try:
            d = self.sock.recv(65536)
        except (OSError, ssl.SSLError) as e:
            raise Close('recv: %s' % e)
        if not d:
            raise Close('peer closed')
        self.buf += d

    def read_request(self):
        while b'\r\n\r\n' not in self.buf:
            if len(self.buf) > 65536:
                raise Close('header too large')
            self.recv()
        head, self.buf = self.buf.split(b'\r\n\r\n', 1)
        lines = head.decode('latin-1').split('\r\n')
        method, path, ver = lines[0].split(' ', 2)
        h = collections.OrderedDict()
        for ln in lines[1:]:
            k, v = ln.split(':', 1)
            k = k.strip().lower()
            h[k] = (h[k] + ', ' + v.strip()) if k in h else v.strip()
        if h.get('expect', '').lower() == '100-continue':
            self.sock.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
        body = b''
        if h.get('transfer-encoding', '').lower() == 'chunked':
            while True:
                while b'\r\n' not in self.buf:
                    self.recv()
                ln, self.buf = self.buf.split(b'\r\n', 1)
                n = int(ln.split(b';')[0], 16)
                while len(self.buf) < n + 2:
                    self.recv()
                body, self.buf = body + self.buf[:n], self.buf[n + 2:]
                if n == 0:
                    break
        elif 'content-length' in h:
            n = int(h['content-length'])
            while len(self.buf) < n:
                self.recv()
            body, self.buf = self.buf[:n], self.buf[n:]
        pipelined = len(self.buf) > 0
        return method, path, h, body, pipelined

    def send(self, status, headers, body, cut=None):
        reason = {200: '', 400: 'Bad Request', 401: '', 404: 'Not Found', 405: 'Method Not Allowed', 411: 'Length Required',
                  413: 'Request Entity Too Large', 415: 'Unsupported Media Type', 500: '', 503: 'Service Unavailable'}.get(status, '')
        out = ['HTTP/1.1 %d %s' % (status, reason), 'Server: Microsoft-HTTPAPI/2.0',
               'Date: ' + time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())]
        out += ['%s: %s' % kv for kv in headers] + ['Content-Length: %d' % len(body), '', '']
        data = '\r\n'.join(out).encode('latin-1') + body
        if cut is not None:
            data = data[:int(len(data) * cut)]
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Close('send: %s' % e)
        return len(data)

    def challenges(self):
        c = []
        if 'ntlm' in self.o.auths or 'kerberos' in self.o.auths:
            c.append(('WWW-Authenticate', 'Negotiate'))
        if 'kerberos' in self.o.auths:
            c.append(('WWW-Authenticate', 'Kerberos'))
        if 'basic' in self.o.auths:
            c.append(('WWW-Authenticate', 'Basic realm="WSMAN"'))
        return c

    def authenticate(self, h, rec):
        """-> (user, extra headers) or None when a 401 was queued in rec"""
        a = h.get('authorization')
        if a == 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual' and self.tls:
            cert = self.sock.getpeercert()
            names = dict(pair for rdn in (cert or {}).get('subject', ()) for pair in rdn)
            rec['auth'] = 'certificate' if names else 'certificate-missing'
            return (names['commonName'], []) if names else None
        if a:
            scheme, _, val = a.partition(' ')
            sl = scheme.lower()
            if sl == 'basic' and 'basic' in self.o.auths:
                try:
                    u, _, p = base64.b64decode(val).decode('utf-8').partition(':')
                except Exception:
                    return None
                d, _, n = u.rpartition('\\')
                if self.o.lookup(d, n) is not None and hmac.compare_digest(self.o.lookup(d, n).encode(), p.encode()):
                    rec['auth'] = 'basic'
                    return n, []
                rec['auth'] = 'basic-bad'
                return None
            if sl in ('negotiate', 'kerberos', 'ntlm') and ('ntlm' in self.o.auths or 'kerberos' in self.o.auths):
                try:
                    tok = base64.b64decode(val, validate=True)
                except Exception:
                    rec['auth'] = 'bad-base64'
                    return None
                if tok.startswith(b'NTLMSSP\0'):
                    rec['ntlm_type'] = struct.unpack_from('<I', tok, 8)[0]
                if tok.startswith(b'NTLMSSP\0') and 'ntlm' not in self.o.auths:
                    rec['auth'] = 'ntlm-disabled'
                    return None
                first = (rec.get('ntlm_type') == 1) or self.acc is None or self.acc.complete
                if first:
                    cls = ImpacketAcceptor if self.o.ntlm_backend == 'impacket' and rec.get('ntlm_type') else GssAcceptor
                    self.acc = cls(self.o, self.srv.cbt)
                    self.acc.scheme = scheme.capitalize()
                try:
                    out = self.acc.step(tok)
                except Exception as e:
                    rec['auth'] = 'fail'
                    rec['auth_error'] = '%s: %s' % (type(e).__name__, str(e)[:300])
                    self.acc = None
                    return None
                hdr = [('WWW-Authenticate', '%s %s' % (scheme, base64.b64encode(out).decode()))] if out else []
                if not self.acc.complete:
                    rec['auth'] = 'continue'
                    rec['headers'] = hdr
                    return None
                rec['auth'] = self.acc.kind
                self.log('auth', port=self.m.port, conn=self.id, kind=self.acc.kind, user=self.acc.user, scheme=scheme)
                return self.acc.user, hdr
            rec['auth'] = 'unsupported:' + scheme
            return None
        if self.acc is not None and self.acc.complete:
            rec['auth'] = self.acc.kind + '-persistent'
            return self.acc.user, []
        rec['auth'] = 'none'
        return None

    BND = b'--Encrypted Boundary'

    def decrypt(self, ctype, body):
        m = re.fullmatch(r'multipart/encrypted;\s*protocol="(application/HTTP-(?:SPNEGO|Kerberos)-session-encrypted)";\s*boundary="Encrypted Boundary"', ctype)
        if not m:
            raise ValueError('bad multipart Content-Type: ' + ctype)
        if m[1] != self.acc.protocol:
            raise ValueError('protocol %s, expected %s' % (m[1], self.acc.protocol))
        pre = re.match(rb'--Encrypted Boundary\r\n([\t ]?)Content-Type: ([^\r\n]+)\r\n[\t ]?OriginalContent: type=application/soap\+xml;charset=(UTF-8|UTF-16);Length=(\d+)\r\n'
                       rb'--Encrypted Boundary\r\n[\t ]?Content-Type: application/octet-stream\r\n', body)
        if not pre:
            raise ValueError('bad multipart framing: %r' % body[:200])
        if pre[2].decode() != m[1]:
            raise ValueError('inner protocol %r differs' % pre[2])
        if pre[1] != b'\t':
            self.m.stats['no_HT'] += 1
        tail = b'--Encrypted Boundary--\r\n'
        if not body.endswith(tail):
            raise ValueError('bad trailer %r' % body[-40:])
        pay = body[pre.end():-len(tail)]
        n = struct.unpack_from('<I', pay)[0]
        if n > len(pay) - 4:
            raise ValueError('signature length %d too large' % n)
        plain = self.acc.unwrap(pay[4:4 + n], pay[4 + n:])
        if len(plain) != int(pre[4]):
            raise ValueError('Length=%d but plaintext is %d' % (int(pre[4]), len(plain)))
        return plain

    def encrypt(self, plain, corrupt=False):
        hd, data, pad = self.acc.wrap(plain)
        if corrupt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        pr = self.acc.protocol
        body = (self.BND + b'\r\n\tContent-Type: ' + pr.encode() + b'\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n' % (len(plain) + pad) +
                self.BND + b'\r\n\tContent-Type: application/octet-stream\r\n' + struct.pack('<I', len(hd)) + hd + data + self.BND + b'--\r\n')
        return 'multipart/encrypted;protocol="%s";boundary="Encrypted Boundary"' % pr, body

    def serve(self):
        self.log('conn_open', port=self.m.port, conn=self.id, peer='%s:%d' % self.peer[:2], tls=self.tls)
        why = ''
        try:
            while True:
                method, path, h, body, pipelined = self.read_request()
                t0 = time.time()
                self.nhttp += 1
                self.m.stats['http'] += 1
                rec = {'n': self.nhttp, 'method': method, 'path': path, 'req_bytes': len(body), 'ctype': h.get('content-type'), 'ua': h.get('user-agent')}
                if pipelined:
                    rec['pipelined'] = True
                try:
                    st, sent = self.one(method, path, h, body, rec)
                    rec['status'], rec['resp_bytes'] = st, sent
                finally:
                    rec['ms'] = int((time.time() - t0) * 1000)
                    rec.pop('headers', None)
                    self.log('http', port=self.m.port, conn=self.id, **rec)
                if h.get('connection', '').lower() == 'close':
                    raise Close('client asked')
        except Close as e:
            why = str(e)
        except Exception as e:
            why = 'error %r' % e
            traceback.print_exc()
        finally:
            try:
                self.sock.close()
            except OSError:
                pass
            with self.srv.lock:
                self.m.conns -= 1
            self.log('conn_close', port=self.m.port, conn=self.id, http=self.nhttp, soap=self.nsoap, why=why)

    def delay(self):
        d = self.o.delay_ms + (random.uniform(0, self.o.jitter_ms) if self.o.jitter_ms else 0)
        if d:
            time.sleep(d / 1000.0)

    def one(self, method, path, h, body, rec):
        self.delay()
        if path.split('?')[0].rstrip('/') != '/wsman':
            return 404, self.send(404, [], b'')
        if method != 'POST':
            return 405, self.send(405, [('Allow', 'POST')], b'')
        if 'content-length' not in h and 'transfer-encoding' not in h:
            return 411, self.send(411, [], b'')
        if self.m.conns > self.o.quota_connections:
            return 503, self.send(503, [], b'')
        if self.o.open_identify and h.get('wsmanidentify', '').lower() == 'unauthenticated' and b'Identify' in body:
            rec['action'] = 'Identify'
            return 200, self.send(200, [('Content-Type', 'application/soap+xml;charset=UTF-8')], identity('OS: 0.0.0 SP: 0.0 Stack: 3.0'))
        r = self.authenticate(h, rec)
        if r is None:
            if body and rec['auth'] == 'continue':
                self.m.log('violation', port=self.m.port, conn=self.id, rule='body-sent-with-negotiate-token', bytes=len(body))
            return 401, self.send(401, rec.get('headers') or self.challenges(), b'')
        user, ah = r
        rec['user'] = user
        ct = h.get('content-type', '')
        if not body:
            return 200, self.send(200, ah, b'')
        sealed = ct.lower().startswith('multipart/')
        if sealed:
            if self.acc is None or not self.acc.complete:
                return 400, self.send(400, [], b'')
            try:
                xml = self.decrypt(ct, body)
            except Exception as e:
                rec['decrypt_error'] = '%s: %s' % (type(e).__name__, str(e)[:300])
                self.m.stats['decrypt_errors'] += 1
                self.send(400, [], b'')
                raise Close('undecryptable message')
        else:
            if not re.match(r'application/soap\+xml\s*(;\s*charset="?utf-8"?)?\s*$', ct, re.I):
                return 415, self.send(415, [], b'')
            xml = body
            if self.o.require_encryption and not self.srv.is_tls:
                rec['unencrypted_rejected'] = True
                return self.o.unencrypted_status, self.send(self.o.unencrypted_status, self.challenges() if self.o.unencrypted_status == 401 else [], b'')
        if len(xml) > self.o.max_envelope_kb * 1024:
            return 413, self.send(413, [], b'')
        self.nsoap += 1
        self.m.stats['soap'] += 1
        info = {'conn': self.id, 'n': self.nsoap, 'sealed': sealed, 'user': user, 'bytes': len(xml)}
        am = re.search(rb'Action[^>]*>\s*([^<\s]+)', xml)
        act = ACTIONS.get(am[1].decode() if am else '', 'other')
        hits = [f for f in self.srv.faults if f.hit(act)]
        kinds = {f.kind: f for f in hits}
        if hits:
            info['injected'] = [f.spec for f in hits]
        t0 = time.time()
        status, reply = None, b''
        try:
            if 'rst' in kinds:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                info['action'] = act
                raise Close('injected rst')
            if 'drop-before' in kinds:
                info['action'] = act
                raise Close('injected drop-before')
            if 'http' in kinds:
                info['action'] = act
                status = int(kinds['http'].arg)
                return status, self.send(status, self.challenges() if status == 401 else [], b'')
            if 'kill-shell' in kinds:
                for sh in list(self.m.shells.values()):
                    self.m.drop(sh, 'killed')
            w = Wsman(self.m, self)
            if 'timedout' in kinds or 'fault' in kinds:
                info['action'] = act
                code = 2150858793 if 'timedout' in kinds else int(kinds['fault'].arg)
                mid = re.search(rb'MessageID[^>]*>\s*([^<\s]+)', xml)
                info['fault'] = code
                status, reply = 500, fault_envelope(WsFault(code), mid[1].decode() if mid else None).encode()
            else:
                status, reply = w.handle(xml, user, info)
                if 'timedout-after' in kinds:
                    status, reply = 500, fault_envelope(WsFault(2150858793), info.get('message_id')).encode()
            if 'drop-after' in kinds:
                raise Close('injected drop-after')
            if 'stall' in kinds:
                time.sleep(float(kinds['stall'].arg))
            if 'bad-relates' in kinds and info.get('message_id'):
                reply = reply.replace(info['message_id'].encode(), b'uuid:' + str(uuid.uuid4()).upper().encode())
            hdrs = list(ah)
            if 'garbage' in kinds:
                return 200, self.send(200, hdrs + [('Content-Type', 'text/html')], b'<html>proxy error</html>')
            if sealed and reply:
                ctype, reply = self.encrypt(reply, 'bad-mac' in kinds)
                hdrs.append(('Content-Type', ctype))
            elif reply:
                hdrs.append(('Content-Type', 'application/soap+xml;charset=UTF-8'))
            if 'drop-mid' in kinds:
                self.send(status, hdrs, reply, cut=0.5)
                raise Close('injected drop-mid')
            return status, self.send(status, hdrs, reply)
        finally:
            info['status'] = status
            info['ms'] = int((time.time() - t0) * 1000)
            self.log('soap', port=self.m.port, **info)


class Server:
    def __init__(self, opts, log, port):
        self.o, self.log, self.port = opts, log, port
        self.machine = Machine(opts, log, port)
        self.faults = opts.faults
        self.lock = threading.Lock()
        self.seen_ids = set()
        self.is_tls = opts.tls
        self.cbt = None
        self.ctx = None
        if opts.tls:
            self.ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.ctx.load_cert_chain(opts.cert, opts.key)
            self.cbt = cbt_for(opts.cert)
            if opts.client_ca:
                self.ctx.verify_mode = ssl.CERT_OPTIONAL
                self.ctx.load_verify_locations(opts.client_ca)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((opts.listen, port))
        self.sock.listen(1024)
        self.port = self.machine.port = self.sock.getsockname()[1]

    def run(self):
        while True:
            try:
                s, peer = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.start, args=(s, peer), daemon=True).start()

    def start(self, s, peer):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.machine.conns += 1
        c = Conn(self, s, peer)
        if self.ctx:
            try:
                s.settimeout(15)
                c.sock = self.ctx.wrap_socket(s, server_side=True)
                c.sock.settimeout(None)
                c.tls = c.sock.version()
            except (OSError, ssl.SSLError) as e:
                self.log('conn_close', port=self.port, conn=c.id, http=0, soap=0, why='tls: %s' % e)
                with self.lock:
                    self.machine.conns -= 1
                return
        c.serve()


def cbt_for(certfile):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    c = x509.load_pem_x509_certificate(open(certfile, 'rb').read())
    alg = c.signature_hash_algorithm
    name = alg.name if alg and alg.name not in ('md5', 'sha1') else 'sha256'
    return b'tls-server-end-point:' + hashlib.new(name, c.public_bytes(Encoding.DER)).digest()


def make_cert(d):
    cert, key = os.path.join(d, 'peer.crt'), os.path.join(d, 'peer.key')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-sha256', '-days', '30', '-nodes', '-keyout', key, '-out', cert,
                    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


KRB_HELP = """# Kerberos realm POS.TEST for this peer (all on loopback); paste into bash as root:
mkdir -p krb && cd krb
cat > krb5.conf <<'E'
[libdefaults]
 default_realm = POS.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
 dns_canonicalize_hostname = false
[realms]
 POS.TEST = {
  kdc = 127.0.0.1:8888
 }
[domain_realm]
 localhost = POS.TEST
E
cat > kdc.conf <<E
[kdcdefaults]
 kdc_listen = 127.0.0.1:8888
 kdc_tcp_listen = 127.0.0.1:8888
[realms]
 POS.TEST = {
  database_name = $PWD/principal
  key_stash_file = $PWD/stash
  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
 }
E
export KRB5_CONFIG=$PWD/krb5.conf KRB5_KDC_PROFILE=$PWD/kdc.conf KRB5CCNAME=FILE:$PWD/cc
rm -f principal* stash peer.keytab
kdb5_util create -s -r POS.TEST -P master
kadmin.local -q 'addprinc -pw S3cret!pw posadmin'
for s in HTTP http host WSMAN; do kadmin.local -q "addprinc -randkey $s/localhost"; kadmin.local -q "ktadd -k peer.keytab $s/localhost"; done
(krb5kdc -n > kdc.log 2>&1 & echo $! > kdc.pid); sleep 1
echo 'S3cret!pw' | kinit posadmin
# then: KRB5_CONFIG=krb/krb5.conf /usr/bin/python3 winrm-peer.py --auth kerberos --keytab krb/peer.keytab --require-encryption
# clients use host name localhost (SPN HTTP/localhost) with the same KRB5_CONFIG and KRB5CCNAME
"""


def main():
    ap = argparse.ArgumentParser(description='strict WinRM test peer (read the header of this file)')
    A = ap.add_argument
    A('--listen', default='127.0.0.1'); A('--port', type=int, default=5985); A('--ports', type=int, default=1)
    A('--tls', action='store_true'); A('--cert'); A('--key')
    A('--auth', default='ntlm', help='comma list of basic,ntlm,kerberos')
    A('--ntlm-backend', choices=['gss', 'impacket'], default='gss')
    A('--user', action='append', default=[], metavar='[DOMAIN\\]NAME:PASSWORD')
    A('--netbios', default='WINPOS01'); A('--keytab')
    A('--require-encryption', action='store_true'); A('--unencrypted-status', type=int, default=500)
    A('--cbt', choices=['none', 'relaxed', 'strict'], default='relaxed')
    A('--strict-mic', action='store_true', help='impacket backend: insist on the MIC')
    A('--quota-shells', type=int, default=30); A('--quota-ops', type=int, default=1500); A('--quota-processes', type=int, default=25)
    A('--quota-users', type=int, default=10); A('--quota-connections', type=int, default=300)
    A('--quota-style', choices=['wmi', 'wsman'], default='wmi', help='wmi = MSFT_WmiError detail as newer Windows; wsman = WSManFault as older')
    A('--max-envelope-kb', type=int, default=500); A('--max-timeout-ms', type=int, default=60000); A('--idle-timeout-s', type=int, default=7200)
    A('--no-receive-retain', dest='receive_retain', action='store_false', help='output of a lost ReceiveResponse is gone for good')
    A('--delay-ms', type=float, default=0); A('--jitter-ms', type=float, default=0)
    A('--fault', action='append', default=[]); A('--huge-output', type=int, default=0); A('--slow-output')
    A('--exec', choices=['report', 'sh', 'line'], default='report'); A('--canned'); A('--replay')
    A('--open-identify', action='store_true'); A('--product', default='OS: 10.0.19045 SP: 0.0 Stack: 3.0')
    A('--legacy', action='store_true'); A('--client-ca'); A('--stand-in', metavar='SOCKET')
    A('--log'); A('--control-port', type=int); A('--help-kerberos', action='store_true'); A('--duration', type=float, default=0)
    o = ap.parse_args()
    if o.help_kerberos:
        print(KRB_HELP)
        return
    o.auths = [a.strip() for a in o.auth.split(',')]
    if not set(o.auths) <= {'basic', 'ntlm', 'kerberos'}:
        raise SystemExit('bad --auth')
    o.need_seal = o.require_encryption
    o.slow_output = tuple(int(v) for v in o.slow_output.split(',')) if o.slow_output else None
    o.canned = json.load(open(o.canned)) if o.canned else []
    if o.replay:
        import yaml
        o.replay = yaml.load(open(o.replay, 'rb'), Loader=yaml.SafeLoader)['messages']
    o.faults = [Fault(s) for s in o.fault]
    users = []
    for u in o.user or ['posadmin:S3cret!pw']:
        n, _, p = u.partition(':')
        d, _, n = n.rpartition('\\')
        users.append((d, n, p))

    def lookup(dom, name):
        for d, n, p in users:
            if n.lower() == name.lower() and (not d and dom.upper() in ('', '.', o.netbios.upper()) or d and d.upper() == dom.upper()):
                return p
        return None
    o.lookup = lookup
    tmp = tempfile.mkdtemp(prefix='winrmpeer')
    f = os.path.join(tmp, 'ntlmusers')
    with open(f, 'w') as fh:      # gss-ntlmssp wants DOMAIN:USER:PASSWORD; a local account may come with no domain or the computer name
        for d, n, p in users:
            for dom in ([d] if d else ['', o.netbios]):
                fh.write('%s:%s:%s\n' % (dom, n, p))
    os.chmod(f, 0o600)
    os.environ['NTLM_USER_FILE'] = f
    os.environ['NETBIOS_COMPUTER_NAME'] = os.environ['NETBIOS_DOMAIN_NAME'] = o.netbios
    if o.tls and not o.cert:
        o.cert, o.key = make_cert(tmp)
    log = Log(o.log)
    servers = [Server(o, log, o.port + i if o.port else 0) for i in range(o.ports)]
    for s in servers:
        threading.Thread(target=s.run, daemon=True).start()
    log('listen', ports=[s.port for s in servers], auth=o.auths, tls=o.tls, cert=o.cert, backend=o.ntlm_backend, require_encryption=o.require_encryption)

    def state():
        ms = [s.machine for s in servers]
        return {'shells_created': sum(m.created for m in ms), 'shells_deleted': sum(m.deleted for m in ms),
                'shells_other_end': sum(m.expired for m in ms), 'shells_open': sum(len(m.shells) for m in ms),
                'http': sum(m.stats['http'] for m in ms), 'soap': sum(m.stats['soap'] for m in ms),
                'violations': sum(m.stats['violations'] for m in ms), 'decrypt_errors': sum(m.stats['decrypt_errors'] for m in ms),
                'quota_shells_hit': sum(m.stats['quota_shells'] for m in ms),
                'actions': dict(log.actions), 'events': dict(log.counts), 'open_conns': sum(m.conns for m in ms),
                'faults': [{'spec': f.spec, 'left': f.left, 'skip': f.skip} for f in o.faults]}

    control = None
    if o.control_port is not None:
        class H(http.server.BaseHTTPRequestHandler):
            def reply(self, obj):
                b = json.dumps(obj).encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(b)))
                self.end_headers()
                self.wfile.write(b)

            def do_GET(self):
                self.reply(state())

            def do_POST(self):
                b = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode().strip()
                if self.path == '/fault':
                    o.faults.append(Fault(b))
                elif self.path == '/clear-faults':
                    del o.faults[:]
                elif self.path == '/reset':
                    del o.faults[:]
                    for s in servers:
                        for sh in list(s.machine.shells.values()):
                            s.machine.drop(sh, 'reset')
                        s.machine.created = s.machine.deleted = s.machine.expired = 0
                        s.machine.stats.clear()
                        s.machine.replay_i = 0
                    log.counts.clear()
                    log.actions.clear()
                self.reply(state())

            def log_message(self, *a):
                pass
        hs = http.server.ThreadingHTTPServer((o.listen, o.control_port), H)
        control = hs.server_address[1]
        threading.Thread(target=hs.serve_forever, daemon=True).start()
    stop = threading.Event()
    for sg in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sg, lambda *a: stop.set())
    print('READY ports=%s auth=%s tls=%s cert=%s control=%s' % (','.join(str(s.port) for s in servers[:5]), o.auth, o.tls, o.cert, control), flush=True)
    t_end = time.time() + o.duration if o.duration else None
    while not stop.wait(0.5):
        for s in servers:
            s.machine.reap()
        if t_end and time.time() > t_end:
            break
    st = state()
    st['leaked'] = st['shells_open']
    log('summary', **st)
    print('SUMMARY ' + json.dumps({k: st[k] for k in ('shells_created', 'shells_deleted', 'leaked', 'http', 'soap', 'violations', 'decrypt_errors')}), flush=True)
    os._exit(0)


if __name__ == '__main__':
    main()
