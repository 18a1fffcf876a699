import { fail, type Result, success } from '../../core/failure.ts'
import type { Connection, Target, Transport } from '../../core/transport.ts'
import { pause } from '../pause.ts'
import type { HandshakeGate } from '../ssh/handshake-gate.ts'
import { OpensshConnection } from './openssh-connection.ts'
import { runCancelled } from './openssh-failure.ts'
import { followLogin, READY } from './openssh-login.ts'
import { startMaster } from './ssh-client.ts'
import { sshFolder, sshOptions } from './ssh-options.ts'

/** Attempts after the first, and the pause before the second in milliseconds; it doubles, and is spread by half. */
const RETRIES = 3
const BACK_OFF_MS = 300

/**
 * SSH by the client of this machine, with its ssh_config: certificates, GSSAPI, hardware keys, ProxyJump. One login a
 * connection (ControlMaster), in a private folder that goes with it. It never asks: what needs a password is for `ssh`.
 */
export function opensshTransport(gate: HandshakeGate): Transport {
  return {
    name: 'openssh',
    async connect(target: Target, signal: AbortSignal): Promise<Result<Connection>> {
      const complaint = complaintAbout(target)
      if (complaint !== undefined) return fail({ code: 'OPENSSH_UNUSABLE', phase: 'resolve', message: complaint })
      for (let attempt = 0; ; attempt += 1) {
        const admitted = await gate.enter(signal)
        if (!admitted) return fail(runCancelled('connect'))
        admitted.extend()
        const end = await login(target, signal)
        admitted.release()
        // Hung up before it said who it is: a server that is busy (MaxStartups).
        if (end.ok || end.failure.code !== 'CONNECT_RESET' || attempt === RETRIES) return end
        await pause(BACK_OFF_MS * 2 ** attempt * (0.5 + Math.random()), signal)
      }
    },
  }
}

async function login(target: Target, signal: AbortSignal): Promise<Result<Connection>> {
  const folder = await sshFolder(target)
  const options = sshOptions(target, folder)
  const local = ['-o', 'PermitLocalCommand=yes', '-o', `LocalCommand=echo ${READY}`]
  const client = startMaster(['-v', '-M', '-N', '-T', ...local, ...options, '--', target.address], folder.path)
  const followed = await followLogin(client, target, signal)
  if (followed.ok) return success(new OpensshConnection(client, { target, options }))
  await client.ended
  await folder.remove()
  return followed
}

function complaintAbout({ password, prompts, via, keys }: Target): string | undefined {
  if (password || prompts)
    return '`type: openssh` answers no questions: leave `password` and `prompts` out, or use `type: ssh`.'
  if (keys.some(({ passphrase }) => passphrase)) {
    return '`type: openssh` opens no keys with a passphrase: give them to the ssh-agent, or use `type: ssh`.'
  }
  return via ? '`type: openssh` goes by ProxyJump of ssh_config, not by `via`.' : undefined
}
