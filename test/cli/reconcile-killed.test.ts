import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BASE_FILES, SignedRepository } from '../gitops/signed-repository.ts'
import { TILL } from '../peers/till.ts'
import { ended } from './project.ts'

let repository: SignedRepository
beforeEach(() => {
  repository = new SignedRepository()
})
afterEach(() => repository.remove())

/** More calls than a pull makes. */
const MOST_CALLS = 60

function startTill(args: readonly string[], path = process.env['PATH']) {
  const env = { ...process.env, TILL_GITOPS: repository.folder, NO_COLOR: '1', PATH: path }
  return spawn(process.execPath, [TILL, ...args], { cwd: repository.root, env })
}

/**
 * Reconciles with programs in the place of git and ssh-keygen, of which the call of number `at` kills till, before or behind what it
 * does. What that call was; undefined where it did not come to that.
 */
async function killedAt(at: number, when: 'before' | 'behind'): Promise<string | undefined> {
  const bin = join(repository.root, `${when}-${at}`)
  mkdirSync(bin)
  for (const name of ['git', 'ssh-keygen']) {
    const real = repository.run('sh', ['-c', `command -v ${name}`]).trim()
    const kill = `[ "$(wc -l < ${bin}/calls)" -eq ${at} ] && kill -9 "$(cat ${bin}/pid)"`
    const work =
      when === 'before' ? `${kill} && exit 1\nexec ${real} "$@"` : `${real} "$@"\nended=$?\n${kill}\nexit $ended`
    writeFileSync(join(bin, name), `#!/bin/sh\necho "$@" >> ${bin}/calls\n${work}\n`, { mode: 0o755 })
  }
  const child = startTill(['reconcile'], `${bin}:${process.env['PATH']}`)
  writeFileSync(join(bin, 'pid'), String(child.pid))
  await ended(child)
  if (child.signalCode === null) return undefined
  return readFileSync(join(bin, 'calls'), 'utf8').split('\n')[at - 1]
}

const inForce = (): string => JSON.parse(readFileSync(join(repository.folder, 'trusted.json'), 'utf8')).commit

test('killed at any call of git or ssh-keygen, a pull leaves a revision in force that is whole, and the next one goes on', async () => {
  const rules = 'paths: [{path: "inventory/**", signers: ["anna@example.com"]}]\n'
  const { base, follow } = await repository.begin(['anna'], rules)
  let number = 0
  let good = base
  /** A merge that nobody signed, so that all that git is asked for is asked. */
  const next = (): string => {
    const text = `${++number}`
    const files = made.get(good) ?? BASE_FILES
    const sides = ['left', 'right'].map((name) =>
      repository.commit({ parents: [good], files: { ...files, [name]: text }, sign: 'anna' }),
    )
    const both = { ...files, left: text, right: text }
    const tip = repository.push(repository.commit({ parents: sides, files: both, sign: undefined }))
    made.set(tip, both)
    return tip
  }
  const made = new Map<string, Readonly<Record<string, string>>>()
  const after = (tip: string): void => {
    expect([base, tip]).toContain(inForce())
    good = inForce()
  }
  let calls = 0
  const asked: string[] = []
  while (calls < MOST_CALLS && good === base) {
    let tip = next()
    const call = await killedAt(calls + 1, 'before')
    after(tip)
    if (call === undefined) break
    calls++
    asked.push(call)
    // What writes has done so by then.
    if (!/ (fetch|merge-tree|update-ref) /.test(call)) continue
    tip = next()
    await killedAt(calls, 'behind')
    after(tip)
  }
  for (const word of ['fetch', 'verify', 'merge-tree', 'diff-tree', 'ls-tree', 'update-ref'])
    expect(asked).toContainEqual(expect.stringContaining(`${word} `))
  const last = next()
  const { code, stdout } = await ended(startTill(['reconcile', '--json']))
  expect([code, JSON.parse(stdout).pull]).toEqual([0, expect.objectContaining({ in_force: last })])
  expect(readlinkSync(follow.paths.current)).toBe(`revisions/${last}`)
  expect(readFileSync(join(follow.paths.current, 'left'), 'utf8')).toBe(`${number}`)
}, 300_000)
