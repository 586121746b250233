import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readAgwFile } from '../../src/config/index.ts'
import { planEntry } from '../../src/setup/agw-entry.ts'
import { tempFolder } from '../helpers/agw.ts'

const ENTRY = 'secrets:\n  K: { encrypted: "secrets.age" }\n'

it.each([
  ['has comments alone', '# ours\n', `# ours\n${ENTRY}`],
  ['has a comment without a line end', '# ours', `# ours\n${ENTRY}`],
  [
    'has an entry',
    'secrets:\n  A: { env: B } # b\n',
    'secrets:\n  A: { env: B } # b\n  K: { encrypted: "secrets.age" }\n',
  ],
  [
    'has no entry yet',
    'secrets: # of the team\n',
    'secrets: { K: { encrypted: "secrets.age" } } # of the team\n',
  ],
])('an entry is put into an agw.yaml that %s', async (_, before, after) => {
  const folder = await tempFolder()
  await writeFile(join(folder, 'agw.yaml'), before)
  const agw = await readAgwFile(folder)
  const { file } = await planEntry('K', 'encrypted', { name: 'k' }, {}, { folder, agw })
  expect(file).toMatchObject({ content: after, madeOf: before })
})
