import { inspect } from 'node:util'
import { type Document, isAlias, isNode, type Node } from 'yaml'
import { type AliasTargets, aliasTargets } from './aliases.ts'
import { brokenByVariable } from './broken-by-variable.ts'
import { child, type PairIndex } from './child.ts'
import type { Diagnostic, Path, Range } from './diagnostic.ts'
import { closest } from './did-you-mean.ts'
import { DollarPlaces } from './dollar-places.ts'
import { type Expansion, expand, unexpanded, type VariableUse } from './expand.ts'
import { countBefore } from './halving.ts'
import { failed, parse } from './parse.ts'
import type { PlainData } from './plain.ts'
import { LineIndex } from './position.ts'
import { looksSecret } from './shown-word.ts'
import type { SyntaxFinding } from './syntax.ts'

/** What {@link readDocument} needs besides the text. */
export interface DocumentOptions {
  /** The name shown in messages: a path, or `<stdin>`. */
  readonly file: string
  /** The value of a variable, or `undefined` when it is not set. */
  readonly lookup?: (name: string) => string | undefined
  /** The names of all variables that are set, for those that are mistyped. */
  readonly names?: (() => readonly string[]) | undefined
  /** Dollar signs mean nothing: the text is taken as written. */
  readonly literal?: boolean
  /** Why a variable has no value, where more is known than that it is not set. */
  readonly problemOf?: (name: string) => VariableProblem | undefined
}

/** Why the source of a variable gives no value. Holds none. */
export interface VariableProblem {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/**
 * A config file as text, expansion, YAML tree and plain data, with a map from every config path back to the written
 * text. It holds expanded values, which may be secrets: it inspects and serialises as its file name only.
 */
export class ConfigDocument {
  readonly file: string
  /** As written, before expansion. */
  readonly text: string
  readonly lines: LineIndex
  readonly #dollars: DollarPlaces
  readonly #expansion: Expansion
  readonly #yaml: Document | undefined
  readonly #plain: PlainData
  readonly #pairs: PairIndex = new WeakMap()
  #aliases: AliasTargets | undefined
  readonly #lookup: (name: string) => string | undefined
  readonly #names: () => readonly string[]
  readonly #problemOf: (name: string) => VariableProblem | undefined
  /** Findings of reading: size, encoding, YAML syntax, missing variables. */
  readonly diagnostics: readonly Diagnostic[]

