import { described, listOf, mapOf, number, numberOrNull, text, textOrNull } from '../value-schema.ts'

/** JSON Schema of what `facts` shows; what the device does not tell is null. */
export const FACTS_VALUE = mapOf(
  {
    os: described(
      'Its system.',
      mapOf(
        {
          id: textOrNull('`debian`, `alpine`, `windows`.'),
          version: textOrNull('Its version.'),
          name: textOrNull('Its full name.'),
        },
        { edition: text('Windows: which edition.') },
      ),
    ),
    kernel: textOrNull('The version of the kernel.'),
    architecture: textOrNull('Of its processor, in the words of the system.'),
    hostname: textOrNull('How it calls itself.'),
    machine_id: textOrNull('/etc/machine-id, or the MachineGuid of Windows.'),
    uptime_seconds: numberOrNull('How long it has been up.'),
    memory: described(
      'Its memory.',
      mapOf({
        total_bytes: numberOrNull('What it has.'),
        available_bytes: numberOrNull('What programs can still have.'),
      }),
    ),
    cpus: numberOrNull('Processors.'),
    addresses: listOf(
      mapOf({ interface: text('The card.'), address: text('The address.') }),
      'Without loopback and link-local ones.',
    ),
    disks: listOf(
      mapOf({
        mount: text('Where it is mounted.'),
        size_bytes: number('Its size.'),
        free_bytes: number('What is free.'),
      }),
      'Its disks.',
    ),
    init: textOrNull('What starts services.'),
    package_manager: textOrNull('What looks after packages.'),
    pending_reboot: described(
      'Whether it wants to be restarted.',
      mapOf({
        needed: {
          type: ['boolean', 'null'],
          description: 'null where it does not say.',
        },
        reasons: listOf({ type: 'string' }, 'Why.'),
      }),
    ),
  },
  {
    powershell: text('Windows: the version of PowerShell.'),
    hotfixes: {
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'Windows: installed updates, with `hotfixes: true`.',
    },
  },
)
