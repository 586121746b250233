import { describe, expect, test } from 'vitest'
import { hasCompat, publicConfigs, WITHOUT_COMPAT } from '../../helpers/compat.ts'
import { findingsOf } from '../findings-of.ts'

/** Configs that the published schema accepts and ours does not: what it finds, and why agentgateway agrees. */
const STRICTER: Readonly<Record<string, readonly [why: string, findings: readonly string[]]>> = {
  'f181a022f14c.yaml': [
    'a fragment about auth: agentgateway refuses these providers without their project, region and resource',
    [
      'MISSING_KEY llm.models.0 "params.vertexProject" is missing: provider vertex needs it',
      'MISSING_KEY llm.models.1 "params.awsRegion" is missing: provider bedrock needs it',
      'MISSING_KEY llm.models.2 "params.azureResourceName" is missing: provider azure needs it',
      'MISSING_KEY llm.models.2 "params.azureResourceType" is missing: provider azure needs it',
    ],
  ],
}

/** What ours says of the configs that the published schema refuses. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  '27a1bde6c1f4.yaml': ['MISSING_KEY llm "models" is missing'],
  '3dfa88a33ce3.yaml': [
    'MISSING_KEY backends.0 "name" is missing',
    'UNKNOWN_KEY backends.0.backend "backend" is not a key of a backend',
    'WRONG_TYPE binds.0.listeners "listeners" takes a list, and this is a map',
    'UNKNOWN_KEY binds.0.address "address" is not a key of a bind',
    'UNKNOWN_KEY binds.0.key "key" is not a key of a bind',
    'MISSING_KEY binds.0 "port" is missing: only a bind of mode internal goes without',
  ],
  '6efbe286680f.yaml': [
    'MISSING_KEY mcp "targets" is missing',
    'UNKNOWN_KEY mcp.servers "servers" is not a key of the mcp section',
  ],
  'e6540b944f09.yaml': [
    'WRONG_TYPE routes.0.backends.0.mcp.targets "targets" takes a list, and this is empty',
  ],
}

function told(data: unknown): string[] {
  return findingsOf(data).map(one => `${one.code} ${one.path.join('.')} ${one.message}`)
}

describe.skipIf(!hasCompat)(hasCompat ? 'the public configs' : WITHOUT_COMPAT, () => {
  const configs = publicConfigs()

  test('are all there', () => {
    expect(configs.length).toBeGreaterThanOrEqual(256)
  })

  test.each(configs.filter(one => one.schemaValid).map(one => [one.file, one.data] as const))(
    '%s: accepted by the published schema and here, or refused for a known reason',
    (file, data) => {
      expect(told(data)).toEqual(STRICTER[file]?.[1] ?? [])
    },
  )

  test.each(configs.filter(one => !one.schemaValid).map(one => [one.file, one.data] as const))(
    '%s: refused by the published schema and here',
    (file, data) => {
      expect(told(data)).toEqual(REFUSED[file])
    },
  )
})
