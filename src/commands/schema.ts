import { BaseCommand } from '../cli/base-command.ts'
import { configJsonSchema } from '../config/json-schema.ts'

export default class Schema extends BaseCommand {
  static override summary = 'Print the JSON Schema of config.yaml, for editors.'
  static override description =
    'Write it to a file, and name that file in the first line of a config:\n\n# yaml-language-server: $schema=agentgateway.schema.json'
  static override examples = ['<%= config.bin %> schema > agentgateway.schema.json']

  async run(): Promise<object> {
    await this.parse(Schema)
    const schema = configJsonSchema()
    this.say(JSON.stringify(schema, null, 2))
    return schema
  }
}
