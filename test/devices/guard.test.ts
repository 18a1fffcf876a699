import { appendFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { GuardTest } from '../../src/core/guard.ts'
import { guardQuestion, readGuard } from '../../src/devices/guard/guard-question.ts'
import type { ModuleCase } from '../modules/case.ts'
import { openWorld, removeFarms, whyNoMounts } from '../modules/device-world.ts'
import { shells } from '../shell/shells.ts'

afterAll(removeFarms)

type Ask = (test: GuardTest) => Promise<string>

/** What guards say on a device, as `says: detail`. */
async function onDevice(
  shellPath: string,
  given: NonNullable<ModuleCase['given']>,
  use: (ask: Ask, root: string) => Promise<void>,
): Promise<void> {
  const world = await openWorld(shellPath, given)
  try {
    const ask = async (test: GuardTest): Promise<string> => {
      const question = guardQuestion({ name: 'g', says: '', ask: 'device', test, lookAgainMs: 1 }, 'posix')
      if (!question) throw new Error('nobody is asked')
      const { says, detail } = readGuard('g', await world.shell.ask(question))
      return detail === undefined ? says : `${says}: ${detail}`
    }
    await use(ask, world.names['ROOT'] ?? '')
  } finally {
    await world.close()
  }
}

// "Płatność wysłana" in 1250: unicode.org/Public/MAPPINGS/VENDORS/MICSFT.
const SENT_1250 = Buffer.from('P\xb3atno\x9c\xe6 wys\xb3ana\n', 'latin1')

describe.each(shells.filter(({ name }) => name !== 'bash'))('guards in $name', ({ path: shell }) => {
  it('idle: the log itself counts, not the link to it', () =>
    onDevice(
      shell,
      { files: { 'a/till.log': 'x\n', 'log/till.log': { link: '../a/till.log' } } },
      async (ask, root) => {
        const idle = { type: 'idle', path: join(root, 'log/till.log'), seconds: 60 } as const
        expect(await ask(idle)).toBe('busy')
        utimesSync(join(root, 'a/till.log'), new Date(), new Date(Date.now() - 90_000))
        expect(await ask(idle)).toBe('free')
      },
    ))

  it('log: the end of a line is found where lines end with CRLF', () =>
    onDevice(shell, { files: { 'pay.log': 'paid\r\nsent\r\nidle\r\n' } }, async (ask, root) => {
      const log = { type: 'log', path: join(root, 'pay.log'), begins: '^sent$', ends: '^paid$', silent: true } as const
      expect(await ask(log)).toBe('busy')
    }))

  it('log: letters beyond ASCII are found in UTF-8, and never missed in silence in what is none', async () => {
    const long = `${'ż'.repeat(39)}\n`.repeat(15_000)
    const files = { 'utf8.log': `${long}Płatność wysłana\nPłatn`, 'old.log': 'start\n' }
    await onDevice(shell, { files }, async (ask, root) => {
      const log = { type: 'log', begins: 'Płatność wysłana', ends: 'Płatność przyjęta', silent: true } as const
      expect(await ask({ ...log, path: join(root, 'utf8.log') })).toBe('busy')
      const old = join(root, 'old.log')
      expect(await ask({ ...log, path: old })).toBe('free')
      appendFileSync(old, SENT_1250)
      expect(await ask({ ...log, path: old })).toMatch(/^unknown: .*old\.log is not UTF-8/)
      expect(await ask({ ...log, path: old, begins: 'P.atno.. wys.ana', ends: 'przyj.ta' })).toBe('busy')
      expect(await ask({ ...log, path: old, begins: 'P.atno.{2} wys' })).toMatch(/^unknown: /)
      expect(await ask({ ...log, path: old, encoding: 'windows-1250' })).toMatch(/^unknown: .*is for Windows/)
    })
  })

  it.skipIf(whyNoMounts() !== undefined)(
    'logged_in: that who lists nobody says nothing where no list is kept',
    async () => {
      const bare = { files: { run: { folder: true } }, mounts: { '/run': '$ROOT/run' } } as const
      const loggedIn = { type: 'logged-in' } as const
      const lists = (sessions: string, about: string): string =>
        `case $1 in list-sessions) printf '${sessions}' ;; show-session) printf '${about}' ;; esac`
      const says = async (given: NonNullable<ModuleCase['given']>): Promise<string> => {
        let said = ''
        await onDevice(shell, { ...bare, ...given }, async (ask) => {
          said = await ask(loggedIn)
        })
        return said
      }
      const who = 'exit 0'
      const loginctl = 'exit 1'
      expect(await says({ bin: { who, loginctl } })).toBe('unknown: this device keeps no list of who is logged in')
      expect(await says({ bin: { who, loginctl }, files: { 'run/utmp': 'x' } })).toBe('free')
      expect(await says({ bin: { who: 'echo "anna tty1 08:00"', loginctl } })).toBe('busy: anna')
      expect(await says({ bin: { who, loginctl: 'exit 0' } })).toBe('free')
      const seat = 'Name=anna\\nClass=user\\nState=active\\nTTY=\\nSeat=seat0\\nDisplay=\\n'
      expect(await says({ bin: { who, loginctl: lists('  c1 1000 anna seat0\\n', seat) } })).toBe('busy: anna')
      // This look's own session, over SSH.
      const own = 'Name=root\\nClass=user\\nState=active\\nTTY=\\nSeat=\\nDisplay=\\n'
      expect(await says({ bin: { who, loginctl: lists('7 0 root\\n', own) } })).toBe('free')
      // One that is listed and cannot be shown may be anybody's; one that has ended meanwhile is nobody's.
      const hidden = "case $1 in list-sessions) printf '7 1000 anna\\n' ;; *) exit 1 ;; esac"
      expect(await says({ bin: { who, loginctl: hidden } })).toBe('unknown: loginctl does not say whose session 7 is')
      const ended =
        "case $1 in list-sessions) [ -e /run/asked ] || printf '7 1000 anna\\n' ;; *) touch /run/asked; exit 1 ;; esac"
      expect(await says({ bin: { who, loginctl: ended } })).toBe('free')
    },
  )
})
