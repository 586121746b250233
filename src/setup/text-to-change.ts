import { AgwError } from '../errors.ts'
import { readPlainText, whyUnread } from '../plain-file.ts'

/** The text of a file that is to be changed; undefined where there is none. Throws WRITE_FAILED for what cannot be read. */
export async function textToChange(path: string): Promise<string | undefined> {
  return await readPlainText(path).catch((error: unknown) => {
    throw new AgwError('WRITE_FAILED', `cannot read ${path} to change it: ${whyUnread(error)}`, {
      hint: 'look at it with `ls -l`',
      cause: error,
    })
  })
}

/** The same where what cannot be read counts for nothing: whoever changes it is told. */
export async function textIfAny(path: string): Promise<string> {
  return (await readPlainText(path).catch(() => undefined)) ?? ''
}
