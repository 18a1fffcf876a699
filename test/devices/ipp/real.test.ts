import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readIpp } from '../../../src/devices/ipp/client.ts'
import { readCups } from '../../../src/devices/ipp/cups-client.ts'
import type { PrinterReading } from '../../../src/devices/printer/reading.ts'
import { dialHere } from '../../peers/dial.ts'
import { asking } from '../../peers/imitated-printers.ts'
import {
  hasCups,
  hasIppPrinter,
  hasPrinterApplication,
  makeQueue,
  type PrintServer,
  startCups,
  startIppPrinter,
  startPrinterApplication,
} from '../../peers/print-servers.ts'

/** Asks until a reading is as expected; the last one says why if it never is. */
async function eventually(
  read: () => Promise<PrinterReading>,
  isSo: (reading: PrinterReading) => boolean,
): Promise<PrinterReading> {
  const end = Date.now() + 15_000
  for (;;) {
    const reading = await read()
    if (isSo(reading) || Date.now() > end) return reading
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const names = (reading: PrinterReading): string[] => reading.conditions.map(({ name }) => name)

describe.runIf(hasIppPrinter)('an IPP Everywhere printer', { timeout: 40_000 }, () => {
  let printer: PrintServer
  beforeAll(async () => {
    printer = await startIppPrinter('Store 0001 Office')
  }, 40_000)
  afterAll(() => printer?.stop())

  const read = async (tls = false): Promise<PrinterReading> => {
    const reading = await readIpp(dialHere, { host: 'localhost', port: printer.port, tls }, asking())
    if (!reading.ok) throw new Error(reading.failure.message)
    return reading.value
  }
  const print = (job: string): void => {
    const file = join(printer.folder, 'job.txt')
    writeFileSync(file, job)
    const uri = `ipp://localhost:${printer.port}/ipp/print`
    const args = ['-T', '5', '-f', file, '-d', 'filetype=text/plain', uri, 'print-job.test']
    execFileSync('ipptool', args, { stdio: 'ignore', timeout: 10_000 })
  }

  it('is ready when it is well', async () => {
    const reading = await read()
    expect(reading).toMatchObject({ answered: 'yes', ready: 'yes', line: 'open', queue: { depth: 0 } })
    expect(names(reading)).toEqual([])
    const states = reading.supplies?.map(({ state }) => state)
    // Its waste tank does not say from which level on it is full.
    expect(states).toEqual([undefined, 'ok'])
  })

  it('says what is in its way, and is well again when that is gone', async () => {
    print('STATE: +media-jam,cover-open\n')
    const sick = await eventually(read, (reading) => reading.conditions.length > 0)
    expect(names(sick).sort()).toEqual(['cover-open', 'paper-jam'])
    expect(sick.ready).toBe('no')
    print('STATE: -media-jam,cover-open\n')
    expect(await eventually(read, (reading) => reading.ready === 'yes')).toMatchObject({ conditions: [] })
  })

  it('has toner that runs low, and a waste tank of which nobody knows how full it is', async () => {
    await fetch(`http://localhost:${printer.port}/supplies?supply0=98&supply1=3`)
    const reading = await eventually(read, ({ conditions }) => conditions.length > 0)
    expect(names(reading)).toEqual(expect.arrayContaining(['toner-low']))
    expect(reading.supplies?.map(({ state }) => state)).toEqual([undefined, 'low'])
    expect(reading.ready).toBe('yes')
    await fetch(`http://localhost:${printer.port}/supplies?supply0=20&supply1=80`)
  })
})

describe.runIf(hasIppPrinter)('a printer that is at work without paper', { timeout: 60_000 }, () => {
  it('may wait for somebody, and is stuck when its job is old', async () => {
    const printer = await startIppPrinter('Store 0003 Office')
    try {
      const read = async (stuckAfterSeconds: number): Promise<PrinterReading> => {
        const place = { host: 'localhost', port: printer.port, stuckAfterSeconds }
        const reading = await readIpp(dialHere, place, asking())
        if (!reading.ok) throw new Error(reading.failure.message)
        return reading.value
      }
      const file = join(printer.folder, 'job.txt')
      writeFileSync(file, 'STATE: +media-empty-warning\nHOLD: 20\n')
      const uri = `ipp://localhost:${printer.port}/ipp/print`
      const args = ['-T', '5', '-f', file, '-d', 'filetype=text/plain', uri, 'print-job.test']
      execFileSync('ipptool', args, { stdio: 'ignore', timeout: 10_000 })
      const isAtWork = ({ conditions, more }: PrinterReading): boolean =>
        conditions.length > 0 && more?.['state'] === 'processing'
      const young = await eventually(() => read(600), isAtWork)
      expect(young).toMatchObject({ ready: 'unknown', more: { state: 'processing' } })
      const old = await eventually(
        () => read(2),
        (reading) => names(reading).includes('queue-stuck'),
      )
      expect(old.ready).toBe('no')
    } finally {
      await printer.stop()
    }
  })
})

describe.runIf(hasCups)('queues of CUPS', { timeout: 40_000 }, () => {
  let cups: PrintServer & { lp(queue: string, text: string): void }
  beforeAll(async () => {
    cups = await startCups()
    makeQueue(cups, 'dead', 'socket://127.0.0.1:9')
    makeQueue(cups, 'idle', 'socket://127.0.0.1:9')
    makeQueue(cups, 'filed', 'file:///dev/null')
  }, 40_000)
  afterAll(() => cups?.stop())

  const read = async (queue: string, stuckAfterSeconds?: number): Promise<PrinterReading> => {
    const place = {
      host: '127.0.0.1',
      port: cups.port,
      queue,
      ...(stuckAfterSeconds !== undefined && { stuckAfterSeconds }),
    }
    const reading = await readCups(dialHere, place, asking())
    if (!reading.ok) throw new Error(reading.failure.message)
    return reading.value
  }

  it('are not ready because they are idle', async () => {
    expect(await read('idle')).toMatchObject({ answered: 'yes', ready: 'unknown', conditions: [], queue: { depth: 0 } })
  })

  it('are stuck by the age of their oldest job, whatever their state says', async () => {
    cups.lp('dead', 'a receipt')
    const young = await eventually(
      () => read('dead'),
      (reading) => /may not exist/.test(String(reading.more?.['message'])),
    )
    expect(young).toMatchObject({ ready: 'unknown', conditions: [], queue: { depth: 1 } })
    expect(young.more).toMatchObject({ state: 'processing', reasons: ['none'] })
    const old = await eventually(
      () => read('dead', 2),
      (reading) => reading.conditions.length > 0,
    )
    expect(old.ready).toBe('no')
    expect(old.conditions).toEqual([
      { name: 'queue-stuck', evidence: expect.stringMatching(/waited for \d+ s; .*may not exist/) },
    ])
  })

  it('that write into a file complete their jobs, which is no evidence', async () => {
    cups.lp('filed', 'a receipt')
    const reading = await eventually(
      () => read('filed'),
      ({ more }) => more?.['last_job_completed'] === true,
    )
    expect(reading).toMatchObject({ ready: 'unknown', more: { last_job_completed: true } })
    expect(reading.detail).toMatch(/says nothing/)
  })

  it('are paused when somebody disabled them', async () => {
    execFileSync('/usr/sbin/cupsdisable', ['-h', `127.0.0.1:${cups.port}`, 'idle'], { timeout: 10_000 })
    const reading = await read('idle')
    expect(reading.ready).toBe('no')
    expect(names(reading)).toEqual(['paused'])
  })

  it.runIf(existsSync('/usr/bin/ipptool'))('that hold new jobs are not ready, however idle they are', async () => {
    makeQueue(cups, 'holding', 'socket://127.0.0.1:9')
    const args = ['-h', `127.0.0.1:${cups.port}`, '--hold', 'holding']
    execFileSync('/usr/sbin/cupsdisable', args, { stdio: 'ignore', timeout: 10_000 })
    const reading = await read('holding')
    expect(reading).toMatchObject({ ready: 'unknown', more: { state: 'idle' } })
    expect(names(reading)).toEqual(['queue-stuck'])
    const file = join(cups.folder, 'held.txt')
    writeFileSync(file, 'held\n')
    const uri = `ipp://127.0.0.1:${cups.port}/printers/holding`
    const job = ['-T', '5', '-f', file, '-d', 'filetype=text/plain', uri, 'print-job.test']
    execFileSync('ipptool', job, { stdio: 'ignore', timeout: 10_000 })
    expect(await read('holding')).toMatchObject({ ready: 'unknown', queue: { depth: 1 } })
    const old = await eventually(
      () => read('holding', 1),
      ({ ready }) => ready === 'no',
    )
    expect(names(old)).toEqual(['queue-stuck'])
  })

  it('that are not there are unknown, not sick', async () => {
    expect(await read('nobody')).toMatchObject({
      answered: 'unknown',
      detail: expect.stringMatching(/no such printer or queue/),
    })
  })
})

describe.runIf(hasCups && hasIppPrinter)('a driverless queue', { timeout: 60_000 }, () => {
  it('is ready when its last job came out of the printer', async () => {
    const printer = await startIppPrinter('Store 0002 Office')
    const cups = await startCups()
    try {
      makeQueue(cups, 'office', `ipp://localhost:${printer.port}/ipp/print`, 'everywhere')
      cups.lp('office', 'a page')
      const read = async (): Promise<PrinterReading> => {
        const reading = await readCups(dialHere, { host: '127.0.0.1', port: cups.port, queue: 'office' }, asking())
        if (!reading.ok) throw new Error(reading.failure.message)
        return reading.value
      }
      const reading = await eventually(read, ({ ready }) => ready === 'yes')
      expect(reading).toMatchObject({ ready: 'yes', queue: { depth: 0 }, more: { last_job_completed: true } })
    } finally {
      await cups.stop()
      await printer.stop()
    }
  })
})

describe.runIf(hasPrinterApplication)('a printer application before a device that is dead', { timeout: 60_000 }, () => {
  it('is not ready because it is idle, and is not when its job stands', async () => {
    const labels = await startPrinterApplication('labels')
    try {
      const place = { host: '127.0.0.1', port: labels.port, path: '/ipp/print/labels' }
      const read = async (stuckAfterSeconds = 600): Promise<PrinterReading> => {
        const reading = await readIpp(dialHere, { ...place, stuckAfterSeconds }, asking())
        if (!reading.ok) throw new Error(reading.failure.message)
        return reading.value
      }
      expect(await read()).toMatchObject({ answered: 'yes', ready: 'unknown', conditions: [], queue: { depth: 0 } })
      const file = join(labels.folder, 'label.zpl')
      writeFileSync(file, '^XA^XZ\n')
      const uri = `ipp://127.0.0.1:${labels.port}/ipp/print/labels`
      const args = ['-T', '5', '-f', file, '-d', 'filetype=application/vnd.zebra-zpl', uri, 'print-job.test']
      execFileSync('ipptool', args, { stdio: 'ignore', timeout: 10_000 })
      const stuck = await eventually(
        () => read(2),
        ({ conditions }) => conditions.some(({ name }) => name === 'queue-stuck'),
      )
      expect(stuck).toMatchObject({ ready: 'no', queue: { depth: 1 } })
      expect(names(stuck)).toContain('queue-stuck')
    } finally {
      await labels.stop()
    }
  })
})
