import { checkClientName, clientAddFlags, clientArgs, metadataOf, modelsOf } from '../../cli/client-flags.ts'
import { choosePlace } from '../../cli/client-place.ts'
import { writeFlags } from '../../cli/flags.ts'
import { NewKeyCommand } from '../../cli/new-key-command.ts'
import { clientEntries, described, refuseTaken } from '../../clients/index.ts'
import { requireChangeable } from '../../require-config.ts'
import { suggested } from '../../suggested.ts'

export default class ClientsAdd extends NewKeyCommand {
  static override summary = 'Make a virtual key for a client, and let it in.'
  static override description =
    'The key is random and is printed once, to standard output. The config gets its hash, in the list of keys that clients are known by (apiKey). A gateway that runs with the config reads it at once, or a moment later where its admin pages are off: the key works from then on.'
  static override examples = [
    '<%= config.bin %> clients add research',
    '<%= config.bin %> clients add alice --metadata team=research --models "gpt-4o*"',
    'key=$(<%= config.bin %> clients add ci --require-keys --yes)',
  ]
  static override args = clientArgs(
    'What the client is called: in the list, and as apiKey.name in rules and in what the config adds to the log and to metrics.',
  )
  static override flags = { ...clientAddFlags, ...writeFlags }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ClientsAdd)
    const name = checkClientName(args.name)
    const metadata = metadataOf(flags)
    const models = modelsOf(flags)
    const entry = described(name, metadata, models)
    const { key, hash, files, place } = await this.changing(flags, async loaded => {
      requireChangeable(loaded)
      const { document } = loaded
      refuseTaken(name, clientEntries(document), document)
      const chosen = await choosePlace(document, flags, this.promptFor(flags))
      const admitted = await this.admit({ ...chosen, loaded, entry, name, flags })
      return { ...admitted, place: chosen.place }
    })
    const changed = hash !== null
    if (changed) this.note(`${suggested('clients', 'remove', name)} revokes it`)
    return { name, key, hash, metadata, models: models ?? null, place: place.id, changed, files }
  }
}
