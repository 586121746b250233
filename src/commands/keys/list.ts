import { ConfigCommand } from '../../cli/config-command.ts'
import { keysText } from '../../cli/report/keys.ts'
import { formatPath } from '../../config/diagnostic.ts'
import { keySlots } from '../../config/index.ts'
import { EXIT } from '../../errors.ts'
import { requireKeyPlaces } from '../../require-config.ts'
import { leftCopies, listKeys, readKeyNotes } from '../../secrets/index.ts'
import { keptKey, minuteOf } from '../../secrets/rotation/kept.ts'

/** Nothing could be sent. */
const UNRESOLVED: readonly string[] = ['missing', 'empty', 'unreadable']

export default class KeysList extends ConfigCommand {
  static override summary =
    'Show every key slot of the config: where its key comes from, and its fingerprint.'
  static override description = 'Exits 4 when a key is missing, empty or cannot be read.'
  static override examples = ['<%= config.bin %> keys list', '<%= config.bin %> keys list --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(KeysList)
    const loaded = await this.load(flags)
    await this.forgetExpired(loaded)
    const slots = keySlots(requireKeyPlaces(loaded), loaded.document)
    const notes = await readKeyNotes(loaded.path, process.env)
    const rows = await listKeys(slots, {
      diagnostics: loaded.diagnostics,
      variables: loaded.variables,
      cwd: process.cwd(),
      folder: loaded.folder,
      env: process.env,
      notes,
      ageLimits: loaded.agw?.ageLimits,
      now: Date.now(),
    })
    const at = { config: loaded.path, cwd: process.cwd(), env: process.env }
    const kept = new Map(await Promise.all(slots.map(async slot => [slot, await keptKey(slot, at)] as const)))
    this.say(keysText(rows, this.terminal))
    for (const { slot, detail, age } of rows) {
      const old = kept.get(slot)
      if (old !== undefined)
        this.note(`${slot.name}: its old key is kept until ${minuteOf(old.until)}  ${old.fingerprint}`)
      if (detail !== undefined) this.note(`${slot.name}: ${detail}`)
      if (age?.state === 'old') this.warning(`${age.message}: ${age.hint}`)
      else if (age !== undefined) this.note(`${age.message}: ${age.hint}`)
    }
    const context = { ...loaded, config: loaded.path, notes, cwd: process.cwd(), env: process.env }
    for (const { message, hint } of await leftCopies(slots, context)) this.warning(`${message}: ${hint}`)
    if (rows.some(({ state }) => UNRESOLVED.includes(state))) this.endWith(EXIT.secret)
    return {
      keys: rows.map(({ slot, method, age, ...row }) => ({
        name: slot.name,
        provider: slot.provider,
        method,
        ...row,
        age: age?.state ?? null,
        kept: kept.get(slot) ?? null,
        path: formatPath(slot.path),
        line: loaded.document.rangeOf(slot.path).start.line,
      })),
    }
  }
}
