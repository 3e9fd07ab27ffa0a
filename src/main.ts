#!/usr/bin/env node
/** The command line: reads words, calls a command, turns every failure into one line and an exit status. */
import './cli/early-signals.ts'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { Command, CommanderError, Option } from 'commander'
import { DEFAULT_POLICY } from './classify/index.ts'
import { writeError } from './cli/terminal.ts'
import { OperatorError } from './core/errors.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const program = new Command('intransit')
  .description('Says of every conversation in a capture whether it is plaintext, weak or strong, by which rule.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(intransit --help says more)')
  .addHelpText('after', '\nExample:\n  $ intransit replay captures --data data\n')

/** Of an option that may be given more than once. */
const also = (one: string, others: readonly string[] = []): string[] => [...others, one]

/** Did the command line say it, or was it chosen for want of anything else? */
const given =
  (command: Command) =>
  (name: string): boolean =>
    command.getOptionValueSource(name) === 'cli'

const dataOption = () => new Option('--data <dir>', 'keep the flows in an embedded ClickHouse in this folder')
const clickhouseOption = () =>
  new Option('--clickhouse <url>', 'keep the flows in the ClickHouse server at this address')

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
  .addOption(new Option('--policy-date <date>', 'judge by the rules in force on this day, as 2027-03-15'))
  .option('--community-id', 'with --format jsonl: each record with its Community ID (docs/exports.md)')
  .addOption(dataOption().conflicts(['clickhouse', 'noStore']))
  .addOption(clickhouseOption().conflicts(['noStore']))
  .option('--no-store', 'keep nothing')
  .addOption(new Option('--workers <n>', 'threads; "auto" = one a core').default('1'))
  .option('--filter <expression>', 'only packets that match, as "tcp and port 443" (docs/filter.md)')
  .option('--vpc <name=vni...>', 'VNIs that mirror one network, as prod=1,2: what comes twice counts once')
  .option('--alerts <file>', 'look for what deserves an alert, and tell whom this YAML file names (docs/alerts.md)')
  .option('--sensor <name>', 'name of this sensor in the records', 'replay')
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
    const { replay } = await import('./cli/replay.ts')
    process.exitCode = await replay(files, options, version)
  })

/** What `capture` and `run` have in common. */
const withCaptureOptions = (command: Command): Command =>
  command
    .option('--source <spec...>', 'where from, as "afpacket:eth1" (docs/sources.md)')
    .option('--config <file>', 'read options from a YAML file (docs/config.md); those given here win')
    .addOption(
      new Option('--policy <pack...>', 'policy packs by name or file; the first one judges').default([DEFAULT_POLICY]),
    )
    .addOption(new Option('--policy-date <date>', 'judge by the rules in force on this day, as 2027-03-15'))
    .addOption(dataOption().conflicts(['clickhouse', 'noStore']))
    .addOption(clickhouseOption().conflicts(['noStore']))
    .option('--spool <dir>', 'where rows wait while the store is away (default: beside the data)')
    .option('--spool-size <mib>', 'most that may wait there', '1024')
    .option('--zones <file>', 'names of networks, for figures by zone (docs/store.md)')
    .option('--alerts <file>', 'look for what deserves an alert, and tell whom this YAML file names (docs/alerts.md)')
    .addOption(new Option('--workers <n>', 'threads for each interface, with rings of their own').default('1'))
    .option('--filter <expression>', 'only packets that match, as "tcp and port 443" (docs/filter.md)')
    .option('--vpc <name=vni...>', 'VNIs that mirror one network, as prod=1,2: what comes twice counts once')
    .option('--whole', 'take frames whole; without it the kernel leaves out the bodies of TLS application data')
    .option('--ring <mib>', 'ring memory for each interface (default: a sixteenth of the memory, 256 at the most)')
    .option('--user <name>', 'become this user once everything is open')
    .option('--duration <seconds>', 'end by itself')
    .option('--sensor <name>', 'name of this sensor in the records', hostname())

/** What `serve` and `run` have in common. */
const withListenOptions = (command: Command): Command =>
  command
    .option('--listen <addr:port>', 'where; beyond this machine only with TLS and tokens', '127.0.0.1:8443')
    .option('--tls-cert <file>', 'PEM chain, the leaf first')
    .option('--tls-key <file>', 'PEM key of the leaf')
    .option('--metrics-window <hours>', 'the time that gauges are about', '24')
    .option('--judge-every <minutes>', 'how often new certificates are judged; 0 = not at all', '10')
    .option('--roots <place...>', 'the organisation\'s own roots, beside Mozilla\'s: PEM files, folders, or "system"')
    .option('--crl <place...>', 'revocation lists: PEM or DER files, or folders of them')
    .option('--tokens <file>', 'who may call: a line for each token, as "serve token" prints it')
    .option('--oidc-issuer <url>', 'also who has a token of this OpenID provider (docs/api.md)')
    .option('--oidc-audience <name>', 'for whom such a token must be')
    .option('--oidc-keys <url|file>', "the provider's keys, a JSON Web Key Set")
    .option('--oidc-role-claim <name>', 'the claim with roles or groups', 'roles')
    .option('--oidc-role <value=role...>', 'what a value of it makes: viewer, operator or admin')

