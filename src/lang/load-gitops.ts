import type { Diagnostic } from '../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
import { type PlansSettings, readPlans } from './read-plans.ts'
import { readYamlFile } from './read-yaml-file.ts'
import { GITOPS_SCHEMA } from './schema/gitops.ts'
import { validate } from './validate.ts'

/** What gitops.yaml says, defaults filled in. Files are as written, relative to its folder. */
export interface GitopsSettings {
  readonly repository: string
  readonly branch: string
  readonly signers: string
  readonly revocations: string
  readonly paths: readonly {
    readonly path: string
    readonly signers?: readonly string[]
    readonly signatures: number
  }[]
  readonly merges: 'rebuilt' | 'signed'
  readonly forges: readonly string[]
  readonly gpg?: { readonly keys: string; readonly signers: Readonly<Record<string, string>> }
  readonly x509?: { readonly authorities: string; readonly revocations: string; readonly signers: readonly string[] }
  readonly login: {
    readonly key?: string
    readonly known_hosts?: string
    readonly token?: string
    readonly user: string
  }
  readonly fetchTimeoutMs: number
  /** Whose signature plans need on this machine; absent where it is not said. */
  readonly plans?: PlansSettings | undefined
}

const FETCH_TIMEOUT_MS = 300_000

/** Reads gitops.yaml; settings are absent when it has errors. */
export function loadGitops(file: string): {
  readonly settings?: GitopsSettings
  readonly diagnostics: readonly Diagnostic[]
} {
  const { parsed, diagnostics } = readYamlFile(file)
  if (!parsed || diagnostics.length > 0) return { diagnostics }
  const problems = validate(GITOPS_SCHEMA, parsed)
  if (problems.length > 0) return { diagnostics: problems }
  return { settings: settingsOf(parsed.value as JsonObject), diagnostics: [] }
}

function settingsOf(value: JsonObject): GitopsSettings {
  const text = (key: string, fallback = ''): string => (typeof value[key] === 'string' ? value[key] : fallback)
  const login = isMap(value['login']) ? value['login'] : {}
  const { gpg, x509 } = value
  return {
    repository: text('repository'),
    branch: text('branch', 'main'),
    signers: text('signers'),
    revocations: text('revocations'),
    paths: maps(value['paths']).map(({ path, signers, signatures }) => ({
      path: String(path),
      ...(Array.isArray(signers) && { signers: signers.map(String) }),
      signatures: typeof signatures === 'number' ? signatures : 1,
    })),
    merges: value['merges'] === 'signed' ? 'signed' : 'rebuilt',
    forges: Array.isArray(value['forges']) ? value['forges'].map(String) : [],
    ...(isMap(gpg) && { gpg: { keys: String(gpg['keys']), signers: gpg['signers'] as Record<string, string> } }),
    ...(isMap(x509) && {
      x509: {
        authorities: String(x509['authorities']),
        revocations: String(x509['revocations']),
        signers: x509['signers'] as string[],
      },
    }),
    login: { user: 'oauth2', ...(login as Record<string, string>) },
    fetchTimeoutMs: typeof value['fetch_timeout_ms'] === 'number' ? value['fetch_timeout_ms'] : FETCH_TIMEOUT_MS,
    plans: readPlans(value['plans']),
  }
}

function maps(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isMap) : []
}
