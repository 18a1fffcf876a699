import { Flags } from '@oclif/core'

/**
 * Where what is followed is kept. The environment is asked by `gitopsFolder`: with `env` oclif would take it for a flag that was given,
 * which excludes --here.
 */
export const folderFlag = Flags.string({
  description:
    'folder of what is followed: settings, mirror, record (default: TILL_GITOPS of the environment, else gitops in the state ' +
    'folder of the service, of the system for root, or of the user)',
  helpValue: 'FOLDER',
})
