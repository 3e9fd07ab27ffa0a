/** What several commands have in common. */
import { hostname } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { DEFAULT_POLICY } from '../classify/index.ts'

/** Of an option that may be given more than once. */
export const also = (one: string, others: readonly string[] = []): string[] => [...others, one]

/** Did the command line say it, or was it chosen for want of anything else? */
export const given =
  (command: Command) =>
  (name: string): boolean =>
    command.getOptionValueSource(name) === 'cli'

/** An empty text is a shell variable that is not set: it names nothing. */
export function someText(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('It is empty.')
}

/** A day that there is, as config files may have it. */
function day(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text)
  if (isDay) return text
  throw new InvalidArgumentError('Write a day as 2027-03-15.')
}

export const dataOption = (what = 'keep the flows in an embedded ClickHouse in this folder') =>
  new Option('--data <dir>', what).argParser(someText)
export const clickhouseOption = (what = 'keep the flows in the ClickHouse server at this address') =>
  new Option('--clickhouse <url>', what)

export const policyDateOption = () =>
  new Option('--policy-date <date>', 'judge by the rules in force on this day, as 2027-03-15').argParser(day)
export const sensorOption = (sensor: string) =>
  new Option('--sensor <name>', 'name of this sensor in the records').argParser(someText).default(sensor)

/** What `capture`, `run` and `doctor` have in common: the kernel's ring. */
export const withRingOptions = (command: Command): Command =>
  command
    .option('--ring <mib>', 'ring memory for each interface (default: a sixteenth of the memory, 256 at the most)')
    .option(
      '--ring-block-size <kib>',
      'a block of a ring: a power of two from 128 on (default: by the ring, 1 to 4 MiB)',
    )
    .option('--ring-block-count <n>', "blocks of each worker's ring, in place of --ring")
    .option('--ring-timeout <ms>', 'how long a block may take to fill (default: 200)')
    .option('--timestamps <clock>', "whose clock stamps frames: software, the kernel's, or hardware, the card's")

/** What `capture` and `run` have in common. */
export const withCaptureOptions = (command: Command): Command =>
  withRingOptions(
    command
      .option('--source <spec...>', 'where from, as "afpacket:eth1" (docs/sources.md)')
      .option('--follow <path...>', 'a capture that grows, or a folder into which captures rotate')
      .option('--config <file>', 'read options from a YAML file (docs/config.md); those given here win')
      .addOption(
        new Option('--policy <pack...>', 'policy packs by name or file; the first one judges').default([
          DEFAULT_POLICY,
        ]),
      )
      .addOption(policyDateOption())
      .addOption(dataOption().conflicts(['clickhouse', 'store']))
      .addOption(clickhouseOption().conflicts(['store']))
      .option('--spool <dir>', 'where rows wait while the store is away (default: beside the data)')
      .option('--spool-size <mib>', 'most that may wait there', '1024')
      .option('--zones <file>', 'names of networks, for figures by zone (docs/store.md)')
      .option('--alerts <file>', 'look for what deserves an alert, and tell whom this YAML file names (docs/alerts.md)')
      .addOption(new Option('--workers <n>', 'threads for each interface, with rings of their own').default('1'))
      .option('--apart', 'interfaces are of different networks: equal conversations on two of them are two')
      .option('--filter <expression>', 'only packets that match, as "tcp and port 443" (docs/filter.md)')
      .option('--vpc <name=vni...>', 'VNIs that mirror one network, as prod=1,2: what comes twice counts once')
      .option('--whole', 'take frames whole; without it the kernel leaves out the bodies of TLS application data'),
  )
    .option('--user <name>', 'become this user once everything is open')
    .option('--duration <seconds>', 'end by itself')
    .addOption(sensorOption(hostname()))

/** What `serve` and `run` have in common. */
export const withListenOptions = (command: Command): Command =>
  command
    .option('--listen <addr:port>', 'where; beyond this machine only with TLS and tokens', '127.0.0.1:8443')
    .option('--tls-cert <file>', 'PEM chain, the leaf first')
    .option('--tls-key <file>', 'PEM key of the leaf')
    .option('--metrics-window <hours>', 'the time that gauges are about', '24')
    .option('--judge-every <minutes>', 'how often new certificates are judged; 0 = not at all', '10')
    .option('--roots <place...>', 'the organisation\'s own roots, beside Mozilla\'s: PEM files, folders, or "system"')
    .option('--crl <place...>', 'revocation lists: PEM or DER files, or folders of them')
    .option('--fetch-revocation', 'ask responders and lists whether certificates are revoked (docs/certificates.md)')
    .option('--fetch-allow <range...>', 'addresses inside that may be asked, as 10.0.0.0/8')
    .option('--fetch-rate <n>', 'questions a second', '5')
    .option('--probe-every <hours>', 'ask each server that was seen what TLS 1.3 hides (docs/probe.md); 0 = never', '0')
    .option('--probe-allow <what...>', 'what may be probed: ranges of addresses and names, as 10.0.0.0/8 *.example')
    .option('--probe-deny <what...>', 'what may not, whatever is allowed')
    .option('--probe-rate <n>', 'connections a second, to all endpoints together', '5')
    .option('--probe-handshakes <n>', 'connections to one endpoint; 1 = only its certificates', '40')
    .option('--probe-timeout <seconds>', 'for each connection', '5')
    .option('--probe-days <n>', 'only endpoints seen in the last so many days', '30')
    .option('--tokens <file>', 'who may call: a line for each token, as "serve token" prints it')
    .option('--oidc-issuer <url>', 'also who has a token of this OpenID provider (docs/api.md)')
    .option('--oidc-audience <name>', 'for whom such a token must be')
    .option('--oidc-keys <url|file>', "the provider's keys, a JSON Web Key Set")
    .option('--oidc-role-claim <name>', 'the claim with roles or groups', 'roles')
    .option('--oidc-role <value=role...>', 'what a value of it makes: viewer, operator or admin')
    .option('--client-ca <file>', 'also who has a certificate of these CAs, in PEM (docs/api.md)')
    .option('--client-role <name=role...>', 'what a name in it makes, as dns:prometheus.example=viewer')
