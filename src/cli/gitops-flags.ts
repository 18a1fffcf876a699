import { Flags } from '@oclif/core'

/** Where what is followed is kept. */
/** With `env` oclif would take a folder of the environment for one that was named, which excludes --here. */
export const folderFlag = Flags.string({
  description:
    'folder of what is followed: settings, mirror, record (default: TILL_GITOPS of the environment, else gitops in the state ' +
    'folder of the service, of the system for root, or of the user)',
  helpValue: 'FOLDER',
})
