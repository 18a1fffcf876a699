import { fail, type Result } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { askHttp, type HttpSource, httpQuestion } from '../../devices/probe/ask-http.ts'
import {
  HTTP_STAGES,
  HTTP_STATES,
  type HttpAnswer,
  type HttpQuestion,
  httpSentence,
} from '../../devices/probe/http-answer.ts'
import { defineModule } from '../define.ts'
import { described, mapOf, number, numberOrNull, oneOf, text, textOrNull, truth } from '../value-schema.ts'
import { bodyText, type HttpExpectation, unmet } from './expectations.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 64 * 1024
/** As much of a body as later steps see. */
const SHOWN_CHARS = 4 * 1024

interface HttpParams extends HttpSource {
  readonly method?: 'GET' | 'HEAD'
  readonly from: 'controller' | 'device'
  readonly expect?: HttpExpectation
  readonly timeout_ms?: number
  readonly max_bytes?: number
  readonly insecure?: boolean
}

export const http = defineModule({
  name: 'http',
  summary: 'Checks what a URL answers, asked from the controller or from the device',
  systems: ['linux', 'windows', 'none'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['url', 'from'],
    properties: {
      url: {
        type: 'string',
        description: 'What is asked for.',
        pattern: '^https?://[^\\s]+$',
        examples: ['http://127.0.0.1:8080/health'],
      },
      method: { enum: ['GET', 'HEAD'], description: 'Default: GET. Others would change something.' },
      from: {
        enum: ['controller', 'device'],
        description:
          'Who asks. A device with Linux needs curl, or wget for plain questions; one with Windows speaks TLS 1.2 at most.',
      },
      headers: { type: 'object', additionalProperties: { type: 'string' }, description: 'Headers of the request.' },
      expect: {
        type: 'object',
        additionalProperties: false,
        description: 'What the answer must be. Default: a status from 200 to 299. Redirects are not followed.',
        properties: {
          status: {
            description: 'A status, or a list of those that are accepted.',
            anyOf: [
              { type: 'integer', minimum: 100, maximum: 599 },
              { type: 'array', minItems: 1, items: { type: 'integer', minimum: 100, maximum: 599 } },
            ],
          },
          body: { type: 'string', description: 'A regular expression that is found in the body.' },
          headers: {
            type: 'object',
            additionalProperties: { type: 'string' },
            description: 'Headers, each with a regular expression that is found in it.',
          },
          json: {
            type: 'object',
            additionalProperties: true,
            description: 'Paths such as db.0.state in a JSON body, each with the value that it has.',
          },
        },
      },
      timeout_ms: {
        type: 'integer',
        minimum: 100,
        maximum: 120000,
        description: 'For everything from the name to the last byte. Default: 10000.',
      },
      max_bytes: { type: 'integer', minimum: 0, maximum: 1048576, description: 'Of the body. Default: 65536.' },
      ca: { type: 'string', minLength: 1, description: 'A PEM file of certificates to trust, on the side that asks.' },
      insecure: {
        type: 'boolean',
        description: 'Accept any certificate. The answer then proves nothing about who gave it.',
      },
    },
  },
  paths: { ca: 'asked' },
  patterns: { 'expect.body': 'here', 'expect.headers.*': 'here' },
  validate,
  observe: (context, params) => observe(context, params as HttpParams),
  diff: (params, answer) => unmet((params as HttpParams).expect ?? {}, answer),
  valueSchema: mapOf({
    state: oneOf(HTTP_STATES, 'How it went.'),
    stage: oneOf(HTTP_STAGES, 'How far it came.'),
    url: text('What was asked for.'),
    status: numberOrNull('The status code; null where no answer came.'),
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Headers of the answer, names in small letters.',
    },
    body: textOrNull('The begin of its body; null where it is no text.'),
    truncated: truth('The body is longer than what is shown.'),
    times_ms: described(
      'How long each stage took that was passed.',
      mapOf({}, Object.fromEntries(HTTP_STAGES.map((stage) => [stage, number('Milliseconds.')]))),
    ),
    ms: number('How long all of it took.'),
    message: text('The same in a sentence.'),
  }),
  value: (answer, params) => shown(answer, params as HttpParams),
})

function validate(params: JsonObject): string | undefined {
  const { expect } = params
  if (typeof expect !== 'object' || expect === null) return undefined
  const { body, json } = expect as JsonObject
  const wantsBody = body !== undefined || json !== undefined
  return params['method'] === 'HEAD' && wantsBody ? 'An answer to HEAD has no body.' : undefined
}

async function observe(context: ModuleContext, params: HttpParams): Promise<Result<HttpAnswer>> {
  const question = questionOf(params)
  const invalid = validate(params as unknown as JsonObject) ?? whyInvalid(question)
  if (invalid !== undefined) return fail({ code: 'PARAMS_INVALID', phase: 'observe', message: invalid })
  return askHttp(context, params.from, question)
}

function questionOf(params: HttpParams): HttpQuestion {
  return httpQuestion(params, {
    method: params.method ?? 'GET',
    timeoutMs: params.timeout_ms ?? TIMEOUT_MS,
    maxBytes: params.max_bytes ?? MAX_BYTES,
    insecure: params.insecure ?? false,
  })
}

/** What no client could send. Names the header, not its value. */
function whyInvalid({ url, headers }: HttpQuestion): string | undefined {
  if (!URL.canParse(url)) return 'The URL cannot be read.'
  const name = Object.keys(headers).find((one) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(one))
  if (name !== undefined) return `"${name}" cannot be the name of a header.`
  const [broken] = Object.entries(headers).find(([, value]) => /[^\t\x20-\x7e\x80-\xff]/.test(value)) ?? []
  return broken === undefined ? undefined : `The header "${broken}" has a value that a header cannot have.`
}

function shown(answer: HttpAnswer, params: HttpParams): JsonValue {
  const text = answer.body && bodyText(answer)
  return {
    state: answer.state,
    stage: answer.stage,
    url: String(params.url),
    status: answer.status ?? null,
    headers: { ...answer.headers },
    body: text === undefined ? null : text.slice(0, SHOWN_CHARS),
    truncated: (answer.truncated ?? false) || (text !== undefined && text.length > SHOWN_CHARS),
    times_ms: { ...answer.timesMs },
    ms: answer.ms,
    message: httpSentence(answer, String(params.url)),
  }
}
