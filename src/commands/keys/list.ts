import { ConfigCommand } from '../../cli/config-command.ts'
import { table } from '../../cli/table.ts'
import { formatPath } from '../../config/diagnostic.ts'
import { keySlots } from '../../config/index.ts'
import { requireKeyPlaces } from '../../load.ts'
import { type KeyRow, listKeys } from '../../secrets/index.ts'

export default class KeysList extends ConfigCommand {
  static override summary =
    'Show every key slot of the config: where its key comes from, and its fingerprint.'
  static override examples = ['<%= config.bin %> keys list', '<%= config.bin %> keys list --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(KeysList)
    const loaded = await this.load(flags)
    const slots = keySlots(requireKeyPlaces(loaded), loaded.document)
    const rows = await listKeys(slots, {
      variables: loaded.variables,
      cwd: process.cwd(),
      folder: loaded.folder,
      env: process.env,
    })
    this.#print(rows)
    return {
      keys: rows.map(({ slot, method, ...row }) => ({
        name: slot.name,
        provider: slot.provider,
        method,
        ...row,
        path: formatPath(slot.path),
        line: loaded.document.rangeOf(slot.path).start.line,
      })),
    }
  }

  #print(rows: readonly KeyRow[]): void {
    if (rows.length === 0) {
      this.say('the config has no AI backend, and so no key slot')
      return
    }
    const colour = (row: KeyRow): string =>
      this.terminal.style(
        row.state === 'ok' ? 'green' : row.state === 'suspect' ? 'yellow' : 'red',
        row.state,
      )
    this.say(
      table(
        ['NAME', 'PROVIDER', 'METHOD', 'SOURCE', 'FINGERPRINT', 'MODE', 'STATE'],
        rows.map(row => [
          row.slot.name,
          row.slot.provider,
          row.method,
          row.source,
          row.fingerprint ?? '–',
          row.mode ?? '–',
          row.slot.method === 'passthrough' ? '–' : colour(row),
        ]),
        text => this.terminal.style('dim', text),
      ),
    )
    for (const row of rows) if (row.detail !== undefined) this.note(`${row.slot.name}: ${row.detail}`)
  }
}
