import { describe, expect, it } from 'vitest'
import { WINDOWS_CHECKS } from '../../src/app/doctor/windows-checks.ts'
import { MODULES } from '../../src/modules/index.ts'
import { openPowerShell } from '../../src/shell/powershell-channel.ts'
import { device } from '../engine/bench.ts'
import { someContext } from '../modules/some-context.ts'
import { DEADLINES } from '../peers/targets.ts'
import { type Answering, WindowsDevice } from '../shell/powershell/windows-device.ts'

/** How a Windows without a fault would answer what is not a module's. */
const healthy: Answering = ({ name, values, keepBytes }) => {
  const about = {
    version: '5.1',
    mode: 'FullLanguage',
    user: 'KASA\\till',
    elevated: true,
    page: '852',
    culture: 'pl-PL',
  }
  if (name === 'doctor.about') return { stdout: JSON.stringify(about) }
  if (name === 'doctor.text') return { stdout: `${values['text']}\n${String(values['text']).toUpperCase()}\n` }
  if (name === 'doctor.user-script') return { exitCode: 7, stdout: 'kasa ż\r\n', stderr: 'nie ma' }
  if (name === 'doctor.program') return { stdout: '[a b] [c"d\\] [] ' }
  if (name === 'doctor.hang') return values['look'] ? { stdout: '0\n' } : { how: 'late', exitCode: 124 }
  if (name === 'doctor.large') return { stdout: `${'x'.repeat(109)}\n`.repeat(10_000).slice(0, keepBytes) }
  if (name === 'doctor.shells') return { stdout: '1\n' }
  if (name === 'doctor.flood') return { stdout: 'y'.repeat(5_000) }
  return { exitCode: 1, stderr: `nothing is known of ${name}` }
}

function check(name: string, answer: Answering): Promise<string> {
  const windows = new WindowsDevice({ answer })
  const shell = openPowerShell({ connection: windows.connection, deadlines: DEADLINES })
  const found = WINDOWS_CHECKS.find((one) => one.name === name)
  if (!found) throw new Error(`there is no check ${name}`)
  const { store } = someContext(shell)
  return found.run({ shell, store, device: device('PL-0001/pos1', { os: { family: 'windows' } }) })
}

describe('the checks of a Windows device', () => {
  it.each(['powershell', 'text', 'user-script', 'program', 'deadline', 'output', 'chain', 'shells'])(
    '%s holds',
    async (name) => {
      expect(await check(name, healthy)).not.toBe('')
    },
  )

  it.each([
    ['powershell', { stdout: '{"mode":"ConstrainedLanguage"}' }, 'AppLocker'],
    ['powershell', { stdout: '{"mode":"FullLanguage","elevated":false}' }, 'LocalAccountTokenFilterPolicy'],
    ['powershell', { stdout: '{"mode":"FullLanguage","elevated":true,"narrow":true}' }, 'of 32 bits'],
    ['text', { stdout: 'Za????\n' }, 'came back for'],
    ['user-script', { exitCode: 0 }, 'not 7'],
    ['deadline', { stdout: 'done' }, 'was not ended'],
    ['output', { stdout: 'x' }, '1 of 1100000 bytes'],
    ['shells', { stdout: '12\n' }, 'Remove-WSManInstance'],
    ['chain', { exitCode: 3 }, 'ended with 3'],
    ['module facts', { exitCode: 1, stderr: 'Odmowa' }, 'Odmowa'],
    ['module service', { stdout: 'no JSON' }, 'is not JSON'],
    ['module collect', { exitCode: 1, stderr: 'Odmowa' }, 'could not be read'],
    ['guard file', { stdout: 'free\n' }, 'It says free.'],
    ['guard log', { exitCode: 1, stderr: 'Odmowa' }, 'It says unknown: it ended with exit code 1: Odmowa.'],
  ])('%s says what is wrong with %j', async (name, answer, said) => {
    await expect(check(name, () => answer)).rejects.toThrow(said)
  })

  it('look at what modules and guards read', () => {
    const names = new Set(WINDOWS_CHECKS.map(({ name }) => name))
    const modules = MODULES.filter(({ systems }) => systems.includes('windows')).map(({ name }) => `module ${name}`)
    // Whether there is something to print, to sell or to watch, no check can know.
    const own = ['agent', 'fiscal', 'payment_terminal', 'printer', 'vending', 'local', 'assert', 'script', 'file']
    expect(modules.filter((name) => !names.has(name)).map((name) => name.slice(7))).toEqual(own.sort())
    expect([...names].filter((name) => name.startsWith('guard '))).toHaveLength(5)
  })

  it('have names of their own, but for modules that are looked at twice', () => {
    const names = WINDOWS_CHECKS.map(({ name }) => name).filter((name) => !name.startsWith('module '))
    expect(new Set(names).size).toBe(names.length)
  })
})
