import { Flags } from '@oclif/core'

/** Where what is followed is kept. */
export const folderFlag = Flags.string({
  description:
    'folder of what is followed: settings, mirror, record (default: gitops in the state folder of the service, of the system ' +
    'for root, or of the user)',
  env: 'TILL_GITOPS',
  helpValue: 'FOLDER',
})
