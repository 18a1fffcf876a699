import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fail, type Result, success } from '../../core/failure.ts'
import { Secret } from '../../core/secret.ts'
import { isPointerText, pointerFailure } from '../../files/lfs-pointer.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'

const NO_FILE =
  '`ssh-keygen -t ed25519` makes a key, whose public half goes to the devices; or name another file in `keys` of the inventory.'

/** Reads files of keys and certificates, each of them once. */
export function keyFiles(root: string): (path: string) => Promise<Result<Secret>> {
  const keys = new Map<string, Promise<Result<Secret>>>()
  return (path) => {
    const file = keyFile(path, root)
    let content = keys.get(file)
    if (!content) {
      content = readKey(file)
      keys.set(file, content)
    }
    return content
  }
}

/** Where a file of a key or certificate lies that the inventory or tillwright.yaml names. */
export function keyFile(path: string, root: string): string {
  const home = path.replace(/^~(?=\/)/, homedir())
  return isAbsolute(home) ? home : join(root, home)
}

/** The same with the file of its authorities, if it names one, where that lies. */
export function withAuthority<To extends { readonly ca?: string }>(to: To, root: string): To {
  return to.ca === undefined ? to : { ...to, ca: keyFile(to.ca, root) }
}

async function readKey(file: string): Promise<Result<Secret>> {
  try {
    const text = readRegular(file, MOST_BYTES.secret).toString('utf8')
    return isPointerText(text) ? fail(pointerFailure(file)) : success(new Secret(text))
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    const code = 'AUTHENTICATE_KEY_INVALID'
    if (reason === 'ENOENT')
      return fail({ code, phase: 'resolve', message: `There is no key or certificate "${file}" here.`, hint: NO_FILE })
    return fail({ code, phase: 'resolve', message: `The key or certificate "${file}" cannot be read: ${reason}.` })
  }
}
