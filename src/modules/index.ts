import type { Module } from '../core/module.ts'
import { agent } from './agent/agent.ts'
import { assert } from './assert.ts'
import { certificate } from './certificate/certificate.ts'
import { clock } from './clock.ts'
import { collect } from './collect/collect.ts'
import { command } from './command.ts'
import { config } from './config/config.ts'
import { directory } from './directory/directory.ts'
import { disk } from './disk.ts'
import { dns } from './dns.ts'
import { facts } from './facts/facts.ts'
import { file } from './file/file.ts'
import { fiscal } from './fiscal/fiscal.ts'
import { http } from './http/http.ts'
import { local } from './local/local.ts'
import { log } from './log/log.ts'
import { packageModule } from './package/package.ts'
import { paymentTerminal } from './payment-terminal/payment-terminal.ts'
import { ping } from './ping.ts'
import { printer } from './printer/printer.ts'
import { processModule } from './process.ts'
import { reboot } from './reboot/reboot.ts'
import { receipts } from './receipts/receipts.ts'
import { registry } from './registry/registry.ts'
import { scheduledTask } from './scheduled-task/scheduled-task.ts'
import { script } from './script.ts'
import { service } from './service/service.ts'
import { spooler } from './spooler/spooler.ts'
import { tcp } from './tcp.ts'
import { vending } from './vending/vending.ts'
import { wait } from './wait.ts'

/** Every module there is, by its name in runbooks. One line each, in alphabetical order. */
export const MODULES: readonly Module[] = [
  agent,
  assert,
  certificate,
  clock,
  collect,
  command,
  config,
  directory,
  disk,
  dns,
  facts,
  file,
  fiscal,
  http,
  local,
  log,
  packageModule,
  paymentTerminal,
  ping,
  printer,
  processModule,
  reboot,
  receipts,
  registry,
  scheduledTask,
  script,
  service,
  spooler,
  tcp,
  vending,
  wait,
]
