import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { apiErrors, hasCrds, VECTORS } from './crds.ts'

function vectors(name: string): { kind: string; metadata: { name: string }; _err?: string }[] {
  const documents = parseAllDocuments(readFileSync(join(VECTORS, name), 'utf8'))
  return documents.map(one => one.toJS()).filter(one => one !== null)
}

describe.skipIf(!hasCrds)('the check of manifests, held to the vectors of the controller', () => {
  it.each(['backend', 'policy'])('refuses each invalid %s', kind => {
    const passed = vectors(`agentgateway_${kind}_invalid.yaml`).filter(({ _err, ...one }) => {
      return apiErrors(one).length === 0
    })
    expect(passed.map(one => [one.metadata.name, one._err])).toEqual([])
  })

  it.each(['backend', 'policy'])('takes each valid %s', kind => {
    const refused = vectors(`agentgateway_${kind}_valid.yaml`).flatMap(one =>
      apiErrors(one).map(error => `${one.metadata.name} ${error}`),
    )
    expect(refused).toEqual([])
  })
})
