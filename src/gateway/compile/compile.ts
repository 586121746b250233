import { createHash } from 'node:crypto'
import type { Path } from '../../config/diagnostic.ts'
import type {
  Config,
  Gateway,
  GatewayListener,
  LlmConfig,
  ServerTls as WrittenTls,
} from '../../config/schema.ts'
import { readPlainFile } from '../../plain-file.ts'
import { Cel } from '../cel/cel.ts'
import { AnswerHeaders } from '../headers/headers.ts'
import { GATEWAY_PHASE } from '../policies/phases.ts'
import type { Step } from '../policies/policy.ts'
import { HostTable } from '../routing/host-table.ts'
import { RouteTable } from '../routing/router.ts'
import type { Bind, FileRead, Listener, Route, Runtime } from '../runtime.ts'
import type { ServerTls } from '../server/server-tls.ts'
import { findUnsupported } from '../supported/config.ts'
import { WITHOUT_IT } from '../supported/support.ts'
import { compileCosts } from './costs.ts'
import { invalid } from './invalid.ts'
import { compileLlm } from './llm.ts'
import { compilePhase, PolicyContexts, type PolicyLevel } from './policies.ts'
import { compileRoute } from './route.ts'
import type { RouteContext } from './route-context.ts'
import { type SecretsIn, secretWords } from './secret-words.ts'
import { compilePortTls, compileServerTls } from './server-tls.ts'
import { connectionSettings, maxBodyBytesOf, settingsOf } from './settings.ts'
import { TargetedPolicies } from './targets.ts'

export interface CompileOptions {
  /** Reads a PEM file; a relative path starts at the working directory. */
  readonly readFile?: (path: string) => string | Buffer
  /** It is asked for the way of a request, and serves none: certificates, their keys and prices are not read. */
  readonly isAskedOnly?: boolean
  /** Milliseconds since 1970, for the `created` of the model list. */
  readonly now?: () => number
  /** Tells the secrets in a text of the config that are not in key slots: values of variables, mostly. None unless given. */
  readonly secretsIn?: SecretsIn | undefined
}

/** The port of the `llm` section where nothing says otherwise. */
const LLM_PORT = 4000

/** A listener that still takes routes. */
interface ListenerDraft {
  readonly key: string
  readonly name: string
  readonly gateway: string
  readonly hostname: string | undefined
  readonly port: number
  readonly path: Path
  /** What it says of requests before a route is chosen. */
  readonly policies: PolicyLevel
  readonly tls: ServerTls | undefined
  readonly routes: Route[]
}

/**
 * Lowers the three styles of a config, whose secrets are all resolved, to one table per port. Throws CONFIG_INVALID for
 * what the embedded gateway does not run or cannot make sense of, and SECRET_REJECTED for a key no header can carry.
 */
export function compileRuntime(config: Config, options: CompileOptions = {}): Runtime {
  const [unsupported] = findUnsupported(config)
  if (unsupported !== undefined) {
    const what = `the embedded gateway does not run ${unsupported.what}`
    throw invalid(unsupported.path, what, unsupported.instead ?? WITHOUT_IT)
  }
  return new Compilation(config, options).runtime()
}

class Compilation {
  readonly #config: Config
  readonly #now: () => number
  readonly #context: RouteContext
  readonly #listeners: ListenerDraft[] = []
  /** Those that were read, by path. */
  readonly #files = new Map<string, FileRead>()
  /** `gateway` and `gateway/listener` → listeners. */
  readonly #references = new Map<string, ListenerDraft[]>()

