import { formatPath, type Path } from '../../config/diagnostic.ts'
import type { StaticConfig } from '../../config/schema.ts'
import { type Catalog, layOver, type Refuse } from '../costs/catalog.ts'
import { Costs } from '../costs/costs.ts'
import { invalid } from './invalid.ts'

/**
 * `config.modelCatalog`; undefined where there is none. Unlike agentgateway's, a file that is not there is refused: its
 * models would go unpriced.
 */
export function compileCosts(
  config: StaticConfig | null | undefined,
  readFile: (path: string) => string,
): Costs | undefined {
  const sources = config?.modelCatalog ?? []
  if (sources.length === 0) return undefined
  const catalog: Catalog = new Map()
  for (const [index, { file, inline }] of sources.entries()) {
    const path = ['config', 'modelCatalog', index, file === undefined ? 'inline' : 'file']
    if (file !== undefined) layTextOver(catalog, readCatalog(file, path, readFile), `${file}: `, path)
    else if (typeof inline === 'string') layTextOver(catalog, inline, '', path)
    else
      layOver(catalog, inline, (at, what, hint) => {
        throw invalid([...path, ...at], what, hint)
      })
  }
  return new Costs(catalog)
}

function readCatalog(file: string, path: Path, readFile: (path: string) => string): string {
  try {
    return readFile(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw invalid(path, `${file} cannot be read (${code})`, 'relative paths start at the working directory')
  }
}

/** The place in the text is told in words: the config has none for it. */
function layTextOver(catalog: Catalog, text: string, name: string, path: Path): void {
  const refuse: Refuse = (at, what, hint) => {
    throw invalid(path, `${name}${at.length === 0 ? '' : `${formatPath(at)}: `}${what}`, hint)
  }
  layOver(catalog, parsed(text, refuse), refuse)
}

function parsed(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse([], 'this catalog is no JSON', 'write {"providers": {…}}, all names and prices in quotes')
  }
}
