import { formatPath, type Path } from '../../config/diagnostic.ts'
import type { StaticConfig } from '../../config/schema.ts'
import { type Catalog, layOver, type Refuse } from '../costs/catalog.ts'
import { Costs } from '../costs/costs.ts'
import { invalid, unreadable } from './invalid.ts'

type Source = NonNullable<StaticConfig['modelCatalog']>[number]
type ReadFile = (path: string) => string

/**
 * `config.modelCatalog`; undefined where there is none. Unlike agentgateway's, a file that is not there is refused: its
 * models would go unpriced.
 */
export function compileCosts(config: StaticConfig | null | undefined, readFile: ReadFile): Costs | undefined {
  const sources = config?.modelCatalog ?? []
  if (sources.length === 0) return undefined
  const catalog: Catalog = new Map()
  for (const [index, source] of sources.entries())
    laySourceOver(catalog, source, ['config', 'modelCatalog', index], readFile)
  return new Costs(catalog)
}

/** Throws for a catalog that cannot be used; without `readFile` one in a file is not looked at. */
export function judgeCatalog(source: Source, path: Path, readFile: ReadFile | undefined): void {
  if (readFile !== undefined) laySourceOver(new Map(), source, path, readFile)
  else if (source.file === undefined) laySourceOver(new Map(), source, path, () => '')
}

function laySourceOver(catalog: Catalog, { file, inline }: Source, above: Path, readFile: ReadFile): void {
  const path = [...above, file === undefined ? 'inline' : 'file']
  if (file !== undefined) layTextOver(catalog, readCatalog(file, path, readFile), `${file}: `, path)
  else if (typeof inline === 'string') layTextOver(catalog, inline, '', path)
  else
    layOver(catalog, inline, (at, what, hint) => {
      throw invalid([...path, ...at], what, hint)
    })
}

function readCatalog(file: string, path: Path, readFile: ReadFile): string {
  try {
    return readFile(file)
  } catch (error) {
    throw unreadable(path, file, error)
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
