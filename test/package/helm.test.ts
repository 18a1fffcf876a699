import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse as render } from '@evertdespiegeleer/go-template'
import { Ajv } from 'ajv'
import { validate as isDeployment } from 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment'
import { validate as isService } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service'
import { validate as isNetworkPolicy } from 'kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy'
import { validate as isDisruptionBudget } from 'kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { TestProject } from '../cli/project.ts'

const CHART = fileURLToPath(new URL('../../packaging/helm/tillwright/', import.meta.url))
const read = (name: string): string => readFileSync(`${CHART}${name}`, 'utf8')

interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly securityContext: object
  readonly resources: { readonly requests: object; readonly limits: object }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Pod {
  readonly securityContext: object
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly { readonly name: string }[]
}

interface Labels {
  readonly [name: string]: string
}

interface Workload {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly replicas: number
    readonly selector: { readonly matchLabels: Labels }
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod }
  }
}

/** By the schemas of Kubernetes. */
const KINDS: Readonly<Record<string, { (data: unknown): boolean; errors?: unknown }>> = {
  Deployment: isDeployment,
  Service: isService,
  NetworkPolicy: isNetworkPolicy,
  PodDisruptionBudget: isDisruptionBudget,
}

const DEFAULTS = parse(read('values.yaml'))
const NEEDED = {
  state: { secret: { name: 'state', key: 'address' }, caSecret: '' },
  repository: { ...DEFAULTS.repository, url: 'https://git.example/chain.git' },
}
const FULL = {
  ...DEFAULTS,
  state: { secret: { name: 'state', key: 'url' }, caSecret: 'state-ca' },
  repository: { url: 'ssh://git@git.example/chain.git', branch: 'live', sshSecret: 'deploy-key', existingClaim: '' },
  environmentSecrets: ['alerts', 'printers'],
  keysSecret: 'device-keys',
  workers: [
    { name: 'hub-waw', serve: 'region:mazowieckie,kind:till', slots: 200, replicas: 1, tokenSecret: 'hub-waw' },
    { name: 'rest', slots: 50, replicas: 3 },
  ],
  networkPolicy: {
    enabled: true,
    fromNamespaces: [{ 'kubernetes.io/metadata.name': 'ingress' }],
    toNetworks: ['10.0.0.0/8'],
  },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
}
const CASES: readonly (readonly [string, Record<string, unknown>])[] = [
  ['what is needed alone', { ...DEFAULTS, ...NEEDED }],
  ['all of it', FULL],
  ['a claim, and no workers', { ...FULL, repository: { existingClaim: 'chain' }, workers: [] }],
  ['no policy of networks', { ...DEFAULTS, ...NEEDED, networkPolicy: { enabled: false } }],
]

const isValues = new Ajv({ strict: false }).compile(JSON.parse(read('values.schema.json')))

/** What Helm sends to Kubernetes, rendered by the template engine that is in it. */
async function rendered(values: object): Promise<readonly Workload[]> {
  const chart = parse(read('Chart.yaml'))
  const scope = {
    Values: values,
    Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
    Release: { Name: 'chain', Service: 'Helm', Namespace: 'shops' },
  }
  const files = readdirSync(`${CHART}templates`).filter((name) => name.endsWith('.yaml'))
  const texts = await Promise.all(
    files.map((name) => render(`${read('templates/_helpers.tpl')}${read(`templates/${name}`)}`, scope)),
  )
  const documents = texts.flatMap((text) => parseAllDocuments(text) as ReturnType<typeof parseAllDocuments> & unknown[])
  return documents.flatMap((document) => {
    const { errors } = document as { errors: readonly unknown[] }
    expect(errors).toEqual([])
    const value = (document as { toJS(): Workload | null }).toJS()
    return value === null ? [] : [value]
  })
}

