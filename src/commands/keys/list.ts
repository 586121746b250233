import { ConfigCommand } from '../../cli/config-command.ts'
import { keysText } from '../../cli/report/keys.ts'
import { formatPath } from '../../config/diagnostic.ts'
import { keySlots } from '../../config/index.ts'
import { requireKeyPlaces } from '../../load.ts'
import { listKeys, readKeyNotes } from '../../secrets/index.ts'

export default class KeysList extends ConfigCommand {
  static override summary =
    'Show every key slot of the config: where its key comes from, and its fingerprint.'
  static override examples = ['<%= config.bin %> keys list', '<%= config.bin %> keys list --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(KeysList)
    const loaded = await this.load(flags)
    await this.forgetExpired(loaded)
    const slots = keySlots(requireKeyPlaces(loaded), loaded.document)
    const rows = await listKeys(slots, {
      variables: loaded.variables,
      cwd: process.cwd(),
      folder: loaded.folder,
      env: process.env,
      notes: await readKeyNotes(loaded.path, process.env),
      now: Date.now(),
    })
    this.say(keysText(rows, this.terminal))
    for (const { slot, detail } of rows) if (detail !== undefined) this.note(`${slot.name}: ${detail}`)
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
}
