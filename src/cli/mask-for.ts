import { LineIndex, maskedAt, maskKeys } from '../config/index.ts'
import { looksSecret } from '../config/shown-word.ts'
import type { PlannedFile } from '../setup/planned-file.ts'
import type { MaskLines } from './diff.ts'

/** How the lines of a file are shown. A key file is one secret, of which not even the length is; in a config, what could be one is masked. */
export function maskFor(file: PlannedFile): MaskLines {
  if (file.keyless === true) return eachAlone(maskKeys)
  if (file.secret && !/\.ya?ml$/.test(file.path)) return eachAlone(maskVariable)
  return text => {
    const lines = new LineIndex(text)
    return number => maskedAt(lines, number).text
  }
}

function eachAlone(mask: (line: string) => string): MaskLines {
  return text => {
    const lines = new LineIndex(text)
    return number => mask(lines.line(number))
  }
}

function maskVariable(line: string): string {
  const [, name = '', value = ''] = /^(\s*(?:export\s+)?[A-Za-z_]\w*=)?(.*)$/.exec(line) ?? []
  const shown = looksSecret(name.replace(/=$/, '')) ? '********=' : name
  return value === '' || value.startsWith('#') ? line : `${shown}********`
}
