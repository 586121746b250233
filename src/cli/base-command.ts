import { Command } from '@oclif/core'
import { closest } from '../config/did-you-mean.ts'
import { printable, printableJson } from '../config/printable.ts'
import { clearKeysIn } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { loginsIn } from '../secrets/login-variables.ts'
import { Redactor } from '../secrets/redactor.ts'
import type { StartOptions } from '../secrets/run.ts'
import { toFailure } from './failure.ts'
import { acceptedBy, type GivenFlags, unclearSwitch } from './flag-words.ts'
import { inputFlags } from './flags.ts'
import { guardProcess } from './guard.ts'
import { isOn } from './is-on.ts'
import type { KeyInputContext } from './key-input.ts'
import { namedAs, namingConfig } from './named-config.ts'
import type { Failure } from './printed-failure.ts'
import { Prompt } from './prompt.ts'
import { Terminal } from './terminal.ts'
import type { WriteFilesOptions } from './write-files.ts'

/** How long somebody looks at a screen on which nothing happens. Milliseconds. */
const PATIENCE_MS = 300

/** Read by us alone, see {@link BaseCommand.jsonEnabled}. */
const JSON_FLAG = { type: 'boolean', env: 'AGW_JSON' } as const

/**
 * What every command shares: one terminal with one redactor, `--json` with exactly one document, failures printed in
 * one form with the right exit status. A command parses, makes one library call and prints; `run()` returns the
 * document that `--json` prints, which is always an object.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = inputFlags

  protected readonly redactor = new Redactor()
  protected readonly terminal = new Terminal({
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    redact: text => this.redactor.redact(text),
  })

  /** How the commands that messages suggest name the config. */
  #config: string | undefined
  #patience: NodeJS.Timeout | undefined
  #found: object = {}

  protected override async init(): Promise<void> {
    await super.init()
    // What was typed may be a key in the wrong place: it is not repeated, whatever becomes of it.
    const flagged = process.argv.slice(2).map(word => word.replace(/^--?[\w-]+=/, ''))
    const ofEnvironment = Object.entries(process.env).map(([name, value = '']) =>
      name.startsWith('AGW_') ? value : '',
    )
    for (const typed of [...flagged, ...ofEnvironment])
      for (const key of clearKeysIn(typed)) this.redactor.add(key)
    for (const login of loginsIn(process.env)) for (const line of login.split('\n')) this.redactor.add(line)
    guardProcess(error => this.#tell(error))
    this.#refuseUnclearSwitches()
  }

  abstract override run(): Promise<object>

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || isOn(process.env['AGW_JSON'])
  }

  /** Part of the answer for people; silent under `--json`. */
  protected say(text: string): void {
    if (!this.jsonEnabled()) this.terminal.out(this.typable(text))
  }

  /** The same for prose, which is broken between words where the terminal is narrow. */
  protected sayProse(text: string): void {
    if (!this.jsonEnabled()) this.terminal.prose(this.typable(text), 'out')
  }

  /** A note beside the answer, on stderr. */
  protected note(text: string): void {
    this.terminal.prose(this.typable(text), 'err')
  }

  /** Something that a person should not overlook, on stderr. */
  protected warning(text: string): void {
    this.note(this.terminal.asWarning(text))
  }

  /** Does what may take its time, and tells a person meanwhile what is waited for. */
  protected async waiting<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.jsonEnabled()) return work()
    this.#patience = setTimeout(() => this.terminal.status(`${what} …`), PATIENCE_MS)
    try {
      return await work()
    } finally {
      this.#endWaiting()
    }
  }

  #endWaiting(): void {
    clearTimeout(this.#patience)
    this.terminal.status('')
  }

  /** From now on messages are about this config: what `--file` was given. */
  protected isAbout(file: string | undefined): void {
    this.#config = namedAs(file, { cwd: process.cwd(), env: process.env })
  }

  /** A message whose suggested commands name the config that it is about, and can be typed as they stand. */
  protected typable(text: string): string {
    return namingConfig(text, this.#config, ([topic = '', name = '']) => {
      const command = this.config.findCommand(`${topic}:${name}`) ?? this.config.findCommand(topic)
      return command?.flags['file'] !== undefined
    })
  }

  /** A document as text, its messages as {@link typable} has them. */
  protected json(document: unknown, indent?: number): string {
    const isMessage = (key: string): boolean => ['message', 'hint', 'detail'].includes(key)
    const text = JSON.stringify(
      document,
      (key, value: unknown) => (typeof value === 'string' && isMessage(key) ? this.typable(value) : value),
      indent,
    )
    return printableJson(text)
  }

  /** Why nobody can be asked; `undefined` where a person can. */
  #whyNotAsked(flags: { readonly 'no-input'?: boolean }): string | undefined {
    if (flags['no-input'] === true) return '--no-input'
    return this.jsonEnabled() ? '--json' : this.terminal.whyNobodyThere
  }

  /** How a command takes a key in. */
  protected keyInput(flags: { readonly 'no-input'?: boolean }): KeyInputContext {
    const { terminal, redactor } = this
    const { stdin, env } = process
    return { cwd: process.cwd(), env, stdin, prompt: this.promptFor(flags), terminal, redactor }
  }

  /** How a command writes. */
  protected writeOptions(flags: {
    readonly 'dry-run': boolean
    readonly yes: boolean
    readonly 'no-input'?: boolean
  }): WriteFilesOptions {
    const { terminal } = this
    const { 'dry-run': dryRun, yes } = flags
    return { terminal, prompt: this.promptFor(flags), cwd: process.cwd(), env: process.env, dryRun, yes }
  }

  protected promptFor(flags: { readonly 'no-input'?: boolean }): Prompt {
    const ready = () => this.#endWaiting()
    const lines = (text: string, free: number) =>
      this.terminal.lines(text, this.terminal.columnsOf('err') - free)
    return new Prompt({ whyNot: this.#whyNotAsked(flags), note: text => this.note(text), ready, lines })
  }

  /**
   * Where the output of a command goes that we start: a terminal is handed over, anything else passes the redactor. Under
   * `--json` standard output is the document's.
   */
  protected childOutput(redact: boolean): Pick<StartOptions, 'stdout' | 'stderr'> {
    const own = (stream: NodeJS.WriteStream): 'inherit' | NodeJS.WriteStream =>
      stream.isTTY === true || !redact ? 'inherit' : stream
    return { stdout: this.jsonEnabled() ? process.stderr : own(process.stdout), stderr: own(process.stderr) }
  }

  protected override logJson(document: unknown): void {
    this.terminal.out(this.json(document, 2))
  }

  /** Sets the status the process will end with when all is printed. */
  protected endWith(exitCode: number): void {
    process.exitCode = exitCode
  }

  /** Fails with what was found until then, which the document of `--json` has beside the `error`. */
  protected failBeside(found: object, error: AgwError): never {
    this.#found = found
    throw error
  }

  override async catch(error: Error): Promise<void> {
    this.endWith(this.#tell(error))
  }

  /** A failure for people. */
  protected tellFailure(failure: Failure): void {
    const { terminal } = this
    const [message, hint] = [failure.message, failure.hint].map(printable)
    this.note(`${terminal.style(['bold', 'red'], 'error', 'err')} ${message}`)
    if (hint !== '') this.note(`  ${terminal.style('cyan', '→', 'err')} ${hint}`)
  }

  /** A misspelt yes must not pass for a no: AGW_DRY_RUN would write. */
  #refuseUnclearSwitches(): void {
    const unclear = unclearSwitch(this.#given())
    if (unclear === undefined) return
    throw new AgwError('USAGE', `${unclear.env} has a value that does not fit`, {
      hint: `it takes ${acceptedBy(unclear)}`,
    })
  }

  #given(): GivenFlags {
    const { baseFlags, flags } = this.ctor
    return { flags: { ...baseFlags, ...flags, json: JSON_FLAG }, argv: this.argv, env: process.env }
  }

  /** Prints a failure in the one form there is for it; gives its exit status. */
  #tell(error: unknown): number {
    const failure = toFailure(error, { ...this.#given(), closest })
    if (this.jsonEnabled() && failure.code !== 'OUTPUT_FAILED')
      this.logJson({ ...this.#found, error: failure })
    else this.tellFailure(failure)
    const isBug = failure.code === 'BUG' && error instanceof Error
    if (isBug && process.env['AGW_DEBUG']) this.terminal.err(error.stack ?? '')
    return failure.exitCode
  }
}
