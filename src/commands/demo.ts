import { BaseCommand } from '../cli/base-command.ts'
import { demoStepJson, demoStepText } from '../cli/report/demo.ts'
import { EXIT } from '../errors.ts'

export default class Demo extends BaseCommand {
  static override summary = 'See the whole story in a few seconds: no key, no internet, nothing left behind.'
  static override examples = ['<%= config.bin %> demo']

  async run(): Promise<object> {
    await this.parse(Demo)
    const { runDemo } = await import('../demo.ts')
    const interrupted = new AbortController()
    const stop = (): void => interrupted.abort()
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    const steps: object[] = []
    await runDemo({
      signal: interrupted.signal,
      onSecret: secret => this.redactor.add(secret),
      onStep: step => {
        steps.push(demoStepJson(step))
        this.sayProse(demoStepText(step, this.terminal))
        if (step.step === 'rotated' && step.failed > 0) this.endWith(EXIT.findings)
      },
    })
    process.removeListener('SIGINT', stop)
    process.removeListener('SIGTERM', stop)
    return { steps }
  }
}
