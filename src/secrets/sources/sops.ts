import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readYamlTree } from '../../config/yaml-tree.ts'
import { decryptAge, identityLines, MAX_ENCRYPTED_BYTES } from '../age.ts'
import { identityPlace, readIdentities } from '../age-identity.ts'
import { readTextFile } from '../read.ts'
import { Secret } from '../secret.ts'
import { type Opened, openSops, type SopsMetadata, sopsMetadata } from '../sops-file.ts'
import type { Reference, SecretSource, SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { storedInFile } from '../stored-at.ts'
import { watchFiles } from '../watch.ts'
import { fileProblem } from './file-problem.ts'

/**
 * Values of YAML and JSON files that SOPS encrypted for age. The MAC of the whole file is checked before a value is
 * used, so that nothing in it can be exchanged. Files are read, not written: that is the work of `sops`.
 */
export const sopsSource: SecretSource<'sops'> = {
  kind: 'sops',
  timeoutMs: 30_000,
  describe: ({ file, path }) => `sops ${file} ${path.join('.')}`,
  instead: ({ where: { file, path } }) => {
    const index = path.map(step => `[${JSON.stringify(step)}]`).join('')
    return `write it with SOPS, from standard input: sops set --value-stdin ${file} '${index}'`
  },
  storedAt: (reference, context) =>
    storedInFile(pathOf(reference, context), JSON.stringify(reference.where.path)),
  async resolve(references, context) {
    const found = new Map<Reference<'sops'>, Secret | SourceProblem>()
    const files = new Map<string, ReturnType<typeof open>>()
    for (const reference of references) {
      const path = pathOf(reference, context)
      const opening = files.get(path) ?? open(path, context)
      files.set(path, opening)
      const opened = await opening
      const value =
        opened === undefined || 'code' in opened ? opened : coveredValue(opened, reference.where.path)
      if (value !== undefined) found.set(reference, typeof value === 'string' ? new Secret(value) : value)
    }
    return found
  },
  watch: (references, changed, context) =>
    watchFiles(
      references.map(reference => pathOf(reference, context)),
      changed,
    ),
}

function coveredValue(
  opened: Opened,
  path: readonly (string | number)[],
): string | SourceProblem | undefined {
  if (opened.isCovered(path)) return opened.valueAt(path)
  return {
    code: 'malformed',
    message:
      'it stands in the clear, and the MAC of this file covers encrypted values only (mac_only_encrypted)',
    hint: 'have SOPS encrypt this value: anybody who can write the file could exchange it',
  }
}

/** Undefined where there is no file. */
async function open(path: string, context: SourceContext): Promise<Opened | SourceProblem | undefined> {
  const read = await readTextFile(path, MAX_ENCRYPTED_BYTES)
  if (!read.ok) return read.problem.code === 'missing' ? undefined : fileProblem(read.problem)
  const tree = readYamlTree(read.text)
  const metadata = sopsMetadata(tree)
  if (metadata === undefined || !(tree instanceof Map)) {
    return {
      code: 'malformed',
      message: 'it is not a YAML or JSON file that SOPS encrypted',
      hint: 'encrypt it with `sops encrypt --in-place`; dotenv and INI files of SOPS are not read',
    }
  }
  const key = await dataKey(metadata, context)
  if (!Buffer.isBuffer(key)) return key
  return (
    openSops(tree, metadata, key) ?? {
      code: 'malformed',
      message: 'its MAC does not fit: something in it was changed without SOPS',
      hint: 'take an unharmed copy, from version control for example; nothing of it is used',
    }
  )
}

async function dataKey(
  { ageKeys, others, split }: SopsMetadata,
  context: SourceContext,
): Promise<Buffer | SourceProblem> {
  if (split || ageKeys.length === 0) {
    const what = split
      ? 'its key is split between groups'
      : `its key is kept by ${others.join(', ') || 'nobody'}`
    return {
      code: 'not-configured',
      message: `${what}, and agw opens files for age only`,
      hint: 'add an age recipient to the file, or use `exec: [sops, decrypt, --extract, …]`',
    }
  }
  const identities = await sopsIdentities(context)
  if ('code' in identities) return identities
  let problem: SourceProblem | undefined
  for (const sealed of ageKeys) {
    const opened = await decryptAge(Buffer.from(sealed, 'utf8'), identities)
    if (opened instanceof Uint8Array && opened.length === 32) return Buffer.from(opened)
    problem = opened instanceof Uint8Array ? undefined : opened
  }
  return problem ?? { code: 'malformed', message: 'its data key is none', hint: 'take an unharmed copy' }
}

/** Where SOPS itself looks (SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, its folder), what agw.yaml says, then agw's own. */
async function sopsIdentities(context: SourceContext): Promise<readonly Secret[] | SourceProblem> {
  const { env, connections } = context
  const inline = env['SOPS_AGE_KEY']
  if (inline) return identityLines(inline).map(line => new Secret(line.trim(), 'age identity'))
  const named = env['SOPS_AGE_KEY_FILE']
  if (named) return readIdentities({ file: resolve(context.configDir, named) }, context)
  const own = identityPlace(connections.sops?.identity, context)
  if (env['AGW_AGE_IDENTITY'] || connections.sops?.identity !== undefined) return readIdentities(own, context)
  const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? homedir(), '.config')
  const found = await readIdentities({ file: join(base, 'sops', 'age', 'keys.txt') }, context)
  return 'code' in found && found.code === 'not-configured' ? readIdentities(own, context) : found
}

function pathOf({ where }: Reference<'sops'>, { configDir }: Pick<SourceContext, 'configDir'>): string {
  return resolve(configDir, where.file)
}