withCaptureOptions(program.command('capture').description('judge live traffic until a signal ends it'))
  .addOption(new Option('--format <format>', 'what to print').choices(['none', 'jsonl']).default('none'))
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
    const { capture } = await import('./cli/capture.ts')
    process.exitCode = await capture(options, given(command))
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
    const { run } = await import('./cli/run.ts')
    process.exitCode = await run(options, given(command), version)
  })

program
  .command('doctor')
  .description('say what will go wrong with a capture, before its first packet (docs/doctor.md)')
  .option('--source <spec...>', 'where it would capture from, as "afpacket:eth1"')
  .option('--config <file>', "the capture's settings (docs/config.md); those given here win")
  .addOption(dataOption().conflicts(['clickhouse', 'noStore']))
  .addOption(clickhouseOption().conflicts(['noStore']))
  .option('--no-store', 'keep nothing')
  .option('--spool <dir>', 'where rows would wait while the store is away (default: beside the data)')
  .option('--filter <expression>', 'only packets that match, as "tcp and port 443" (docs/filter.md)')
  .option('--ring <mib>', 'ring memory for each interface')
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
  .action(async (options, command: Command) => (await import('./cli/doctor.ts')).doctor(options, given(command)))

const serve = withListenOptions(
  program.command('serve').description('answer questions about a store over HTTP (docs/api.md)'),
)
  .option('--config <file>', 'read settings from a YAML file (docs/config.md); those given here win')
  .addOption(dataOption().conflicts(['clickhouse']))
  .addOption(clickhouseOption())
  .addHelpText(
    'after',
    `
Signals: SIGTERM and SIGINT end it, SIGHUP reads the tokens and the certificate again.

Examples:
  $ intransit serve --data data
  $ intransit serve token grafana viewer
  $ intransit serve --listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem --tokens tokens \\
      --clickhouse https://reader@ch.example:8443/intransit`,
  )
  .action(async (options, command: Command) => {
    const { serve } = await import('./cli/serve.ts')
    await serve(options, version, given(command))
  })
serve
  .command('token')
  .description('print a new token, and its line for the file after --tokens')
  .argument('<name>', 'whose it is')
  .argument('<role>', 'viewer, operator or admin')
  .addHelpText('after', '\nExample:\n  $ intransit serve token grafana viewer\n')
  .action(async (name: string, role: string) => (await import('./cli/serve.ts')).serveToken(name, role))

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
    const { migrate } = await import('./cli/migrate.ts')
    await migrate(options)
  })

program
  .command('certs')
  .description('list the certificates that a store has seen: when they end, where they are, what is wrong with them')
  .addOption(new Option('--data <dir>', 'the folder that replay or capture keeps').conflicts(['clickhouse']))
  .option('--clickhouse <url>', 'the ClickHouse server that they write to')
  .option('--expiring <time>', "only servers' and clients' own that end within it, as 30d, 4w or 12h")
  .option('--failing', 'only those with a fault')
  .option('--inventory', 'imported certificates beside those that were seen: in use, unused, unknown')
  .option('--lifecycle', 'how the certificates of each name and port follow one another')
  .option('--provenance <word...>', 'only sightings that are observed, probed, imported or inferred')
  .option('--name <name>', 'only those with this in a name, or with a wildcard for it')
  .option('--now <time>', 'another day than today, as 2026-11-25: replayed captures are old')
  .option('--roots <place...>', 'the organisation\'s own roots, beside Mozilla\'s: PEM files, folders, or "system"')
  .option('--crl <place...>', 'revocation lists: PEM or DER files, or folders of them')
  .option('--pem <file>', 'write them there too; "-" prints them in place of the list')
  .option('--json', 'one JSON object a line (docs/certificates.md)')
  .addHelpText(
    'after',
    `
Examples:
  $ intransit certs --data data --failing
  $ intransit certs --data data --roots corporate-root.pem
  $ intransit certs --clickhouse https://user@ch.example:8443/intransit --expiring 30d --json | jq .subject`,
  )
  .action(async (options) => (await import('./cli/certs.ts')).certs(options))

