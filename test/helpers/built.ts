import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { ROOT } from './agw.ts'

/** `src` file by file, and what is published and run. */
export const DIST = join(ROOT, 'dist')
export const SRC = join(ROOT, 'src')
export const BUNDLE = join(ROOT, 'bundle')

/** Static imports of a built file: relative ones as paths, others by package name; `import()` apart. */
export function importsOf(file: string): { files: string[]; packages: string[] } {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const files: string[] = []
  const packages: string[] = []
  for (const [, name = ''] of text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm)) {
    if (name.startsWith('.')) files.push(resolve(dirname(file), name))
    else if (!name.startsWith('node:')) packages.push(packageOf(name))
  }
  return { files, packages }
}

/** `@oclif/core` of `@oclif/core/lib/x`, `ajv` of `ajv/dist/2020.js`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** All that loading a file loads before any of its functions runs. */
export function closure(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const found = importsOf(file)
    for (const name of found.packages) packages.add(name)
    for (const next of found.files) visit(next)
  }
  visit(entry)
  return { files, packages }
}

/** The built files of a folder and of those in it; or those of another ending. */
export function sources(folder: string, ending = '.js'): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => join(folder, name))
}

/** Files that import each other in a circle, each circle as the files that it goes through, sorted. */
export function circles(files: readonly string[]): string[][] {
  const reachedFrom = new Map(files.map(file => [file, closure(file).files]))
  const found = new Set<string>()
  for (const [file, reached] of reachedFrom) {
    const circle = [...reached].filter(other => other === file || reachedFrom.get(other)?.has(file))
    if (circle.length > 1) found.add(circle.sort().join('\n'))
  }
  return [...found].map(circle => circle.split('\n'))
}

interface Node {
  readonly type: string
  readonly [more: string]: unknown
}

/**
 * What a text of JavaScript reaches with a dot, as `process.env.HOME`; `?` stands for what is no name. Comments and texts
 * are none of it, what stands in a template is.
 */
export function reached(text: string): string[] {
  const found: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) return value.forEach(visit)
    const node = value as Node
    if (node.type === 'MemberExpression') found.push(dotted(node))
    // `const { reveal } = secret`
    if (node.type === 'ObjectPattern')
      for (const { key } of node['properties'] as { key?: Node }[]) found.push(`?.${key?.['name']}`)
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(text))
  return found
}

function dotted(node: Node): string {
  if (node.type === 'Identifier') return String(node['name'])
  if (node.type === 'ChainExpression') return dotted(node['expression'] as Node)
  if (node.type !== 'MemberExpression') return '?'
  const property = node['property'] as Node
  const name = property.type === 'Literal' ? property['value'] : node['computed'] ? '?' : property['name']
  return `${dotted(node['object'] as Node)}.${name}`
}

/** Whether the code of a file reaches something whose dotted name fits. */
export const reaches = (file: string, pattern: RegExp): boolean =>
  reached(readFileSync(file, 'utf8')).some(one => pattern.test(one))
