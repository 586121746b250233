import { Args } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { codesJson, codesText, explanationJson, explanationText } from '../cli/report/explanation.ts'
import { closest } from '../config/did-you-mean.ts'
import { CODES, type Code } from '../config/index.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { explain } from '../explain.ts'
import { suggested } from '../suggested.ts'

export default class Explain extends BaseCommand {
  static override summary = 'Say what a finding of validate or keys scan means and what to do about it.'
  static override description = 'Without a code it lists all codes.'
  static override examples = ['<%= config.bin %> explain', '<%= config.bin %> explain KEY_FILE_MODE']
  static override args = {
    code: Args.string({
      // The library would take a missing argument from standard input, where keys come in.
      ignoreStdin: true,
      description: 'The code, as it is printed with the finding.',
    }),
  }

  async run(): Promise<object> {
    const { args } = await this.parse(Explain)
    if (args.code === undefined) {
      this.say(codesText(this.terminal))
      return codesJson()
    }
    const explanation = await explain(codeNamed(args.code), process.env['PATH'])
    this.say(explanationText(explanation, this.terminal))
    return explanationJson(explanation)
  }
}

function codeNamed(typed: string): Code {
  const code = typed.toUpperCase().replaceAll('-', '_')
  const codes = Object.keys(CODES)
  if (isCode(code)) return code
  const shown = looksSecret(typed, codes) ? 'that' : JSON.stringify(typed)
  const part = typed.length >= 4 ? codes.find(one => one.includes(code)) : undefined
  const meant = typed.length <= 40 ? (closest(typed, codes) ?? part) : undefined
  throw new AgwError('USAGE', `${shown} is not a code of agw`, {
    hint: meant === undefined ? `${suggested('explain')} lists them` : `did you mean ${meant}?`,
  })
}

function isCode(word: string): word is Code {
  return Object.hasOwn(CODES, word)
}
