import { atFlag, clientArgs } from '../../cli/client-flags.ts'
import { writeFlags } from '../../cli/flags.ts'
import { NewKeyCommand } from '../../cli/new-key-command.ts'
import { calledAs, clientEntries, findToRotate, likeEntry, shortHash } from '../../clients/index.ts'
import { requireChangeable } from '../../require-config.ts'
import { suggested } from '../../suggested.ts'

export default class ClientsRotate extends NewKeyCommand {
  static override summary = 'Make a second key for a client, which takes the place of its first.'
  static override description =
    'Both work, with the same metadata and models, until the old one is revoked by its hash: a client changes over without a refused request.'
  static override examples = [
    '<%= config.bin %> clients rotate research',
    '<%= config.bin %> clients remove sha256:1a2b3c4d',
  ]
  static override args = clientArgs('The client, as `clients list` names it.')
  static override flags = { at: atFlag, ...writeFlags }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ClientsRotate)
    const { key, hash, files, former } = await this.changing(flags, async loaded => {
      requireChangeable(loaded)
      const all = clientEntries(loaded.document)
      for (const { plain } of all) this.registerSecret(plain)
      const found = findToRotate(all, args.name, flags.at)
      const { place } = found
      const name = calledAs(found)
      const entry = likeEntry(loaded, found)
      const admitted = await this.admit({ loaded, place, strict: false, entry, name, flags })
      return { ...admitted, former: found }
    })
    const old = former.hash === undefined ? null : shortHash(former.hash)
    const changed = hash !== null
    if (changed && old !== null)
      this.note(`the old key works too, until ${suggested('clients', 'remove', old)} revokes it`)
    return { name: former.name ?? null, key, hash, formerHash: old, place: former.place.id, changed, files }
  }
}
