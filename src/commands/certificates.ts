/** `intransit certs`, `probe` and `import`. */
import { hostname } from 'node:os'
import type { Command } from 'commander'
import { clickhouseOption, dataOption, sensorOption } from './options.ts'

export function addCertificates(program: Command): void {
  program
    .command('certs')
    .description('list the certificates that a store has seen: when they end, where they are, what is wrong with them')
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['clickhouse']))
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
    .option('--fetch-revocation', 'ask the responders and lists that certificates name whether they are revoked')
    .option('--fetch-allow <range...>', 'addresses inside that may be asked, as 10.0.0.0/8')
    .option('--fetch-rate <n>', 'questions a second', '5')
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
    .action(async (options) => (await import('../cli/certs.ts')).certs(options))

  program
    .command('probe')
    .description(
      'ask servers that were seen for what traffic hides: TLS 1.3 certificates, versions, suites (docs/probe.md)',
    )
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['clickhouse']))
    .option('--clickhouse <url>', 'the ClickHouse server that they write to')
    .option('--allow <what...>', 'what may be probed: ranges of addresses and names, as 10.0.0.0/8 *.example')
    .option('--deny <what...>', 'what may not, whatever is allowed')
    .option('--dry-run', 'connect to nothing; say what would be probed')
    .option('--rate <n>', 'connections a second, to all endpoints together', '5')
    .option('--handshakes <n>', 'connections to one endpoint; 1 = only its certificates', '40')
    .option('--timeout <seconds>', 'for each connection', '5')
    .option('--days <n>', 'only endpoints seen in the last so many days', '30')
    .addOption(sensorOption(hostname()))
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
It connects to addresses and ports that the store saw answer, and to nothing else.

Examples:
  $ intransit probe --data data --dry-run
  $ intransit probe --data data --allow 10.0.0.0/8 --deny 10.9.0.0/16 --json`,
    )
    .action(async (options) => (await import('../cli/probe.ts')).runProbe(options))

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
    .action(async (place: string, options) => (await import('../cli/import.ts')).importInventory(place, options))
}