  constructor(text: string, options: DocumentOptions, problem?: SyntaxFinding) {
    this.file = options.file
    this.text = text
    this.lines = new LineIndex(text)
    this.#dollars = new DollarPlaces(text, this.lines)
    this.#lookup = options.lookup ?? (() => undefined)
    this.#names = options.names ?? (() => [])
    this.#problemOf = options.problemOf ?? (() => undefined)
    this.#expansion = options.literal ? unexpanded(text) : expand(text, this.#lookup)
    const { yaml, plain, findings } = problem === undefined ? parse(this.#expansion.text) : failed(problem)
    this.#yaml = yaml
    this.#plain = plain
    const culprit = findings.some(one => one.code === 'YAML_SYNTAX') ? this.#culprit() : undefined
    const missing = this.#expansion.uses.flatMap(use => this.#unresolved(use) ?? [])
    const broken = findings.map(finding => this.#broken(finding))
    this.diagnostics = [...(culprit === undefined ? broken : [culprit]), ...missing]
  }

  /** The file as plain data (expanded), `undefined` when it is not YAML. */
  get data(): unknown {
    return this.#plain.value
  }

  get variables(): readonly VariableUse[] {
    return this.#expansion.uses
  }

  /** Where a path stands in the written text: its value or its key; the closest ancestor when it does not exist. */
  rangeOf(path: Path, at: 'key' | 'value' = 'value'): Range {
    const found = this.#find(path)
    const node = at === 'key' && found.key !== undefined ? found.key : found.value
    if (node?.range) return this.#range(node.range[0], node.range[1])
    if (found.key?.range) return this.#range(found.key.range[0], found.key.range[1])
    return this.#range(0, 0)
  }

  /** The variables whose text lies in the value at a path. */
  variablesAt(path: Path): VariableUse[] {
    const range = this.rangeOf(path)
    return this.variablesIn(range)
  }

  /** The text a variable was replaced by; it may be a secret, so it goes into no message. */
  valueOf(use: VariableUse): string | undefined {
    return this.#lookup(use.name) ?? use.fallback
  }

  /** Whether a variable is set, be it used in the file or not. */
  isVariableSet(name: string): boolean {
    return this.#lookup(name) !== undefined
  }

  /** In the order of the file; found by halving, because each of thousands of keys asks. */
  variablesIn({ start, end }: Range): VariableUse[] {
    const low = countBefore(this.variables, use => use.start < start.offset)
    const found: VariableUse[] = []
    for (let at = low; at < this.variables.length; at += 1) {
      const use = this.variables[at]
      if (use === undefined || use.start >= end.offset) break
      if (use.end <= end.offset) found.push(use)
    }
    return found
  }

  /** True when the written value is variables and nothing else, as in `"$OPENAI_API_KEY"`. */
  isVariableOnly(path: Path): boolean {
    const range = this.rangeOf(path)
    const uses = this.variablesIn(range)
    const written = this.text.slice(range.start.offset, range.end.offset).replace(/^["']|["']$/g, '')
    return (
      uses.length > 0 && uses.reduce((sum, use) => sum + use.end - use.start, 0) === written.trim().length
    )
  }

  /** Whether a path exists in the file. */
  has(path: Path): boolean {
    return this.#find(path).depth === path.length
  }

  toJSON(): string {
    return `<config ${this.file}>`
  }

  [inspect.custom](): string {
    return this.toJSON()
  }

  #find(path: Path): { value: Node | undefined; key: Node | undefined; depth: number } {
    let value: Node | undefined = this.#resolve(this.#yaml?.contents)
    let key: Node | undefined
    let depth = 0
    for (const step of path) {
      const next = child(value, step, this.#pairs)
      if (next === undefined) break
      key = next.key
      value = this.#resolve(next.value) ?? key
      depth += 1
    }
    return { value, key, depth }
  }

  #resolve(node: unknown): Node | undefined {
    if (!isAlias(node)) return isNode(node) ? node : undefined
    this.#aliases ??= this.#yaml && aliasTargets(this.#yaml)
    return this.#aliases?.get(node) ?? node
  }

  #range(start: number, end: number): Range {
    return this.lines.range(this.#expansion.toWritten(start, 'start'), this.#expansion.toWritten(end, 'end'))
  }

  #broken(finding: SyntaxFinding): Diagnostic {
    const { code, hint, path, start, end, alignedWith = [], first, at } = finding
    const places = alignedWith.map(offset => {
      const { line, column } = this.#range(offset, offset).start
      return `line ${line} (column ${column})`
    })
    const todo = places.length === 0 ? hint : `line this up with ${places.join(', or with ')}: ${hint}`
    const message =
      first === undefined
        ? finding.message
        : `${finding.message}, in line ${this.#range(first, first).start.line}`
    const place = at && { offset: 0, ...at }
    const range = place === undefined ? this.#range(start, end) : { start: place, end: place }
    return { code, severity: 'error', message, hint: todo, file: this.file, path, range }
  }

  #culprit(): Diagnostic | undefined {
    const found = brokenByVariable(this.text, this.variables, lookup => {
      const { text } = expand(this.text, name => lookup(name, this.#lookup(name)))
      return [...parse(text).findings]
    })
    if (found === undefined) return undefined
    const range = this.lines.range(found.use.start, found.use.end)
    return { ...found.finding, severity: 'error', file: this.file, range }
  }

  /**
   * A source that does not answer is an error even where a default stands: else a gateway would run on with the default
   * because a vault was away for a moment.
   */
  #unresolved(use: VariableUse): Diagnostic | undefined {
    const problem = this.#problemOf(use.name)
    if (problem === undefined) return use.missing ? this.#missing(use) : undefined
    if (problem.code === 'missing' && !use.missing) return undefined
    return {
      code: 'SOURCE_FAILED',
      severity: 'error',
      message: problem.message,
      hint: problem.hint,
      file: this.file,
      path: [],
      range: this.lines.range(use.start, use.end),
    }
  }

  /** Said where what follows looks as if it were meant to be part of the name. */
  #endOfName(use: VariableUse): string {
    const [next] = /^[-.](?=\w)/.exec(this.text.slice(use.end, use.end + 2)) ?? []
    return next === undefined || this.text[use.start + 1] === '{'
      ? ''
      : `the name ends before the "${next}": `
  }

  /** A variable that is set and goes by nearly the same name. */
  #insteadOf(name: string, shown: string): string {
    if (name !== shown) return ''
    const names = this.#names().filter(one => !looksSecret(one))
    const meant = closest(name, names) ?? names.find(one => hasSameEnds(one, name))
    return meant === undefined ? '' : `, but ${meant} is`
  }

  #missing(use: VariableUse): Diagnostic {
    const comment = this.#dollars.isInComment(use.start)
    const range = this.lines.range(use.start, use.end)
    const [, plain] = /^(\w+)(?::?[-?+=]|:)/.exec(use.name) ?? []
    if (plain !== undefined && !comment && !looksSecret(plain)) {
      return {
        code: 'VARIABLE_UNSET',
        severity: 'error',
        message: `agentgateway knows no such form of \${${plain}…}: it looks for a variable of that whole name`,
        hint: `write \${${plain}}, or \${${plain}:-default}`,
        file: this.file,
        path: [],
        range,
      }
    }
    const literal = this.#dollars.isInHash(use.start)
    if (!comment && !literal && !looksSecret(use.name) && !/^[\p{Alphabetic}\p{N}_]+$/u.test(use.name)) {
      return {
        code: 'VARIABLE_UNSET',
        severity: 'error',
        message: 'what stands in this ${…} is not a variable name',
        hint: 'a name is made of letters, digits and _; write $$ for a dollar sign that is meant literally',
        file: this.file,
        path: [],
        range,
      }
    }
    // A key that was pasted behind a dollar sign reads as a name.
    const name = literal || looksSecret(use.name) ? 'whose name is not shown here' : use.name
    return {
      code: comment ? 'VARIABLE_IN_COMMENT' : 'VARIABLE_UNSET',
      severity: 'error',
      message: comment
        ? `the variable ${name} in this comment is not set, and agentgateway expands comments too`
        : `the variable ${name} is not set${this.#insteadOf(use.name, name)}`,
      hint: comment
        ? 'write $$ for a dollar sign that is meant literally, or take the name out of the comment'
        : /^\d/.test(use.name) || name !== use.name
          ? 'write $$ for a dollar sign that is meant literally'
          : `${this.#endOfName(use)}export ${name}, put it into .env beside the config, or write \${${name}:-default}`,
      file: this.file,
      path: [],
      range,
    }
  }
}

/** `OPENAI_KEY` and `OPENAI_API_KEY`. */
function hasSameEnds(one: string, other: string): boolean {
  const [a, b] = [one, other].map(name => name.toUpperCase().split('_'))
  return a !== undefined && b !== undefined && a.length > 1 && a[0] === b[0] && a.at(-1) === b.at(-1)
}
