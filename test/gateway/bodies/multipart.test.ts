import { describe, expect, it } from 'vitest'
import { modelsInForm } from '../../../src/gateway/bodies/multipart.ts'
import { leastProcessorMs } from '../../helpers/processor-time.ts'
import { rawClient } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

/** A form of one part, or of several. */
function form(...parts: string[]): string {
  return `${parts.map(part => `--B\r\n${part}\r\n`).join('')}--B--\r\n`
}

function field(disposition: string, value = 'dear', more = ''): string {
  return `Content-Disposition: ${disposition}\r\n${more}\r\n${value}`
}

function models(body: string, type = 'multipart/form-data; boundary=B'): readonly string[] | undefined {
  return modelsInForm(type, Buffer.from(body))
}

const MODEL = field('form-data; name="model"')
const MANY_HEADERS = Array.from({ length: 1500 }, (_, i) => `X${i}: 1\r\n`).join('')
const MANY_PARAMETERS = Array.from({ length: 1500 }, (_, i) => `;x${i}=1`).join('')

describe('the model of a form', () => {
  it.each([
    ['quoted', MODEL],
    ['not quoted, as .NET writes it', field('form-data; name=model')],
    ['a space before the semicolon', field('form-data; name="model" ; a=b')],
    ['other parameters first', field('form-data; a="x;y"; name="model"')],
    ['another case', field('FORM-DATA; NAME="model"')],
    ['with a type', field('form-data; name="model"', 'dear', 'Content-Type: text/plain; charset=utf-8\r\n')],
    ['type first', `Content-Type: text/plain\r\n${MODEL}`],
    ['as Java sends it', field('form-data; name="model"', 'dear', 'Content-Transfer-Encoding: 8bit\r\n')],
    ['blanks around the values', field(' \t form-data; name="model" \t')],
    ['with its length', field('form-data; name="model"', 'dear', 'Content-Length: 4\r\n')],
  ])('%s', (_, part) => {
    expect(models(form(part))).toEqual(['dear'])
  })

  it.each([
    ['in quotation marks', 'multipart/form-data; boundary="B"'],
    ['in another case', 'Multipart/Form-Data;BOUNDARY=B'],
    ['behind another parameter', 'multipart/form-data; charset=utf-8; boundary=B'],
    ['before another parameter', 'multipart/form-data; boundary=B; charset=utf-8'],
  ])('boundary %s', (_, type) => {
    expect(models(form(MODEL), type)).toEqual(['dear'])
  })

  it('is not the text of another field, nor the name of a file', () => {
    const file = field('form-data; name="file"; filename="model"; filename*=utf-8\'\'model', '{"model": 1}')
    expect(models(form(file, field('form-data; name="prompt"', 'name="model"')))).toEqual([])
    expect(models('--B--\r\n')).toEqual([])
  })

  it('may be there twice, and in another case', () => {
    expect(models(form(MODEL, field('form-data; name="Model"', 'cheap')))).toEqual(['dear', 'cheap'])
  })

  it('is read as UTF-8, beside bytes that are none', () => {
    const bytes = Buffer.concat([
      Buffer.from('--B\r\nContent-Disposition: form-data; name="file"; filename="ä.mp3"\r\n\r\n'),
      Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0x2d]),
      Buffer.from(`\r\n${form(field('form-data; name="model"', 'dür'))}`),
    ])
    expect(modelsInForm('multipart/form-data; boundary=B', bytes)).toEqual(['dür'])
  })
})

