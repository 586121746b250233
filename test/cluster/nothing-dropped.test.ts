import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { exportConfig } from '../../src/cluster/index.ts'
import { formatPath, type Path, readDocument, validate } from '../../src/config/index.ts'
import { pathKey } from '../../src/config/rules/tree.ts'
import { hasCompat, publicConfigs, WITHOUT_COMPAT } from '../helpers/compat.ts'

/** What agentgateway takes for granted, or keeps to itself; a key is in a Secret, whatever it is, and so are passwords. */
const SAYS_NOTHING =
  /^(?:binds\[\]\.listeners\[\]|gateways\.\w+(?:\.listeners\[\])?)\.(?:protocol|name)$|\.backendAuth\.key(?:\.value)?$|\.auth\.key(?:\.value)?$|\.basicAuth\.htpasswd$|\.localRateLimit(?:\.conditional)?\[\]\.type$|\.visibility$|\.regex\.action$|^(?:routes|tcpRoutes|config|ui)$/

/** How often a place is tried, over all configs: each try reads a config three times. */
const TRIES = 1

interface Result {
  readonly manifests: string
  readonly left: readonly Path[]
}

/** Undefined where the config is none. */
function resultOf(data: unknown): Result | undefined {
  const document = readDocument(stringify(data), { file: 'config.yaml', literal: true })
  const { draft } = validate(document)
  if (draft === undefined) return undefined
  const { objects, secrets, certificates, passwords, notes, leftOver } = exportConfig(draft, document, {
    namespace: 'llm',
    gateway: 'agw',
    readFile: path => JSON.stringify({ keys: [{ kty: 'EC', kid: path }] }),
  })
  return {
    manifests: JSON.stringify([objects, secrets, certificates, passwords, notes]),
    left: leftOver.map(({ path }) => path),
  }
}

function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const below = Object.entries(value)
  if (below.length === 0) return [path]
  return below.flatMap(([key, inner]) => leavesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]))
}

/** Copies of a config in which one leaf is another, or is not there. */
function variantsOf(data: unknown, path: Path): unknown[] {
  return [
    (value: unknown) =>
      typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value}x`,
    () => undefined,
  ].map(change => {
    const copy = structuredClone(data)
    const parent = path.slice(0, -1).reduce<unknown>((node, step) => (node as never)[step], copy)
    const last = path.at(-1) ?? ''
    const value = change((parent as Record<string | number, unknown>)[last])
    if (value !== undefined) Object.assign(parent as object, { [last]: value })
    else if (Array.isArray(parent)) parent.splice(Number(last), 1)
    else delete (parent as Record<string, unknown>)[last]
    return copy
  })
}

describe.skipIf(!hasCompat)(`the export of ${hasCompat ? 'the public configs' : WITHOUT_COMPAT}`, () => {
  it('changes with each part that is not left over', () => {
    const tried = new Map<string, number>()
    const silent: string[] = []
    for (const { file, data: given } of publicConfigs()) {
      // On this machine most of it would be left over.
      const data = JSON.parse(JSON.stringify(given).replace(/localhost|127\.0\.0\.1/g, 'svc.example.com'))
      const base = resultOf(data)
      if (base === undefined) continue
      const left = base.left.map(path => pathKey(path).slice(0, -1))
      for (const path of leavesOf(data)) {
        const place = formatPath(path).replace(/\[\d+\]/g, '[]')
        const count = tried.get(place) ?? 0
        const key = pathKey(path)
        const isLeft = left.some(start => key.startsWith(`${start},`) || key === `${start}]`)
        if (isLeft || count >= TRIES || SAYS_NOTHING.test(place)) continue
        tried.set(place, count + 1)
        const results = variantsOf(data, path).flatMap(variant => resultOf(variant) ?? [])
        const isSeen = results.some(
          one => one.manifests !== base.manifests || one.left.length !== base.left.length,
        )
        if (results.length > 0 && !isSeen) silent.push(`${file}: ${formatPath(path)}`)
      }
    }
    expect(silent).toEqual([])
    expect(tried.size).toBeGreaterThan(100)
  }, 60_000)
})
