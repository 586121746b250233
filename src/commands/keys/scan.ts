import { Args } from '@oclif/core'
import { ConfigCommand } from '../../cli/config-command.ts'
import { givenValue } from '../../cli/flag-words.ts'
import { githubText } from '../../cli/report/github.ts'
import { sarifText } from '../../cli/report/sarif.ts'
import { leakyFiles, scanJson, scanText } from '../../cli/report/scan.ts'
import { scanFlags } from '../../cli/scan-flags.ts'
import { workspaceRoot } from '../../cli/workspace-root.ts'
import { AgwError, EXIT } from '../../errors.ts'

export default class KeysScan extends ConfigCommand {
  static override summary = 'Find provider keys in clear text: in the config, beside it and in git history.'
  static override description =
    'Looks for the shapes of provider keys, and for the keys that the config uses, encoded too. Without PATH it looks into the files beside the config, among them backups and swap files of editors. A dotenv or key file of the config, or of a config.yaml below PATH, is no finding while only its owner can read it and git does not have it; nor is the kubernetes-secret.yaml beside it, where git ignores that. A comment `agw:allow` in its line allows a key. Large files and UTF-16 are looked into too; compressed files are not, and are named. Exits 1 when there is a finding, and when what is staged or what PATH names cannot be read. No key is ever printed.'
  static override examples = [
    '<%= config.bin %> keys scan',
    '<%= config.bin %> keys scan . --format sarif > keys.sarif',
    '<%= config.bin %> keys scan --staged',
    '<%= config.bin %> keys scan --write-baseline known-keys.json',
    '<%= config.bin %> keys scan --baseline known-keys.json',
  ]
  static override args = {
    path: Args.string({
      ignoreStdin: true,
      multiple: true,
      description: 'Files and folders, with all that is in them.',
    }),
  }
  static override flags = scanFlags

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || givenValue('format', this.argv, process.env['AGW_SCAN_FORMAT']) === 'json'
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(KeysScan)
    if (flags.file === '-') throw new AgwError('USAGE', 'a scan looks at files: name one with --file PATH')
    if (flags.staged && args.path !== undefined)
      throw new AgwError('USAGE', '--staged looks into all that is staged: leave the path out')
    const { known, scanKeys, writeBaseline } = await import('../../keys/scan.ts')
    const result = await this.waiting('looking for keys', () =>
      scanKeys({
        load: this.loadOptions(flags),
        paths: args.path ?? [],
        history: flags.history,
        staged: flags.staged,
        shellHistory: flags['shell-history'],
        onSecret: secret => this.registerSecret(secret),
      }),
    )
    const files = leakyFiles(result, await known(flags.baseline, process.cwd()))
    const to = flags['write-baseline']
    if (to !== undefined) await writeBaseline(to, process.cwd(), result)
    else if (files.some(file => file.diagnostics.length > 0)) this.endWith(EXIT.findings)
    // A hook that has not seen what it was to look at must not pass.
    else if (result.unread && (flags.staged || args.path !== undefined)) this.endWith(EXIT.findings)
    const root = workspaceRoot(process.cwd(), process.env)
    if (flags.format === 'sarif') this.say(sarifText(files, { root, version: this.config.version }))
    else if (flags.format === 'github') this.say(githubText(files, root, 'agw keys scan'))
    else {
      const isFlat = args.path === undefined && !flags.staged
      this.sayProse(scanText(files, result, this.terminal, { isAccepted: to !== undefined, isFlat }))
    }
    if (to !== undefined) this.note(`wrote the findings to ${to}`)
    return scanJson(files, result)
  }
}
