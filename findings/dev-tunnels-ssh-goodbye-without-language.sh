#!/usr/bin/env bash
# @microsoft/dev-tunnels-ssh 3.12.42, as a server, and ssh2 1.17.0, as a client that offers a key of ed25519. RFC 4253, 11.1: SSH_MSG_DISCONNECT
# has a reason, a description and a language tag. RFC 4252, 5.1: a login that is not taken is answered with a failure that lists what may go on.
# Guess before the run: the server, which takes no ed25519, refuses this key, and the client goes on to the next one or says that it is refused.
# Seen: the server ends the connection ("Algorithm not found: ssh-ed25519") without a language tag, and ssh2 says "Malformed DISCONNECT packet"
# and nothing of the reason; with a key of ECDSA the same login passes.
# So a till behind such a server looks like one with a broken line, and no later key of the list is tried: look at the kind of the first key.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @microsoft/dev-tunnels-ssh@3.12.42 ssh2@1.17.0 >/dev/null
cat >look.mjs <<'JS'
import { createServer } from 'node:net'
import tunnels from '@microsoft/dev-tunnels-ssh'
import ssh2 from 'ssh2'

const { SshServerSession, SshSessionConfiguration, SshAlgorithms, NodeStream } = tunnels
const hostKey = await SshAlgorithms.publicKey.ecdsaSha2Nistp256.generateKeyPair()
let why = ''
let closed
const server = createServer((socket) => {
  const session = new SshServerSession(new SshSessionConfiguration())
  session.credentials = { publicKeys: [hostKey] }
  session.onAuthenticating((asked) => { asked.authenticationPromise = Promise.resolve(asked.publicKey ? {} : null) })
  session.onClosed(({ message }) => { why ||= message; closed() })
  session.connect(new NodeStream(socket)).catch(() => undefined)
})
await new Promise((ready) => server.listen(0, '127.0.0.1', ready))

for (const [name, options] of [['ed25519', {}], ['ecdsa', { bits: 256 }]]) {
  why = ''
  const end = new Promise((ended) => { closed = ended })
  const client = new ssh2.Client()
  const heard = await new Promise((told) => {
    client.on('ready', () => told('logged in')).on('error', ({ message }) => told(message))
    client.connect({
      host: '127.0.0.1', port: server.address().port, username: 'till',
      privateKey: ssh2.utils.generateKeyPairSync(name, options).private,
    })
  })
  if (heard !== 'logged in') await end
  console.log(`${name}: the client hears "${heard}"; the server said "${why}"`)
  client.end()
}
process.exit()
JS
seen=$(timeout 60 node look.mjs 2>/dev/null)
expected='ed25519: the client hears "Inbound: Malformed DISCONNECT packet"; the server said "Algorithm not found: ssh-ed25519"
ecdsa: the client hears "logged in"; the server said ""'
printf '@microsoft/dev-tunnels-ssh 3.12.42, ssh2 1.17.0\n%s\n' "$seen"
[ "$seen" = "$expected" ]
