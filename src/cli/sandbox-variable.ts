const YES = ['1', 'true', 'y', 'yes', 'on']
const NO = ['0', 'false', 'n', 'no', 'off']

/**
 * Whether `TILL_SANDBOX` asks for the sandbox; false where it is not set. Undefined where it is neither yes nor no: whoever
 * thinks to play must not work on the real devices.
 */
export function wantsSandbox(env: Readonly<Record<string, string | undefined>>): boolean | undefined {
  const text = env['TILL_SANDBOX']?.trim().toLowerCase()
  if (text === undefined || NO.includes(text)) return false
  return YES.includes(text) ? true : undefined
}
