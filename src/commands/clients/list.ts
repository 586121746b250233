import { ConfigCommand } from '../../cli/config-command.ts'
import { clientJson, clientsText, modeOf } from '../../cli/report/clients.ts'
import { clientEntries, keyAges } from '../../clients/index.ts'
import { requireKeyPlaces } from '../../require-config.ts'
import { suggested } from '../../suggested.ts'

export default class ClientsList extends ConfigCommand {
  static override summary = 'Show every client that the config knows by a virtual key.'
  static override description =
    'A key is shown by the start of its hash; the key itself is nowhere but with the client. Of several keys of one client the newer is the one that stands later in the config.'
  static override examples = ['<%= config.bin %> clients list', '<%= config.bin %> clients list --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(ClientsList)
    const loaded = await this.load(flags)
    requireKeyPlaces(loaded)
    const { document } = loaded
    const entries = clientEntries(document)
    for (const { plain } of entries) this.registerSecret(plain)
    this.say(clientsText(entries, this.terminal))
    for (const { place } of new Map(entries.map(entry => [entry.place.id, entry])).values()) {
      const mode = modeOf(place)
      if (mode !== 'strict') this.warning(`${place.id}: requests without a key pass there (mode: ${mode})`)
    }
    const clear = entries.filter(({ inClear }) => inClear).length
    if (clear > 0)
      this.warning(
        `${clear === 1 ? 'one key stands' : `${clear} keys stand`} in the config in the clear: ${suggested('validate', '--fix')} writes the hash in its place`,
      )
    const ages = keyAges(entries)
    return { clients: entries.map(entry => clientJson(entry, document, ages.get(entry))) }
  }
}
