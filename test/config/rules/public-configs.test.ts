import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hasCompat,
  PUBLISHED_SCHEMA,
  plausible,
  publicConfigs,
  WITHOUT_COMPAT,
} from '../../helpers/compat.ts'
import { diagnosticsIn } from './findings-in.ts'

/** Errors of meaning in public configs, and why they are right. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  // The headers of config.tracing are expressions: agentgateway compiles them on loading, and "Basic xx" is none.
  '07929cb7b709.yaml': ['BAD_EXPRESSION 9'],
  // Shows what happens when a route group is missing.
  '5a33032abb8c.yaml': ['UNKNOWN_BACKEND 12'],
  // A fragment about auth, which agentgateway refuses.
  'f181a022f14c.yaml': ['MISSING_KEY 3', 'MISSING_KEY 8', 'MISSING_KEY 12', 'MISSING_KEY 12'],
}

/** Warnings in public configs: each was read and found right. */
const WARNINGS: Readonly<Record<string, readonly string[]>> = {
  // Example keys of clients, written out.
  '08502efe8b6f.yaml': ['PLAIN_VIRTUAL_KEY 8', 'PLAIN_VIRTUAL_KEY 11'],
  '2431f4346139.yaml': ['PLAIN_VIRTUAL_KEY 14', 'PLAIN_VIRTUAL_KEY 17'],
  '2bc4eed97db1.yaml': ['PLAIN_VIRTUAL_KEY 8'],
  '3a1d3824d88f.yaml': ['PLAIN_VIRTUAL_KEY 8', 'PLAIN_VIRTUAL_KEY 11'],
  '4f85f1d8bf63.yaml': ['PLAIN_VIRTUAL_KEY 10'],
  '62ad18eded57.yaml': ['PLAIN_VIRTUAL_KEY 7'],
  'ac7a3f66cd85.yaml': ['PLAIN_VIRTUAL_KEY 7'],
  'c3d1121586a8.yaml': ['PLAIN_VIRTUAL_KEY 8'],
  'd669fa027ef0.yaml': ['PLAIN_VIRTUAL_KEY 8'],
  'd89ac7917512.yaml': ['PLAIN_VIRTUAL_KEY 7', 'PLAIN_VIRTUAL_KEY 10'],
  // Fragments that show where policies stand: a route with nothing else answers 500.
  '11eacb0991d7.yaml': ['ROUTE_WITHOUT_BACKEND 5'],
  '47557d49fe12.yaml': ['ROUTE_WITHOUT_BACKEND 5'],
  // Fixtures and fragments with gateways that nothing leads away from.
  '227832fa5387.yaml': ['NOTHING_ANSWERS 3'],
  '3ee471292af9.yaml': ['NOTHING_ANSWERS 6', 'NOTHING_ANSWERS 9'],
  '919b5cacdb0f.yaml': ['NOTHING_ANSWERS 5'],
  'a5d4552b1793.yaml': ['NOTHING_ANSWERS 3'],
  'ae2399231e98.yaml': ['NOTHING_ANSWERS 6', 'NOTHING_ANSWERS 12'],
  'd0f0a7a867ca.yaml': ['NOTHING_ANSWERS 3'],
  // Hosts with port 443 and no backendTLS: agentgateway speaks plain HTTP to them.
  '7048ea007805.yaml': ['PLAIN_TO_TLS_PORT 7'],
  '737b605395a4.yaml': ['PLAIN_TO_TLS_PORT 8'],
  '8221885cdbac.yaml': ['PLAIN_TO_TLS_PORT 42'],
  '853e289c55f6.yaml': ['PLAIN_TO_TLS_PORT 13'],
  'e2d06427acdd.yaml': ['PLAIN_TO_TLS_PORT 20', 'PLAIN_TO_TLS_PORT 24'],
  'e4d48d78f695.yaml': ['PLAIN_TO_TLS_PORT 13'],
  'f861883ef845.yaml': ['PLAIN_TO_TLS_PORT 12'],
  // Fixtures with two routes for everything on one listener.
  '5cbc2c02b5d8.yaml': ['PLAIN_TO_TLS_PORT 8', 'ROUTE_SHADOWED 25', 'PLAIN_TO_TLS_PORT 26'],
  'e42d7161efc5.yaml': ['NOTHING_ANSWERS 12', 'ROUTE_SHADOWED 17'],
  // Groups and targets without health: none of them is ever evicted.
  '155eb9186909.yaml': ['FAILOVER_WITHOUT_EVICTION 10'],
  '9cf1d4b8a486.yaml': ['FAILOVER_WITHOUT_EVICTION 20'],
  // "openai/gpt-5-mini" goes to OpenAI as it stands.
  'c8354b655281.yaml': ['MODEL_PREFIX_KEPT 9'],
  // Models without a key behind jwtAuth, which takes the token off.
  'e9164cde3003.yaml': ['CLIENT_KEY_TAKEN 80', 'CLIENT_KEY_TAKEN 82', 'CLIENT_KEY_TAKEN 84'],
  // Limits of tokens in front of a plain host and of MCP servers.
  '16aa9792ad0c.yaml': ['RATE_LIMIT_UNCOUNTED 12'],
  '55b4f5bb5568.yaml': ['RATE_LIMIT_UNCOUNTED 10'],
  // allowOrigins * with allowCredentials.
  'f014d5975df2.yaml': ['CORS_ANY_ORIGIN 29'],
}

const configs = publicConfigs()
  .filter(one => one.schemaValid)
  .map(({ file }) => {
    const text = readFileSync(join(dirname(PUBLISHED_SCHEMA), 'configs', file), 'utf8')
    return { file, text, env: variables(text) }
  })

function variables(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
  const env = Object.fromEntries(names.map(name => [name, plausible(name)]))
  return { ...env, OIDC_COOKIE_SECRET: '0'.repeat(64) }
}

describe.skipIf(!hasCompat)(hasCompat ? 'the public configs' : WITHOUT_COMPAT, () => {
  const found = new Map(configs.map(({ file, text, env }) => [file, diagnosticsIn(text, env)]))
  const bySeverity = (severity: string): Record<string, string[]> =>
    Object.fromEntries(
      [...found].flatMap(([file, diagnostics]) => {
        const some = diagnostics.filter(one => one.severity === severity)
        return some.length === 0 ? [] : [[file, some.map(one => `${one.code} ${one.range.start.line}`)]]
      }),
    )

  test('have no error but those that agentgateway has with them', () => {
    expect(found.size).toBeGreaterThan(250)
    expect(bySeverity('error')).toEqual(ERRORS)
  })

  test('have no warning but those that were read and found right', () => {
    expect(bySeverity('warning')).toEqual(WARNINGS)
  })

  test('with a line less, a line twice or a secret in it: nothing is thrown, and no secret is shown', () => {
    const canary = 'canary7f3a9c51e2d84b60'
    const mutated = fc.tuple(
      fc.constantFrom(...configs),
      fc.nat(),
      fc.constantFrom('drop', 'double', 'secret', 'indent'),
    )
    fc.assert(
      fc.property(mutated, ([{ text, env }, at, how]) => {
        const lines = text.split('\n')
        const index = at % lines.length
        const line = lines[index] ?? ''
        const change = {
          drop: [],
          double: [line, line],
          secret: [line.replace(/:\s.*$/, `: ${canary}`)],
          indent: [` ${line}`],
        }[how]
        lines.splice(index, 1, ...change)
        const said = diagnosticsIn(lines.join('\n'), env).map(({ message, hint }) => `${message} ${hint}`)
        expect(said.join('\n')).not.toContain(canary)
      }),
      { numRuns: 400 },
    )
  })
})