describe('the Helm chart', () => {
  test.each(CASES)('makes what Kubernetes takes of %s', async (_name, values) => {
    expect([isValues(values), isValues.errors]).toEqual([true, null])
    const objects = await rendered(values)
    expect(objects.length).toBeGreaterThan(2)
    for (const object of objects) {
      const check = KINDS[object.kind]
      expect([object.metadata.name, check?.(object), check?.errors]).toEqual([object.metadata.name, true, null])
    }
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('is refused where something is missing or misspelt', async () => {
    expect(isValues(DEFAULTS), 'no state, no repository').toBe(false)
    expect(isValues({ ...DEFAULTS, ...NEEDED, sever: {} })).toBe(false)
    const twice = [{ ...FULL.workers[0], replicas: 2 }]
    expect(isValues({ ...FULL, workers: twice }), 'two of one name').toBe(false)
    const [first] = await rendered(FULL)
    expect(isDeployment({ ...first, spec: { ...first?.spec, replicas: 'two' } }), 'can say no').toBe(false)
  })

  test.each(CASES)('lets no container write beside its volumes, or be root: %s', async (_name, values) => {
    const workloads = (await rendered(values)).filter(({ kind }) => kind === 'Deployment')
    expect(workloads.length).toBeGreaterThan(0)
    for (const { spec } of workloads) {
      const { template, selector } = spec
      expect(template.metadata.labels).toMatchObject(selector.matchLabels)
      const { securityContext, initContainers = [], containers, volumes } = template.spec
      expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001 })
      expect(securityContext).toMatchObject({ sysctls: [{ name: 'net.ipv4.ping_group_range', value: '0 2147483647' }] })
      const all = [...initContainers, ...containers]
      for (const container of all) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(container.resources.requests).toHaveProperty('memory')
        expect(container.resources.limits).toHaveProperty('memory')
        // The state of the machine is in the repository, and programs write to /tmp.
        const places = container.volumeMounts.map(({ mountPath }) => mountPath)
        expect(places).toEqual(expect.arrayContaining(['/repository', '/tmp']))
      }
      const mounted = new Set(all.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)))
      expect([...mounted].toSorted()).toEqual(volumes.map(({ name }) => name).toSorted())
    }
  })

  test('starts what this version has, and no secret stands in an argument', async () => {
    const nowhere = new TestProject({})
    const workloads = (await rendered(FULL)).filter(({ kind }) => kind === 'Deployment')
    const argsOf = ({ spec }: Workload): readonly string[] => spec.template.spec.containers[0]?.args ?? []
    // Kubernetes puts the name of the pod in.
    const started = workloads.map((each) => argsOf(each).map((arg) => arg.replace('$(POD_NAME)', 'rest-5d4f-x1')))
    expect(started.map(([command]) => command).toSorted()).toEqual(['serve', 'worker', 'worker'])
    for (const args of started) {
      const { stderr } = await nowhere.till(...args)
      // The flags are read before a repository is looked for.
      expect([args, stderr]).toEqual([args, expect.stringContaining('PROJECT_UNKNOWN')])
    }
    expect(started.flat()).toContain('--token=file:/etc/till/worker/token')
    await nowhere.remove()
  })

  test('clones into what a pod has kept over a reboot of its node', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'till-helm-'))
    const [url, to] = [join(folder, 'chain'), join(folder, 'repository')]
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', url, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { encoding: 'utf8' })
    const commit = (text: string): void => {
      writeFileSync(join(url, 'tillwright.yaml'), text)
      git('add', '.')
      git('commit', '--quiet', '--message', text)
    }
    execFileSync('git', ['init', '--quiet', '--initial-branch', 'live', url])
    commit('one')
    execFileSync('mkdir', [to])
    const repository = { url, branch: 'live', sshSecret: '', existingClaim: '' }
    const first = (await rendered({ ...FULL, repository })).find(({ kind }) => kind === 'Deployment')
    const command = first?.spec.template.spec.initContainers?.[0]?.command ?? []
    const [program = '', ...args] = command.map((arg) => (arg === '/repository' ? to : arg))
    expect(args).toContain(to)
    const started = (): readonly [number | null, string] => {
      const { status } = spawnSync(program, args, { stdio: 'ignore' })
      return [status, readFileSync(join(to, 'tillwright.yaml'), 'utf8')]
    }
    expect(started()).toEqual([0, 'one'])
    writeFileSync(join(to, 'kept'), '')
    commit('two')
    // It was killed while it wrote.
    writeFileSync(join(to, '.git', 'index.lock'), '')
    rmSync(join(to, 'tillwright.yaml'))
    expect([started(), existsSync(join(to, 'kept'))]).toEqual([[0, 'two'], true])
    // Nobody answers.
    renameSync(url, `${url}-away`)
    rmSync(join(to, 'tillwright.yaml'))
    expect(started()).toEqual([0, 'two'])
    renameSync(`${url}-away`, url)
    // It was killed while it cloned, and files are broken.
    rmSync(join(to, '.git', 'refs'), { recursive: true })
    rmSync(join(to, '.git', 'packed-refs'), { force: true })
    expect(started()).toEqual([0, 'two'])
    rmSync(join(to, '.git', 'objects'), { recursive: true })
    expect(started()).toEqual([0, 'two'])
    rmSync(folder, { recursive: true })
  })
})
