import { Command, CommanderError } from 'commander'
import { labsCommand, newCommand } from './labs-command'
import { UsageError } from './errors'
import { KernelLost } from './kernel'
import { runCommand } from './run-command'
import { compareCommand } from './compare-command'
import { exploreCommand } from './explore-command'
import { bundleCommand, checkCommand, replayCommand } from './bundle-commands'
import { exportCommand } from './export-command'
import { VERSION } from './version'

/**
 * `klab`: stdout is data, stderr is progress. Exit codes: 0 no findings, 1 findings, 2 usage or
 * compile error, 3 a mistake of klab itself.
 */
export async function main(argv: string[]): Promise<number> {
  let code = 0
  const program = new Command('klab')
    .description('Kernel Lifecycle Lab: run, explore and share simulated drivers')
    .version(VERSION)
    .showHelpAfterError('(try klab --help)')
    .exitOverride()
  const act =
    <A extends unknown[]>(f: (...args: A) => Promise<number>) =>
    async (...args: A): Promise<void> => {
      code = await f(...args)
    }
  program
    .command('run <lab>')
    .description('run a lab once')
    .option('--seed <n>', 'seed of the run', number)
    .option('--strategy <name>', 'fair, random, urw, pct, pos, exhaustive or replay')
    .option('--until <time>', 'stop at a virtual time, e.g. 5ms or 1.5s')
    .option('--fail <n|sweep>', 'make the n-th call that can fail do so; sweep: each, one run a call')
    .option('--kcsan', 'watch plain accesses for data races')
    .option('--json', 'print one JSON document')
    .option('--trace <file>', 'write the trace')
    .option('--choices <file>', 'schedule to follow, of explore --json or compare --save')
    .option('--param <name=value...>', 'values for the parameters of the lab')
    .action(act(runCommand))
  program
    .command('explore <lab>')
    .description('try many schedules')
    .option('--strategy <name>', 'random, urw, pct, pos or exhaustive')
    .option('--schedules <n>', 'how many at most', number)
    .option('--seconds <s>', 'how long at most', number)
    .option('--preemptions <k>', 'bound on preemptions', number)
    .option('--seed <n>', 'seed of the exploration', number)
    .option('--jobs <j>', 'how many workers', number)
    .option('--shard <i/n>', 'only every n-th schedule')
    .option('--param <name=value...>', 'values for the parameters of the lab')
    .option('--json', 'print one JSON document')
    .action(act(exploreCommand))
  program
    .command('compare [labs...]')
    .description('try one driver in several lifecycle models under the same disturbances')
    .option('--model <names>', 'only these models, with commas between them')
    .option('--disturbance <names>', 'only these disturbances, with commas between them')
    .option('--schedules <n>', 'schedules for each cell of the table', number)
    .option('--seed <n>', 'seed of the comparison', number)
    .option('--jobs <j>', 'how many workers', number)
    .option('--save <dir>', 'write the schedule of each cell that is not safe')
    .option('--json', 'print one JSON document')
    .action(act(compareCommand))
  program
    .command('replay <bundle>')
    .description('run a bundle again and compare')
    .option('--json', 'print one JSON document')
    .action(act(replayCommand))
  program
    .command('export <input>')
    .description('convert a trace or bundle')
    .requiredOption('--format <format>', 'chrome, perfetto, ftrace, trace.dat, ctf, ndjson, csv or text')
    .requiredOption('-o, --output <file>', 'where to write')
    .action(act(exportCommand))
  program
    .command('bundle <lab>')
    .description('pack a lab with its run for somebody else')
    .requiredOption('-o, --output <file>', 'where to write')
    .option('--seed <n>', 'seed of the run', number)
    .option('--strategy <name>', 'strategy of the run')
    .option('--choices <file>', 'schedule to follow, of explore --json or compare --save')
    .option('--param <name=value...>', 'values for the parameters of the lab')
    .action(act(bundleCommand))
  program.command('check <lab>').description('type-check a lab').action(act(checkCommand))
  program
    .command('labs')
    .description('list the built-in labs')
    .option('--json', 'print one JSON document')
    .action(act(labsCommand))
  program
    .command('new [template] [dir]')
    .description('start a lab of your own')
    .option('--list', 'list the templates')
    .action(act(newCommand))
  for (const name of ['serve', 'open [what]'])
    program
      .command(name)
      .description(name === 'serve' ? 'serve the app to a browser' : 'open the app')
      .option('--port <n>', 'port on 127.0.0.1', number)
      .action(
        act(async (...args: unknown[]) => {
          const { serveCommand, openCommand } = await import('./serve-command')
          return name === 'serve'
            ? serveCommand(args[0] as { port?: number })
            : openCommand(args[0] as string | undefined, args[1] as { port?: number })
        }),
      )
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    return failed(error)
  }
  return code
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`'${text}' is not a number.`)
  return value
}

function failed(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError) {
    console.error(`klab: ${error.message}`)
    return 2
  }
  if (error instanceof KernelLost) {
    console.error(`klab: ${error.message}`)
    return 1
  }
  const { message, stack } = error as Error
  console.error(`klab: this is a mistake of klab itself: ${message}`)
  if (stack) console.error(stack)
  return 3
}

declare global {
  const __KLAB_VERSION__: string
}
