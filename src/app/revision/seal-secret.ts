import { usageError } from '../../core/diagnostic.ts'
import { sealSecret } from '../../secrets/age.ts'

/** The reference that stands for a value in the inventory. Throws InputError when there is nothing to seal, or nobody to seal it for. */
export async function sealForInventory(value: string, recipients: readonly string[]): Promise<string> {
  if (recipients.length === 0) {
    throw usageError(
      'Nobody is named who may read the value',
      'Give --recipient age1…, or set secrets.age.recipients of tillwright.yaml.',
    )
  }
  if (value === '')
    throw usageError('There is no value on stdin', 'Pipe it in: printf %s "$value" | till secret encrypt …')
  const sealed = await sealSecret(value, recipients)
  if (sealed.ok) return sealed.value
  throw usageError(
    sealed.failure.message.replace(/\.$/, ''),
    'Public keys are what age-keygen prints; private ones begin with AGE-SECRET-KEY-1.',
  )
}
