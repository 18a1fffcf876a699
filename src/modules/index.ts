import type { Module } from '../core/ports.ts'
import { assert } from './assert.ts'
import { command } from './command.ts'
import { facts } from './facts.ts'
import { packageModule } from './package/package.ts'
import { processModule } from './process.ts'
import { script } from './script.ts'
import { service } from './service/service.ts'
import { wait } from './wait.ts'

/** Every module there is, by its name in runbooks. One line each, in alphabetical order. */
export const MODULES: readonly Module[] = [assert, command, facts, packageModule, processModule, script, service, wait]
