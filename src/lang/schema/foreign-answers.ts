import { DIAGNOSTIC } from './diagnostics.ts'
import { COUNT, closed, HEAD } from './forms.ts'

const IMPORTED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/inventory-imported/1',
  title: 'Imported inventory',
  description: 'What `till inventory import` answers with `--json`.',
  ...closed({
    schema: { const: 'till.inventory.imported/1' },
    file: { description: 'What was written, from the root of the repository.', type: 'string' },
    stores: COUNT,
    devices: COUNT,
    diagnostics: { description: 'What was not carried over.', type: 'array', items: DIAGNOSTIC },
  }),
}

const GRAPH: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/inventory-graph/1',
  title: 'Inventory graph',
  description: 'What `till inventory graph` answers with `--json`.',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'fleet', 'nodes'],
  properties: {
    schema: { const: 'till.inventory.graph/1' },
    fleet: { description: 'Name of the fleet.', type: 'string' },
    nodes: { description: 'The regions.', type: 'array', items: { $ref: '#/$defs/node' } },
  },
  $defs: {
    node: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'kind', 'about', 'children'],
      properties: {
        id: { description: 'Of a device, its full name.', type: 'string' },
        kind: { enum: ['region', 'store', 'device'] },
        about: { description: 'For people.', type: 'string' },
        by: {
          description: 'How it hangs on what is above it, unless it simply belongs to it.',
          enum: ['via', 'attached_to'],
        },
        children: { type: 'array', items: { $ref: '#/$defs/node' } },
      },
    },
  },
}

/** Answers about what comes from other tools and goes to them. */
export const FOREIGN_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  'inventory-imported': IMPORTED,
  'inventory-graph': GRAPH,
}
