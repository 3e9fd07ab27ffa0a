/** `intransit capture`, `run` and `doctor`. */
import { type Command, Option } from 'commander'
import {
  clickhouseOption,
  dataOption,
  given,
  withCaptureOptions,
  withListenOptions,
  withRingOptions,
} from './options.ts'

export function addCapture(program: Command, version: string): void {
  withCaptureOptions(program.command('capture').description('judge live traffic until a signal ends it'))
    .addOption(new Option('--format <format>', 'what to print').choices(['none', 'jsonl']).default('none'))
    .option('--crl <place...>', 'with --alerts: revocation lists, PEM or DER files, or folders of them')
    .option('--no-store', 'keep nothing')
    .addHelpText(
      'after',
      `
Signals: SIGTERM and SIGINT end it and write everything, SIGHUP reads the policies and the file again, SIGUSR1 prints the counters.

Examples:
  $ sudo intransit capture --source afpacket:eth1 --data data --user nobody
  $ sudo intransit capture --source afpacket:eth1 --no-store --format jsonl --duration 60 | jq .verdict
  $ sudo intransit capture --config /etc/intransit/eth1.yaml`,
    )
    .action(async (options, command: Command) => {
      const { planCapture } = await import('../cli/capture-plan.ts')
      const plan = await planCapture(options, given(command))
      const { capture } = await import('../cli/capture.ts')
      process.exitCode = await capture(plan)
    })

  withListenOptions(withCaptureOptions(program.command('run').description('capture, and serve what was captured')))
    .addHelpText(
      'after',
      `
One process for one machine: the store is its own, and the API answers from it while it captures (docs/run.md).
Signals: as of "capture" and "serve".

Examples:
  $ sudo intransit run --source afpacket:eth1 --data data --user nobody
  $ sudo intransit run --config /etc/intransit/eth1.yaml --listen 0.0.0.0:8443 \\
      --tls-cert chain.pem --tls-key key.pem --tokens tokens`,
    )
    .action(async (options, command: Command) => {
      const { run } = await import('../cli/run.ts')
      process.exitCode = await run(options, given(command), version)
    })

  withRingOptions(
    program
      .command('doctor')
      .description('say what will go wrong with a capture, before its first packet (docs/doctor.md)')
      .option('--source <spec...>', 'where it would capture from, as "afpacket:eth1"')
      .option('--config <file>', "the capture's settings (docs/config.md); those given here win")
      .addOption(dataOption().conflicts(['clickhouse', 'store']))
      .addOption(clickhouseOption().conflicts(['store']))
      .option('--no-store', 'keep nothing')
      .option('--spool <dir>', 'where rows would wait while the store is away (default: beside the data)')
      .option('--apart', 'interfaces would have rings of their own')
      .option('--filter <expression>', 'only packets that match, as "tcp and port 443" (docs/filter.md)'),
  )
    .option('--user <name>', 'whom it would become')
    .option('--sample [seconds]', 'also count what comes, for so long (default: 10)')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Status 0: nothing will fail, though there may be warnings; 8: something will.

Examples:
  $ sudo intransit doctor --source afpacket:eth1 --data data --user nobody
  $ sudo intransit doctor --source afpacket:eth1 --no-store --sample 30`,
    )
    .action(async (options, command: Command) => (await import('../cli/doctor.ts')).doctor(options, given(command)))
}