program
  .command('kpi')
  .description('how much is encrypted, how well, and who shows who it is: the figures of SEC09 (docs/kpis.md)')
  .argument('[name]', 'one of them, or "maturity"')
  .addOption(new Option('--data <dir>', 'the folder that replay or capture keeps').conflicts(['clickhouse']))
  .option('--clickhouse <url>', 'the ClickHouse server that they write to')
  .option('--from <time>', 'what began at this time or later, as 2026-11-25 or 2026-11-25T12:00:00Z')
  .option('--to <time>', 'what began at this time or before')
  .option('--zone <zone...>', 'in a zone, or from one to another: apps, "apps>db"')
  .option('--service <name...>', 'names that clients asked for')
  .option('--sensor <name...>', 'seen by these')
  .option('--protocol <name...>', 'as app_protocol of the flow record; none = not recognised')
  .option('--policy <pack...>', 'judged by these packs, and as they judge')
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
  .action(async (name: string | undefined, options) => (await import('./cli/kpi.ts')).kpi(name, options))

program
  .command('probe')
  .description(
    'ask servers that were seen for what traffic hides: TLS 1.3 certificates, versions, suites (docs/probe.md)',
  )
  .addOption(new Option('--data <dir>', 'the folder that replay or capture keeps').conflicts(['clickhouse']))
  .option('--clickhouse <url>', 'the ClickHouse server that they write to')
  .option('--allow <what...>', 'what may be probed: ranges of addresses and names, as 10.0.0.0/8 *.example')
  .option('--deny <what...>', 'what may not, whatever is allowed')
  .option('--dry-run', 'connect to nothing; say what would be probed')
  .option('--rate <n>', 'connections a second, to all endpoints together', '5')
  .option('--handshakes <n>', 'connections to one endpoint; 1 = only its certificates', '40')
  .option('--timeout <seconds>', 'for each connection', '5')
  .option('--days <n>', 'only endpoints seen in the last so many days', '30')
  .option('--sensor <name>', 'name of this sensor in the records', hostname())
  .option('--json', 'one JSON object a line')
  .addHelpText(
    'after',
    `
It connects to addresses and ports that the store saw answer, and to nothing else.

Examples:
  $ intransit probe --data data --dry-run
  $ intransit probe --data data --allow 10.0.0.0/8 --deny 10.9.0.0/16 --json`,
  )
  .action(async (options) => (await import('./cli/probe.ts')).runProbe(options))

const alert = program
  .command('alert')
  .description('see findings, decide about them, and try whether receivers are reached (docs/alerts.md)')
  .addHelpText('after', '\nExample:\n  $ intransit alert list --data data\n')
const alertFolder = () => new Option('--folder <dir>', 'the folder of alerts, where the file after --alerts names one')
alert
  .command('list')
  .description('the findings that are open, or all, or the messages that nobody took')
  .addOption(new Option('--data <dir>', 'the folder that replay or capture keeps').conflicts(['folder']))
  .addOption(alertFolder())
  .option('--all', 'also those that are over')
  .option('--dead', 'messages that were given up')
  .option('--json', 'one JSON object a line')
  .addHelpText('after', '\nExample:\n  $ intransit alert list --data data --json | jq .what\n')
  .action(async (options) => (await import('./cli/alert-command.ts')).alertList(options))
alert
  .command('ack')
  .description('say that somebody deals with a finding')
  .argument('<key>', 'as "A5|10.0.0.3:5432"')
  .addOption(new Option('--data <dir>', 'the folder that replay or capture keeps').conflicts(['folder']))
  .addOption(alertFolder())
  .requiredOption('--by <name>', 'who')
  .requiredOption('--reason <text>', 'what is done about it')
  .addHelpText(
    'after',
    "\nExample:\n  $ intransit alert ack 'A5|10.0.0.3:5432' --by ada --reason 'TLS comes on Monday' --data data\n",
  )
  .action(async (key: string, options) => (await import('./cli/alert-command.ts')).alertAck(key, options))
alert
  .command('silence')
  .description('tell nobody of a finding until a day; it stays listed, with its owner and reason')
  .argument('<key>', 'as "A5|10.0.0.3:5432"')
  .addOption(new Option('--data <dir>', 'the folder that replay or capture keeps').conflicts(['folder']))
  .addOption(alertFolder())
  .requiredOption('--by <name>', 'the owner')
  .requiredOption('--reason <text>', 'why it is accepted')
  .requiredOption('--until <day>', 'as 2027-03-15')
  .addHelpText(
    'after',
    "\nExample:\n  $ intransit alert silence 'A5|10.0.0.3:5432' --by ada --reason 'lab' --until 2027-03-15 --data data\n",
  )
  .action(async (key: string, options) => (await import('./cli/alert-command.ts')).alertSilence(key, options))
