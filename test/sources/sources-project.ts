import { appendFileSync } from 'node:fs'
import { TestProject } from '../cli/project.ts'

export const INVENTORY = `fleet: {name: Test, time_zone: Europe/Warsaw}
profiles:
  machine: {kind: till, os: {family: none}, transport: {type: none}}
regions: {north: {name: North}}
stores:
  PL-0001:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: 00:00-24:00}}
    link: {type: fibre}
    owner: {team: ops}
    devices:
      pos1: {profile: machine, address: 10.0.0.1}
      pos2: {profile: machine, address: 10.0.0.2}
`

export const RULES = `    device: event.till
    at: event.time
    kind: event.type
    rules:
      - {kinds: [OPEN], facts: {receipt_open: true}}
      - {kinds: [CLOSED], count: [receipts], marks: {last_receipt_at: about.at, receipt: event.number}, facts: {receipt_open: false}}
      - {kinds: [TEMP], samples: {temperature: double(event.value)}}
`

/** A repository with sources of events. */
export class SourcesProject extends TestProject {
  constructor(sources: string, more = '') {
    super({ 'inventory/fleet.yaml': INVENTORY })
    this.settings(sources, more)
  }

  settings(sources: string, more = ''): void {
    this.write('tillwright.yaml', `inventory: inventory\nrunbooks: runbooks\n${more}sources:\n${sources}`)
  }

  append(file: string, text: string): void {
    appendFileSync(this.path(file), text)
  }
}

export const event = (type: string, more: object = {}, at = new Date()): string =>
  `${JSON.stringify({ till: 'PL-0001/pos1', time: at.toISOString(), type, ...more })}\n`
