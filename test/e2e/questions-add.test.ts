import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { tempFolder } from '../helpers/agw.ts'
import { noTerminal, unless } from '../helpers/needs.ts'
import { talk } from '../helpers/talk.ts'

const LLM = `gateways: { default: { port: 3000 } }
llm:
  models:
    - name: "*"
      provider: openAI
`
const DOWN = '\u001b[B'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (text: string): Promise<void> => writeFile(join(folder, 'config.yaml'), text)
const text = (): Promise<string> => readFile(join(folder, 'config.yaml'), 'utf8')

describe.skipIf(noTerminal !== undefined)(
  `the questions of a config that is there${unless(noTerminal)}`,
  () => {
    it('init adds to it, asks for a model where none is known, and offers no manifests', async () => {
      await put(LLM)
      const { status, screen } = await talk(
        folder,
        ['init', '--provider', 'groq'],
        [
          [/What now\?[\s\S]*leave it/, '\r'],
          [/handed over\?[\s\S]*passthrough/, '\r'],
          [/Which model of Groq do clients ask for\? The config has no entry/, 'll*ma-3\r'],
          [/at most one star/, '\u0015llama-3\r'],
          [/Groq key/, '\r'],
          [/Write this\?/, '\r'],
        ],
      )
      expect(status, screen).toBe(0)
      expect(screen).not.toContain('Kubernetes')
      expect(screen).toContain('agw init --provider groq --model llama-3 --method env --add --yes')
      expect(await text()).toBe(
        `${LLM}    - name: llama-3\n      provider: groq\n      params:\n        apiKey: "$GROQ_API_KEY"\n`,
      )
    })

    it('init leaves it alone when told to', async () => {
      await put(LLM)
      const { status, screen } = await talk(
        folder,
        ['init'],
        [[/What now\?[\s\S]*leave it/, `${DOWN}${DOWN}\r`]],
      )
      expect([status, screen]).toEqual([1, expect.stringContaining('nothing was written')])
      expect(await text()).toBe(LLM)
    })

    it('clients add asks for the place, and before anybody is shut out', async () => {
      const two = 'gateways:\n  a: { port: 3000 }\n  b: { port: 3001 }\nroutes: []\n'
      await put(two)
      const no = await talk(
        folder,
        ['clients', 'add', 'x'],
        [
          [/let in\?[\s\S]*gateways\.b/, `${DOWN}\r`],
          [/gateways\.b asks nobody for a key yet/, 'n\r'],
        ],
      )
      expect([no.status, await text()]).toEqual([1, two])
      const { status, screen } = await talk(
        folder,
        ['clients', 'add', 'x'],
        [
          [/let in\?[\s\S]*gateways\.b/, `${DOWN}\r`],
          [/gateways\.b asks nobody for a key yet/, '\r'],
          [/Write this\?/, '\r'],
        ],
      )
      expect(status, screen).toBe(0)
      expect(screen.match(/agw_sk_[A-Za-z0-9]{32}/g)).toHaveLength(1)
      expect(await text()).toMatch(/b: \{ port: 3001, apiKey: \{ mode: strict, keys: \[/)
    })

    it('clients remove asks before it revokes, and Enter is a no', async () => {
      const known = `${LLM}  policies: { apiKey: { mode: strict, keys: [{ keyHash: "sha256:${'ab'.repeat(32)}", metadata: { name: x } }] } }\n`
      await put(known)
      const no = await talk(
        folder,
        ['clients', 'remove', 'x'],
        [[/Revoke the key of x \(sha256:\w{8}\)\?/, '\r']],
      )
      expect([no.status, await text()]).toEqual([1, known])
    })
  },
)
