import type { Module } from '../core/ports.ts'
import { assert } from './assert.ts'
import { command } from './command.ts'
import { config } from './config/config.ts'
import { facts } from './facts.ts'
import { file } from './file/file.ts'
import { packageModule } from './package/package.ts'
import { processModule } from './process.ts'
import { script } from './script.ts'
import { service } from './service/service.ts'
import { wait } from './wait.ts'

/** Every module there is, by its name in runbooks. One line each, in alphabetical order. */
export const MODULES: readonly Module[] = [
  assert,
  command,
  config,
  facts,
  file,
  packageModule,
  processModule,
  script,
  service,
  wait,
]