  constructor(
    config: Config,
    {
      readFile: read = readPlainFile,
      isAskedOnly = false,
      now = Date.now,
      secretsIn = () => [],
    }: CompileOptions,
  ) {
    const readFile = (path: string): string => {
      const content = read(path)
      const text = content.toString('utf8')
      // Of its bytes: what is no UTF-8 in it, as a name above a certificate may be, is another text than the file.
      this.#files.set(path, { text, hash: createHash('sha256').update(content).digest('hex') })
      return text
    }
    this.#config = config
    this.#now = now
    const cel = new Cel()
    const named = (config.backends ?? []).map(
      (backend, index) => [backend.name.replace(/^\//, ''), { backend, path: ['backends', index] }] as const,
    )
    this.#context = {
      settings: { ...connectionSettings(config.config), readFile: isAskedOnly ? undefined : readFile },
      named: new Map(named),
      targeted: new TargetedPolicies(config),
      policies: new PolicyContexts({
        readFile,
        cel,
        maxBodyBytes: maxBodyBytesOf(config),
        secretsIn: written => secretWords(written, secretsIn),
      }),
      cel,
      untouched: new AnswerHeaders(),
    }
  }

  runtime(): Runtime {
    this.#addBinds()
    for (const [name, gateway] of Object.entries(this.#config.gateways ?? {})) this.#addGateway(name, gateway)
    this.#attachRoutes()
    this.#attachLlm()
    const binds = Object.freeze(this.#binds())
    const { kept, hidden } = this.#context.policies
    const settings = settingsOf(this.#config, hidden, this.#context.cel)
    const { readFile } = this.#context.settings
    const costs = readFile && compileCosts(this.#config.config, readFile)
    return Object.freeze({ binds, settings, costs, kept: [...kept.values()], files: this.#files })
  }

  #addBinds(): void {
    for (const [index, bind] of (this.#config.binds ?? []).entries()) {
      const { port } = bind
      if (port === undefined || port === null) {
        throw invalid(['binds', index], 'a bind without a port cannot be listened on', 'add a port')
      }
      for (const [position, listener] of bind.listeners.entries()) {
        const name = listener.name ?? `listener${position}`
        const key = `default/default/bind/${port}/${name}`
        const path = ['binds', index, 'listeners', position]
        const draft = {
          key,
          name,
          gateway: `bind/${port}`,
          hostname: listener.hostname ?? undefined,
          port,
          path,
          policies: { policies: listener.policies, path: [...path, 'policies'] },
          tls: this.#tls(listener.tls, [...path, 'tls']),
        }
        const routes = (listener.routes ?? []).map((route, place) =>
          compileRoute(
            route,
            { listener: draft, index: place, path: [...path, 'routes', place] },
            this.#context,
          ),
        )
        this.#listeners.push({ ...draft, routes })
      }
    }
  }

  #addGateway(name: string, gateway: Gateway): void {
    const { port } = gateway
    const path = ['gateways', name]
    if (port === undefined || port === null) throw invalid(path, 'a gateway needs a port', 'add a port')
    const written = gateway.listeners ?? []
    const drafts =
      written.length === 0
        ? [this.#gatewayListener(name, name, gateway, port, path)]
        : written.map((listener, index) =>
            this.#gatewayListener(name, `${name}/${listener.name ?? `listener${index}`}`, listener, port, [
              ...path,
              'listeners',
              index,
            ]),
          )
    this.#references.set(name, drafts)
    for (const draft of drafts) if (draft.name !== name) this.#references.set(draft.name, [draft])
  }

  /** The policies of a gateway stand in it directly. */
  #gatewayListener(
    gateway: string,
    name: string,
    written: Gateway | GatewayListener,
    port: number,
    path: Path,
  ) {
    const draft: ListenerDraft = {
      key: `gateway/${name}`,
      name,
      gateway,
      hostname: 'hostname' in written ? (written.hostname ?? undefined) : undefined,
      port,
      path,
      policies: { policies: written, path },
      tls: this.#tls(written.tls, [...path, 'tls']),
      routes: [],
    }
    this.#listeners.push(draft)
    return draft
  }

  #tls(tls: WrittenTls | null | undefined, path: Path): ServerTls | undefined {
    if (tls === undefined || tls === null) return undefined
    const limits = this.#config.frontendPolicies?.tls ?? {}
    return compileServerTls(tls, path, limits, this.#context.settings.readFile)
  }

  #attachRoutes(): void {
    for (const [index, route] of (this.#config.routes ?? []).entries()) {
      const path = ['routes', index]
      for (const listener of this.#referenced(route.gateways, path)) {
        // As in agentgateway, an unnamed route is numbered among those of the listener it hangs under.
        const owner = `route ${route.namespace ?? 'default'}/${route.name ?? index} of ${route.gateways ?? ''}`
        const place = { listener, index: listener.routes.length, path, owner }
        listener.routes.push(compileRoute(route, place, this.#context))
      }
    }
  }

  #referenced(gateways: string | readonly string[] | undefined, path: Path): ListenerDraft[] {
    const written = typeof gateways === 'string' ? [gateways] : (gateways ?? [])
    const wanted = written.length > 0 || !this.#references.has('default') ? written : ['default']
    if (wanted.length === 0) {
      throw invalid(path, 'no gateway is called default, so "gateways" must say which', 'add "gateways"')
    }
    const found = wanted.flatMap(reference => {
      const listeners = this.#references.get(reference)
      if (listeners !== undefined) return listeners
      throw invalid([...path, 'gateways'], `there is no gateway ${reference}`, 'name one of `gateways`')
    })
    return [...new Set(found)]
  }

  #attachLlm(): void {
    const { llm } = this.#config
    if (llm === undefined || llm === null) return
    const names = typeof llm.gateways === 'string' ? [llm.gateways] : (llm.gateways ?? [])
    const isAttached = names.length > 0 || (!isPort(llm.port) && this.#references.has('default'))
    const listeners = isAttached
      ? this.#referenced(llm.gateways, ['llm'])
      : [this.#llmListener(llm.port ?? LLM_PORT, llm)]
    const created = Math.floor(this.#now() / 1000)
    for (const listener of listeners) {
      listener.routes.push(compileLlm(llm, { listener, isAttached, created }, this.#context))
    }
  }

  /** Where the section has a port of its own, its policies are those of the listener. */
  #llmListener(port: number, llm: LlmConfig): ListenerDraft {
    const draft: ListenerDraft = {
      key: 'llm',
      name: 'llm',
      gateway: `bind/${port}`,
      hostname: undefined,
      port,
      path: ['llm'],
      policies: { policies: llm.policies, path: ['llm', 'policies'] },
      tls: this.#tls(llm.tls, ['llm', 'tls']),
      routes: [],
    }
    this.#listeners.push(draft)
    return draft
  }

  #binds(): Bind[] {
    const binds = new Map<number, HostTable<Listener>>()
    const owners = new Map<number, string>()
    for (const draft of this.#listeners) {
      const { port, path, hostname, key, name, gateway } = draft
      const owner = owners.get(port) ?? gateway
      const table = binds.get(port) ?? new HostTable<Listener>()
      if (owner !== gateway) throw invalid(path, `port ${port} is taken already`, 'choose another port')
      owners.set(port, owner)
      binds.set(port, table)
      const routes = new RouteTable(draft.routes)
      const steps = this.#gatewayPhase(draft)
      table.set(hostname, Object.freeze({ key, name, hostname, steps, routes }))
    }
    return [...binds].map(([port, listeners]) => {
      const tls = compilePortTls(this.#listeners.filter(draft => draft.port === port))
      return Object.freeze({ key: `bind/${port}`, port, tls, listeners })
    })
  }

  #gatewayPhase({ key, name, policies }: ListenerDraft): readonly Step[] {
    const { targeted, policies: contexts } = this.#context
    return compilePhase(GATEWAY_PHASE, [policies, ...targeted.beforeRoute(name)], contexts.for(key))
  }
}

function isPort(port: number | null | undefined): port is number {
  return typeof port === 'number'
}
