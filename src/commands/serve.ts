/** `intransit serve`. */
import type { Command } from 'commander'
import { clickhouseOption, dataOption, given, withListenOptions } from './options.ts'

export function addServe(program: Command, version: string): void {
  const serve = withListenOptions(
    program.command('serve').description('answer questions about a store over HTTP (docs/api.md)'),
  )
    .option('--config <file>', 'read settings from a YAML file (docs/config.md); those given here win')
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['clickhouse']))
    .addOption(clickhouseOption('the ClickHouse server that they write to'))
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
      const { serve } = await import('../cli/serve.ts')
      await serve(options, version, given(command))
    })
  serve
    .command('token')
    .description('print a new token, and its line for the file after --tokens')
    .argument('<name>', 'whose it is')
    .argument('<role>', 'viewer, operator or admin')
    .addHelpText('after', '\nExample:\n  $ intransit serve token grafana viewer\n')
    .action(async (name: string, role: string) => (await import('../cli/serve.ts')).serveToken(name, role))
}