alert
  .command('test')
  .description('check the file and send a finding that is marked as a test to each receiver, and its end')
  .argument('<file>', 'the YAML file')
  .addHelpText(
    'after',
    '\nStatus 0: each receiver took it.\n\nExample:\n  $ intransit alert test /etc/intransit/alerts.yaml\n',
  )
  .action(async (file: string) => {
    process.exitCode = await (await import('./cli/alert-command.ts')).alertTest(file)
  })

program
  .command('export')
  .description('write what a store holds in the format of another tool (docs/exports.md)')
  .addOption(
    new Option('--format <format>', 'which')
      .choices(['ecs', 'ocsf', 'csv', 'cbom', 'sarif', 'junit'])
      .makeOptionMandatory(),
  )
  .addOption(new Option('--data <dir>', 'the folder that replay or capture keeps').conflicts(['clickhouse']))
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
  .action(async (options) => (await import('./cli/export.ts')).exportStore(options, version))

program
  .command('import')
  .description('read an inventory of certificates, to be held against what is seen (docs/import.md)')
  .argument('<place>', 'a file or folder')
  .requiredOption('--as <kind>', 'acm, acm-pca, pem, kubernetes or csv')
  .addOption(dataOption().conflicts(['clickhouse']))
  .addOption(clickhouseOption())
  .option('--json', 'say what was imported for machines')
  .addHelpText(
    'after',
    `
Examples:
  $ aws acm describe-certificate --certificate-arn arn:... > acm.json && intransit import acm.json --as acm --data data
  $ intransit import /etc/ssl/private --as pem --data data && intransit certs --data data --inventory`,
  )
  .action(async (place: string, options) => (await import('./cli/import.ts')).importInventory(place, options))

const policy = program
  .command('policy')
  .description('list, show or check policy packs')
  .addHelpText('after', '\nExample:\n  $ intransit policy show sec09-recommended\n')
policy
  .command('list')
  .description('the packs that are built in')
  .option('--json', 'for machines')
  .addHelpText('after', '\nExample:\n  $ intransit policy list\n')
  .action(async (options) => (await import('./cli/policy.ts')).policyList(options))
policy
  .command('show')
  .description('the rules of one pack')
  .argument('<pack>', 'name or file')
  .option('--json', 'the pack itself')
  .addHelpText('after', '\nExample:\n  $ intransit policy show sec09-literal\n')
  .action(async (pack: string, options) => (await import('./cli/policy.ts')).policyShow(pack, options))
policy
  .command('check')
  .description('check a pack of your own')
  .argument('<file>', 'a JSON file')
  .addHelpText('after', '\nExample:\n  $ intransit policy check ./our-policy.json\n')
  .action(async (file: string) => (await import('./cli/policy.ts')).policyCheck(file))

const config = program
  .command('config')
  .description('check or show the settings of a file and of the environment (docs/config.md)')
  .addHelpText('after', '\nExample:\n  $ intransit config check /etc/intransit/eth1.yaml\n')
config
  .command('check')
  .description('say what is wrong with them')
  .argument('[file]', 'a YAML file; without one the environment alone')
  .addHelpText('after', '\nExample:\n  $ intransit config check /etc/intransit/eth1.yaml\n')
  .action(async (file?: string) => (await import('./cli/config/config-command.ts')).configCheck(file))
config
  .command('dump')
  .description('show every setting, its value, and who says it; passwords are not shown')
  .argument('[file]', 'a YAML file; without one the environment alone')
  .option('--json', 'for machines')
  .addHelpText('after', '\nExample:\n  $ INTRANSIT_WORKERS=4 intransit config dump eth1.yaml\n')
  .action(async (file: string | undefined, options) => {
    const { configDump } = await import('./cli/config/config-command.ts')
    await configDump(file, options)
  })

const rules = program
  .command('rules')
  .description('test rules by replaying captures')
  .addHelpText('after', '\nExample:\n  $ intransit rules test rules\n')
rules
  .command('test')
  .description('replay the captures of every folder with a rule.yaml, and compare what is found with what is expected')
  .argument('<folder>', 'with tests in it or below it (docs/rules.md)')
  .option('--json', 'for machines')
  .addHelpText('after', '\nStatus 0: all passed; 9: one did not.\n\nExample:\n  $ intransit rules test rules\n')
  .action(async (folder: string, options) => {
    const { rulesTest } = await import('./cli/rules/rules-test.ts')
    process.exitCode = await rulesTest(folder, options)
  })

const EXIT_USAGE = 2
const EXIT_INTERNAL = 1

// The reader of our output may go away (`| head`): then there is nothing left to do, and nothing wrong.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  // Commander has already printed help, version or the mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  if (error instanceof OperatorError) {
    writeError(`${error.code}: ${error.message}. Fix: ${error.fix}.`)
    return error.exitStatus
  }
  writeError(
    `intransit failed unexpectedly, please report this: ${error instanceof Error ? error.stack : String(error)}`,
  )
  return EXIT_INTERNAL
}
