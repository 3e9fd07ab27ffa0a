/** `intransit replay`. */
import { type Command, Option } from 'commander'
import { DEFAULT_POLICY } from '../classify/index.ts'
import { also, clickhouseOption, dataOption, policyDateOption, sensorOption } from './options.ts'

export function addReplay(program: Command, version: string): void {
  program
    .command('replay')
    .description('judge every flow of capture files (pcap, pcapng, also gzip or zstd; "-" reads standard input)')
    .argument('<file...>', 'files, folders or "-"')
    .addOption(
      new Option('--format <format>', 'what to print')
        .choices(['table', 'json', 'jsonl', 'ecs', 'ocsf', 'cbom', 'sarif', 'junit'])
        .default('table'),
    )
    .option(
      '--fail-on <condition>',
      'end with status 9 where it holds, as plaintext, high or "coverage<99" (docs/ci.md)',
      also,
    )
    .addOption(
      new Option('--policy <pack...>', 'policy packs by name or file; the first one judges').default([DEFAULT_POLICY]),
    )
    .addOption(policyDateOption())
    .option('--community-id', 'with --format jsonl: each record with its Community ID (docs/exports.md)')
    .addOption(dataOption().conflicts(['clickhouse', 'store']))
    .addOption(clickhouseOption().conflicts(['store']))
    .option('--no-store', 'keep nothing')
    .addOption(new Option('--workers <n>', 'threads; "auto" = one a core').default('1'))
    .option('--filter <expression>', 'only packets that match, as "tcp and port 443" (docs/filter.md)')
    .option('--vpc <name=vni...>', 'VNIs that mirror one network, as prod=1,2: what comes twice counts once')
    .option('--alerts <file>', 'look for what deserves an alert, and tell whom this YAML file names (docs/alerts.md)')
    .option('--crl <place...>', 'with --alerts: revocation lists, PEM or DER files, or folders of them')
    .addOption(sensorOption('replay'))
    .addHelpText(
      'after',
      `
Examples:
  $ intransit replay captures --data data
  $ intransit replay trace.pcapng.gz --no-store --format jsonl | jq .verdict
  $ intransit replay trace.pcap --no-store --fail-on high --format junit
  $ tcpdump -w - | intransit replay - --no-store --filter 'port 5432'`,
    )
    .action(async (files: string[], options) => {
      const { replay } = await import('../cli/replay.ts')
      process.exitCode = await replay(files, options, version)
    })
}
