import { createHash } from 'node:crypto'
import { EXIT } from '../../devices/file/replacement.ts'
import { type Given, json, type StandIn, Stop } from './answering.ts'
import { runText } from './programs.ts'
import type { WindowsMachine } from './windows-machine.ts'

const ADMINISTRATORS = 'BUILTIN\\Administrators'
const SIDS: Readonly<Record<string, string>> = {
  [ADMINISTRATORS.toLowerCase()]: 's-1-5-32-544',
  administrators: 's-1-5-32-544',
  'nt authority\\system': 's-1-5-18',
  system: 's-1-5-18',
}

const read: StandIn = (machine, given) => {
  const { files } = machine
  const path = given.text('path')
  const seen = {
    kind: 'absent',
    real: path,
    link: '',
    owner: '',
    size: 0,
    sum: '',
    content: null,
    age: null,
    trouble: '',
  }
  if (!/^[A-Za-z]:[\\/]/.test(path)) return json({ ...seen, trouble: 'it is not an absolute path of Windows' })
  const real = files.fullPath(path)
  const kind = /^c:/i.test(real) ? files.kindOf(real) : 'absent'
  if (kind === 'absent') return json({ ...seen, real })
  const owner = ownerOf(machine, real)
  const shown = sameOwner(owner, given.text('owner')) ? given.text('owner') : owner
  if (kind === 'directory') return json({ ...seen, real, kind, owner: shown })
  const about = { ...seen, real, kind, owner: shown, size: files.sizeOf(real) }
  if (!given.flag('wants')) return json(about)
  const bytes = files.read(real)
  const sum = sha256(bytes)
  const isSent = bytes.length <= given.number('send_bytes') && given.text('known') !== `sha256:${sum}`
  return json({ ...about, sum, content: isSent ? bytes.toString('base64') : null })
}

const replace: StandIn = (machine, given) => {
  const { files } = machine
  const temp = given.text('temp')
  try {
    putInPlace(machine, given)
  } finally {
    if (files.kindOf(temp) === 'file') files.remove(temp)
  }
  return {}
}

function putInPlace(machine: WindowsMachine, given: Given): void {
  const { files } = machine
  const [path, temp] = [given.text('path'), given.text('temp')]
  if (files.kindOf(path) === 'directory') throw new Stop(EXIT.directory, 'a directory is in the way')
  const folder = files.fullPath(path).replace(/[^\\]*$/, '')
  if (files.kindOf(folder) !== 'directory') throw new Stop(EXIT.noFolder, `${folder}: no such directory`)
  if (!given.flag('uploaded')) files.write(temp, Buffer.from(given.text('content'), 'utf8'))
  const size = files.sizeOf(temp)
  if (size !== given.number('bytes')) {
    throw new Stop(EXIT.incomplete, `only ${size} of ${given.number('bytes')} bytes could be written`)
  }
  validate(machine, given)
  const isThere = files.kindOf(path) === 'file'
  const now = isThere ? `sha256:${sha256(files.read(path))}` : 'absent'
  const expected = given.text('expected')
  if (expected !== 'any' && expected !== now) throw new Stop(EXIT.moved, 'it was changed meanwhile')
  if (isThere && given.flag('backup')) files.move(path, `${path}.till-backup`)
  files.move(temp, path)
  if (given.text('owner') !== '') setOwner(machine, path, given.text('owner'))
}

function validate(machine: WindowsMachine, given: Given): void {
  const text = given.text('validate')
  if (text === '') return
  const { exitCode = 0, stdout = '', stderr = '' } = runText(machine, text, { file: given.text('temp') })
  if (exitCode === 0) return
  throw new Stop(EXIT.refused, `${String(stderr)}${String(stdout)}`.trim().concat(`\nexit code ${exitCode}`))
}

const own: StandIn = (machine, given) => {
  setOwner(machine, given.text('path'), given.text('owner'))
  return {}
}

const remove: StandIn = (machine, given) => {
  const { files } = machine
  const path = given.text('path')
  if (files.kindOf(path) === 'directory') throw new Stop(1, 'a directory is in the way')
  if (files.kindOf(path) === 'file' && given.flag('backup')) files.move(path, `${path}.till-backup`)
  else files.remove(path)
  return {}
}

const directory: StandIn = (machine, given) => {
  const { files } = machine
  const path = given.text('path')
  if (given.text('state') !== 'absent') {
    files.makeFolder(path)
    if (given.text('owner') !== '') setOwner(machine, path, given.text('owner'))
    return {}
  }
  if (given.text('recurse') !== 'yes' && files.list(path).length > 0) throw new Stop(1, 'The directory is not empty.')
  files.remove(path)
  return {}
}

function ownerOf(machine: WindowsMachine, path: string): string {
  return machine.state.owners[path.toLowerCase()] ?? ADMINISTRATORS
}

function setOwner(machine: WindowsMachine, path: string, owner: string): void {
  const real = machine.files.fullPath(path)
  machine.change(({ owners }) => {
    owners[real.toLowerCase()] = owner
  })
}

function sameOwner(one: string, other: string): boolean {
  const sid = (account: string): string => SIDS[account.toLowerCase()] ?? account.toLowerCase()
  return sid(one) === sid(other)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export const FILE_STAND_INS: Readonly<Record<string, StandIn>> = {
  'file.read': read,
  'file.replace': replace,
  'file.owner': own,
  'file.remove': remove,
  'directory.converge': directory,
}