describe('a form that others may read in another way is refused', () => {
  it.each([
    ['two boundaries', 'multipart/form-data; boundary=A; boundary=B'],
    ['two, one of which is hidden', 'multipart/form-data; xboundary=A; boundary=B'],
    ['an extended one', "multipart/form-data; boundary*=utf-8''A; boundary=B"],
    ['no boundary', 'multipart/form-data'],
    ['an empty one', 'multipart/form-data; boundary=""'],
    ['a parameter that is none', 'multipart/form-data; boundary=B; x'],
    ['a space at the equals sign', 'multipart/form-data; boundary =B'],
    ['a comma', 'multipart/form-data; boundary=B, multipart/form-data; boundary=A'],
    ['an escape', 'multipart/form-data; boundary="\\B"'],
  ])('%s', (_, type) => {
    expect(models(form(MODEL), type)).toBeUndefined()
  })

  it.each([
    ['an extended name', field("form-data; name*=utf-8''model")],
    ['both names', field('form-data; name="x"; name*=utf-8\'\'model')],
    ['a name in pieces beside it', field('form-data; name="x"; name*0="model"')],
    ['one beside an empty name', field('form-data; name=""; name*0="model"')],
    ['several pieces', field('form-data; name="x"; NAME*0="mo"; name*1="del"')],
    ['an extended piece', field('form-data; name="x"; name*0*=utf-8\'\'model')],
    ['a piece that is not the first', field('form-data; name="x"; name*00="model"')],
    ['two names', field('form-data; name="x"; name="model"')],
    ['an escape in the name', field('form-data; name="mo\\del"')],
    ['an escaped quotation mark', field('form-data; filename="\\"; name="model"')],
    ['a name without its second quotation mark', field('form-data; name="model')],
    ['a name that starts with a space', field('form-data; name=" model"')],
    ['a name that ends with a space', field('form-data; name="model "')],
    ['a name that ends with a tab', field('form-data; name="model\t"')],
    ['a name that ends with a blank of Latin-1', field('form-data; name="model\xa0"')],
    ['a name with a letter that looks like one', field('form-data; name="m\u043edel"')],
    ['a disposition behind a blank of Latin-1', field('\xa0form-data; name="model"')],
    ['a head that is too long', field('form-data; name="model"', 'dear', `X: ${'x'.repeat(16 * 1024)}\r\n`)],
    ['a space at the equals sign', field('form-data; name ="model"')],
    ['no name', field('form-data')],
    ['another kind', field('attachment; name="model"')],
    ['a folded header', field('form-data;\r\n name="model"')],
    ['a header without a colon', `x\r\n${MODEL}`],
    ['a space before the colon', 'Content-Disposition : form-data; name="model"\r\n\r\ndear'],
    ['a line that ends early', field('form-data; name="x"\nContent-Disposition: form-data; name="model"')],
    ['two dispositions', `Content-Disposition: form-data; name="x"\r\n${MODEL}`],
    ['no header', '\r\ndear'],
    ['headers that do not end', 'Content-Disposition: form-data; name="model"'],
    ['a model that is a file', field('form-data; name="model"; filename="x"')],
    ['an encoding', field('form-data; name="model"', 'ZGVhcg==', 'Content-Transfer-Encoding: base64\r\n')],
    [
      'a set of characters',
      field('form-data; name="model"', 'x', 'Content-Type: text/plain; charset=utf-7\r\n'),
    ],
    ['a model that is no text', field('form-data; name="model"', 'x', 'Content-Type: application/json\r\n')],
  ])('%s', (_, part) => {
    expect(models(form(part))).toBeUndefined()
  })

  // Each of these would take minutes if every blank were a start to look from anew.
  it.each([
    ['before a sign that ends the value', (blanks: string) => `a:${blanks}\x01`],
    ['inside a value', (blanks: string) => `a:x${blanks}x\x01`],
    ['inside a value that can be read', (blanks: string) => `a:x${blanks}x`],
    ['before a parameter', (blanks: string) => `Content-Disposition: form-data${blanks}x`],
  ])('in one go, whatever blanks it has: %s', (_, head) => {
    const part = `${head(' '.repeat(16_000))}\r\n\r\nx`
    expect(models(form(...Array.from({ length: 200 }, () => part)))).toBeUndefined()
    for (let i = 0; i < 200; i++) expect(models(form(part))).toBeUndefined()
    expect(models(form(`${head(' '.repeat(2_000_000))}\r\n\r\nx`))).toBeUndefined()
  })

  it.each([
    ['parts', `--B${'\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--B'.repeat(40_000)}--\r\n`],
    ['ends', `--B${`\r\n${field('form-data; name=a')}\r\n--B`.repeat(1000)}--\r\n--B--\r\n`],
    ['headers', form(...Array.from({ length: 90 }, () => `${MANY_HEADERS}${MODEL}`))],
    ['parameters', form(...Array.from({ length: 90 }, () => field(`form-data; name=a${MANY_PARAMETERS}`)))],
  ])('at once, where it is full of %s', (_, body) => {
    expect(models(body)).toBeUndefined()
    expect(leastProcessorMs(() => models(body))).toBeLessThan(50)
  })

  it.each([
    ['something before the first boundary', `x\r\n${form(MODEL)}`],
    ['something behind the last', `${form(MODEL)}--B\r\n${MODEL}`],
    ['no end', `--B\r\n${MODEL}\r\n`],
    ['a boundary in the middle of a line', form(field('form-data; name="x"', `y--B\r\n${MODEL}`))],
    ['a boundary behind half a line end', form(field('form-data; name="x"', `y\n--B\r\n${MODEL}`))],
    ['a longer boundary', form(field('form-data; name="x"', `y\r\n--Bx\r\n${MODEL}`))],
    ['nothing', ''],
  ])('%s', (_, body) => {
    expect(models(body)).toBeUndefined()
  })
})

it('a second content type is refused where the first is a form', async () => {
  const upstream = await startUpstream(response => response.end('{}'))
  const { port } = await startTestGateway(
    JSON.stringify({ llm: { models: [{ name: '*', provider: 'openAI', params: { apiKey: 'k' } }] } }),
    { standIn: { host: '127.0.0.1', port: upstream.port } },
  )
  const client = await rawClient(port)
  const body = form(MODEL)
  const types = ['B', 'A'].map(boundary => `content-type: multipart/form-data; boundary=${boundary}`)
  client.socket.write(
    `POST /v1/audio/transcriptions HTTP/1.1\r\nhost: a\r\n${types.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1.1 400 /)
  expect(upstream.seen).toEqual([])
})
