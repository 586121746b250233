import { describe, expect, it } from 'vitest'
import { isObject } from '../../src/json.ts'
import { configOf, play, type Scenario, scenarioFiles } from './kit/scenario.ts'

interface Written {
  readonly [key: string]: unknown
}
interface Bind {
  readonly port: number
  readonly listeners: readonly (Written & { readonly policies?: object; readonly routes?: Written[] })[]
}

/** What a config of the older style is in the newer one: ports are gateways, and their routes are attached to them. */
function attached(config: Written): Written {
  const { binds, ...rest } = config as Written & { readonly binds: readonly Bind[] }
  const routes: Written[] = []
  const gateways: Record<string, object> = {}
  for (const { port, listeners } of binds) {
    const gateway = `port-${port}`
    gateways[gateway] = {
      port,
      listeners: listeners.map(({ routes: written = [], policies = {}, ...listener }, index) => {
        const name = listener['name'] ?? `listener${index}`
        routes.push(...written.map(route => ({ ...route, gateways: `${gateway}/${name}` })))
        return { ...listener, ...policies, name }
      }),
    }
  }
  return { ...rest, gateways, routes }
}

/** Names of gateways and listeners are not the same in both styles. */
const NAMED = /gatewayName|default\/default\/bind/

function canBeAttached(config: unknown): config is Written {
  return isObject(config) && config['binds'] !== undefined && config['gateways'] === undefined
}

const NAMES = ['bind', 'gateway', 'listener', 'route']

function withoutNames({ logs = {}, ...scenario }: Scenario): Scenario {
  const others = Object.entries(logs).filter(([name]) => !NAMES.includes(name))
  return { ...scenario, logs: Object.fromEntries(others) }
}

describe('what binds mean, gateways and routes mean', () => {
  const rows = scenarioFiles().flatMap(({ name, configs, scenarios }) =>
    scenarios.flatMap((scenario): [string, Scenario, Written][] => {
      const config = configOf(scenario, configs)
      return canBeAttached(config) && !NAMED.test(JSON.stringify([scenario, config]))
        ? [[`${name}: ${scenario.title}`, withoutNames(scenario), attached(config)]]
        : []
    }),
  )

  it('in most scenarios', () => expect(rows.length).toBeGreaterThan(450))

  it.each(rows)('%s', (_title, scenario, config) => play(scenario, config, 'memory'))
})
