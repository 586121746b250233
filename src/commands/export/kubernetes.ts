import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigCommand } from '../../cli/config-command.ts'
import { checkObjectNames, exportFlags } from '../../cli/export-flags.ts'
import { leftOverJson, leftOverLine } from '../../cli/report/export.ts'
import { writtenText } from '../../cli/report/init.ts'
import { writeFiles } from '../../cli/write-files.ts'
import {
  type Certificates,
  type ExportedConfig,
  exportConfig,
  exportFiles,
  readCertificate,
  readPasswords,
  requireOurs,
} from '../../cluster/index.ts'
import { type ConfigDocument, formatPath, keySlots } from '../../config/index.ts'
import { AgwError } from '../../errors.ts'
import { requireBesidesVariables, requireChangeable } from '../../require-config.ts'
import { currentKey } from '../../secrets/index.ts'
import type { Secret } from '../../secrets/secret.ts'
import { suggested } from '../../suggested.ts'

/** Bytes; the controller takes no more for keys of an issuer. */
const LARGEST_PUBLIC = 65_536

/** A file that holds no secret, such as the public keys of an issuer; undefined where it cannot be read. */
function readPublic(path: string): string | undefined {
  try {
    const stats = statSync(path)
    return stats.isFile() && stats.size <= LARGEST_PUBLIC ? readFileSync(path, 'utf8') : undefined
  } catch {
    return undefined
  }
}

export default class ExportKubernetes extends ConfigCommand {
  static override summary = "Write a config as manifests for agentgateway's controller in Kubernetes."
  static override description =
    'Listeners, models, routes, backends, policies, keys and clients become Gateway, HTTPRoute, AgentgatewayBackend and AgentgatewayPolicy, beside the config. Every part that does not is named with its place, and nothing is written then unless --partial says that the rest is wanted.'
  static override examples = [
    '<%= config.bin %> export kubernetes --dry-run',
    '<%= config.bin %> export kubernetes --namespace llm --secrets --yes',
  ]
  static override flags = exportFlags

  async run(): Promise<object> {
    const { flags } = await this.parse(ExportKubernetes)
    checkObjectNames(flags)
    const loaded = await this.load(flags)
    const { document } = loaded
    requireChangeable(loaded)
    const config = requireBesidesVariables(loaded)
    const cwd = process.cwd()
    const made = exportConfig(config, document, {
      ...flags,
      readFile: path => readPublic(resolve(cwd, path)),
    })
    if (made.leftOver.length > 0) this.#tellLeftOver(made.leftOver.map(one => leftOverLine(one, document)))
    if (made.leftOver.length > 0 && !flags.partial) {
      const count = made.leftOver.length === 1 ? 'one part' : `${made.leftOver.length} parts`
      throw new AgwError(
        'NOT_PASSED',
        `nothing was written: ${count} of ${document.file} would be left out`,
        {
          hint: 'write the rest with --partial, once you know that it does without; or take these parts out of the config',
          diagnostics: made.leftOver.map(one => leftOverJson(one, document)),
        },
      )
    }
    const wanted = keySlots(config, document).filter(slot => made.secrets.some(one => one.slot === slot.name))
    const keys = new Map<string, Secret>()
    for (const slot of flags.secrets ? wanted : []) {
      const key = await currentKey(slot, loaded.variables, cwd)
      if (key === undefined) {
        throw new AgwError('SECRET_MISSING', `${slot.name} has no key that could be written`, {
          hint: `store it first: ${suggested('keys', 'set', slot.name)}; or leave --secrets out`,
        })
      }
      this.registerSecret(key)
      keys.set(slot.name, key)
    }
    const pems = flags.secrets ? await this.#certificates(made, document, cwd) : new Map()
    const texts = new Map<string, Secret>()
    for (const one of flags.secrets ? made.passwords : []) {
      const text = await readPasswords(one, document, cwd)
      this.registerSecret(text)
      texts.set(one.secret, text)
    }
    const plan = exportFiles(made, { keys, pems, texts }, { config: loaded.path, cwd, ...flags })
    if (!flags['dry-run']) await requireOurs(plan.files)
    const files = await writeFiles(plan.files, { ...this.writeOptions(flags), warnings: made.notes })
    this.say(writtenText(files, plan.next, flags['dry-run'], this.terminal))
    return {
      files,
      leftOver: made.leftOver.map(one => leftOverJson(one, document)),
      notes: made.notes,
      secrets: made.secrets,
      certificates: made.certificates.map(({ path, secret }) => ({ path: formatPath(path), secret })),
      passwords: made.passwords.map(({ path, secret }) => ({ path: formatPath(path), secret })),
      next: plan.next,
    }
  }

  async #certificates(
    { certificates }: ExportedConfig,
    document: ConfigDocument,
    cwd: string,
  ): Promise<Certificates> {
    const pems = new Map<string, { cert: string; key: Secret }>()
    for (const one of certificates) {
      const pem = await readCertificate(one, document, cwd)
      this.registerSecret(pem.key)
      pems.set(one.secret, pem)
    }
    return pems
  }

  #tellLeftOver(lines: readonly string[]): void {
    for (const line of lines) this.warning(line)
  }
}
