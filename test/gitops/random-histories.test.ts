import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BASE_FILES, pulled, SignedRepository } from './signed-repository.ts'

/** More of them: TILL_HISTORIES=1000 TILL_SEED=1 npx vitest run test/gitops/random-histories.test.ts */
const HISTORIES = Number(process.env['TILL_HISTORIES'] ?? 6)
const SEED = Number(process.env['TILL_SEED'] ?? 20_261)

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Made {
  readonly id: string
  readonly files: Readonly<Record<string, string>>
  /** By how it was made: it and everything that it stands on is as the policy wants it. */
  readonly good: boolean
}

const SIGNERS = ['anna', 'jan'] as const
const BAD = ['eve', undefined, 'tampered', 'wrong-namespace'] as const

/** What a commit is signed with, and whether that is good for the path that it changes. */
function signing(repository: SignedRepository, random: () => number, isSecret: boolean) {
  if (random() < 0.82) {
    const who = SIGNERS[Math.floor(random() * SIGNERS.length)] ?? 'anna'
    return { sign: who, good: !isSecret || who === 'anna' } as const
  }
  const how = BAD[Math.floor(random() * BAD.length)]
  if (how === 'tampered')
    return { sign: (text: string) => repository.signature(repository.key('anna'), `${text}x`), good: false }
  if (how === 'wrong-namespace')
    return { sign: (text: string) => repository.signature(repository.key('anna'), text, 'file'), good: false }
  return { sign: how, good: false }
}

function grow(repository: SignedRepository, random: () => number, from: Made, n: number): Made {
  const isSecret = random() < 0.15
  const path = isSecret ? 'secret/x' : `open/${Math.floor(random() * 6)}-${n}`
  const files = { ...from.files, [path]: `${n} ${random()}` }
  const { sign, good } = signing(repository, random, isSecret)
  return { id: repository.commit({ parents: [from.id], files, sign }), files, good: from.good && good }
}

/** A merge of two lines that never touch the same path; what it holds is what git makes, or something more. */
function merge(repository: SignedRepository, random: () => number, [ours, theirs]: readonly [Made, Made]): Made {
  const isEvil = random() < 0.2
  const files = { ...theirs.files, ...ours.files, ...(isEvil && { 'open/evil': `${random()}` }) }
  const isSigned = random() < 0.5
  const sign = isSigned ? 'jan' : undefined
  const good = ours.good && theirs.good && (isSigned || !isEvil)
  return { id: repository.commit({ parents: [ours.id, theirs.id], files, sign }), files, good }
}

test(`of ${HISTORIES} random histories no untrusted one is in force, and no trusted one is refused (seed ${SEED})`, async () => {
  for (let history = 0; history < HISTORIES; history++) {
    const random = randomFrom(SEED + history)
    const repository = new SignedRepository()
    const told = `seed ${SEED + history}`
    try {
      const { base, follow } = await repository.begin(
        ['anna', 'jan'],
        'paths: [{path: "secret/**", signers: [anna@example.com]}]\n',
      )
      let trusted: Made = { id: base, files: BASE_FILES, good: true }
      let n = 0
      for (let round = 0; round < 3; round++) {
        let tip = trusted
        // A line beside it that has secret/x of its own would conflict: only one of both changes it.
        for (let step = 0; step < 1 + Math.floor(random() * 3); step++) tip = grow(repository, random, tip, n++)
        if (random() < 0.6) {
          const side = growOpen(repository, random, trusted, n++)
          tip = merge(repository, random, [tip, side])
        }
        repository.push(tip.id)
        const { outcome, kinds } = await pulled(follow)
        expect([told, round, outcome, kinds.length > 0]).toEqual([
          told,
          round,
          tip.good ? 'advanced' : 'refused',
          !tip.good,
        ])
        if (tip.good) trusted = tip
        const inForce = JSON.parse(readFileSync(join(follow.folder, 'trusted.json'), 'utf8')).commit
        expect([told, inForce]).toEqual([told, trusted.id])
        for (const path of Object.keys(trusted.files)) expect(existsSync(join(follow.paths.current, path))).toBe(true)
      }
    } finally {
      await repository.remove()
    }
  }
}, 3_600_000)

/** As `grow`, never at the path that both lines would change. */
function growOpen(repository: SignedRepository, random: () => number, from: Made, n: number): Made {
  const files = { ...from.files, [`side/${n}`]: `${random()}` }
  const { sign, good } = signing(repository, random, false)
  return { id: repository.commit({ parents: [from.id], files, sign }), files, good: from.good && good }
}
