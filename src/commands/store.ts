/** `intransit migrate`, `kpi` and `export`: what is asked of a store. */
import { type Command, Option } from 'commander'
import { clickhouseOption, dataOption } from './options.ts'

export function addStore(program: Command, version: string): void {
  program
    .command('migrate')
    .description('bring the schema of a store up to date')
    .addOption(dataOption().conflicts(['clickhouse']))
    .addOption(clickhouseOption())
    .addOption(
      new Option('--cluster <name>', 'spread an empty database over this cluster (docs/store.md)').conflicts(['data']),
    )
    .addHelpText('after', '\nExample:\n  $ intransit migrate --clickhouse https://user@ch.example:8443/intransit\n')
    .action(async (options) => {
      const { migrate } = await import('../cli/migrate.ts')
      await migrate(options)
    })

  program
    .command('kpi')
    .description('how much is encrypted, how well, and who shows who it is: the figures of SEC09 (docs/kpis.md)')
    .argument('[name]', 'one of them, or "maturity"')
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['clickhouse']))
    .option('--clickhouse <url>', 'the ClickHouse server that they write to')
    .option('--from <time>', 'what began at this time or later, as 2026-11-25 or 2026-11-25T12:00:00Z')
    .option('--to <time>', 'what began at this time or before')
    .option('--zone <zone...>', 'in a zone, or from one to another: apps, "apps>db"')
    .option('--service <name...>', 'names that clients asked for')
    .option('--sensor <name...>', 'seen by these')
    .option('--protocol <name...>', 'as app_protocol of the flow record; none = not recognised')
    .option('--policy <pack...>', 'judged by these packs, and as they judge')
    .option('--provenance <word...>', 'known so: observed, probed, imported or inferred')
    .addOption(new Option('--interval <length>', 'one KPI over time').choices(['hour', 'day', 'week']))
    .option('--zones <file>', 'name zones anew first (docs/store.md)')
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ intransit kpi --data data
  $ intransit kpi coverage-flows --data data --from 2026-11-01 --interval day
  $ intransit kpi maturity --data data --json | jq .level`,
    )
    .action(async (name: string | undefined, options) => (await import('../cli/kpi.ts')).kpi(name, options))

  program
    .command('export')
    .description('write what a store holds in the format of another tool (docs/exports.md)')
    .addOption(
      new Option('--format <format>', 'which')
        .choices(['ecs', 'ocsf', 'csv', 'cbom', 'sarif', 'junit'])
        .makeOptionMandatory(),
    )
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['clickhouse']))
    .option('--clickhouse <url>', 'the ClickHouse server that they write to')
    .option('--from <time>', 'what was seen since, as 2026-11-25 or 2026-11-25T12:00:00Z')
    .option('--to <time>', 'what was seen before')
    .option('--policy <pack...>', 'packs, for the words of their rules')
    .addHelpText(
      'after',
      `
Examples:
  $ intransit export --format ecs --data data --from 2026-11-25 > flows.ndjson
  $ intransit export --format cbom --clickhouse https://user@ch.example:8443/intransit`,
    )
    .action(async (options) => (await import('../cli/export.ts')).exportStore(options, version))
}
