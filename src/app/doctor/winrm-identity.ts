import { type Result, SessionLost } from '../../core/failure.ts'
import type { ServiceIdentity } from '../../core/transport.ts'
import type { Check } from './windows-check.ts'

/** Releases of Windows that need a word, by the beginning of their version. */
const RELEASES: readonly (readonly [RegExp, string])[] = [
  [
    /^6\.1\./,
    'Windows 7, POSReady 7 or Server 2008 R2: it allows 5 shells and 15 operations at a time, and needs Windows Management Framework 5.1; what it lost an answer to is not asked again',
  ],
  [/^6\.2\./, 'Windows 8 or Server 2012: it needs Windows Management Framework 5.1'],
  [/^6\.3\./, 'Windows 8.1 or Server 2012 R2: it needs Windows Management Framework 5.1'],
]

/** Asks the WinRM service of a device what it is, before anything is started there. */
export function identityCheck(ask: () => Promise<Result<ServiceIdentity>>): Check {
  return {
    name: 'identify',
    about: 'The WinRM service says what it is, and that it is of Windows',
    run: async () => {
      const asked = await ask()
      if (asked.ok) return seen(asked.value)
      const { failure } = asked
      // What answers this question wrongly may still answer others; whom it cannot be put to has no session.
      if (failure.evidence?.['wsman_code'] === undefined) throw new SessionLost(failure)
      throw new Error(`${failure.code}: ${failure.message}`)
    },
  }
}

/** In one line; throws for what is not of Windows, or of one that is too old. */
function seen({ vendor, version, protocol, withoutLogin }: ServiceIdentity): string {
  const said = `${vendor}, ${version}, protocol ${protocol}; without a login: ${withoutLogin}`
  if (!/Microsoft/i.test(vendor)) throw new Error(`${said}. This is not the WinRM of Windows.`)
  const release = /OS: (\d+\.\d+\.\d+)/.exec(version)?.[1] ?? ''
  if (/^[1-5]\.|^6\.0\./.test(release)) throw new Error(`${said}. This Windows is too old for Windows PowerShell 5.1.`)
  const word = RELEASES.find(([pattern]) => pattern.test(release))?.[1]
  return word === undefined ? said : `${said}. ${word}`
}
