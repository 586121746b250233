import { atFlag, clientArgs } from '../../cli/client-flags.ts'
import { ConfigCommand } from '../../cli/config-command.ts'
import { writeFlags } from '../../cli/flags.ts'
import { modeOf } from '../../cli/report/clients.ts'
import { changeWord } from '../../cli/report/key-change.ts'
import { tellGateways } from '../../cli/tell-gateways.ts'
import { writeFiles } from '../../cli/write-files.ts'
import { calledWithHash, clientEntries, findClient, planWithout, shortHash } from '../../clients/index.ts'
import { requireChangeable } from '../../require-config.ts'

export default class ClientsRemove extends ConfigCommand {
  static override summary = 'Revoke the virtual key of a client.'
  static override description =
    'Takes its entry out of the config. A gateway that runs with the config reads it at once, or a moment later where its admin pages are off, and refuses the key from then on.'
  static override examples = [
    '<%= config.bin %> clients remove research',
    '<%= config.bin %> clients remove sha256:1a2b3c4d --yes',
  ]
  static override args = clientArgs(
    'The client, as `clients list` names it: its name, or the start of its hash.',
  )
  static override flags = { at: atFlag, ...writeFlags }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ClientsRemove)
    const { loaded, entry, plan, files } = await this.changing(flags, async found => {
      requireChangeable(found)
      const all = clientEntries(found.document)
      for (const { plain } of all) this.registerSecret(plain)
      const client = findClient(all, args.name, flags.at)
      const without = planWithout(found, client)
      const written = await writeFiles([without.file], {
        ...this.writeOptions(flags),
        losing: `Revoke the key of ${calledWithHash(client)}?`,
        warnings: without.findings.map(one => `${one.message}: ${one.hint}`),
      })
      return { loaded: found, entry: client, plan: without, files: written }
    })
    const word = changeWord('revoked', 'revoke', true, flags['dry-run'])
    this.sayProse(`${this.terminal.style('green', word)} ${calledWithHash(entry)}`)
    const { name, hash, place } = entry
    const isEmpty = !clientEntries(plan.document).some(one => one.place.id === place.id)
    if (!flags['dry-run']) for (const line of await tellGateways(process.env, loaded.path)) this.note(line)
    if (isEmpty)
      this.note(
        `${place.id} has no key left${modeOf(place) === 'strict' ? ': it refuses every request' : ''}`,
      )
    return {
      name: name ?? null,
      hash: hash === undefined ? null : shortHash(hash),
      place: place.id,
      changed: !flags['dry-run'],
      files,
    }
  }
}
