/** `intransit alert`. */
import { type Command, Option } from 'commander'
import { dataOption } from './options.ts'

export function addAlert(program: Command): void {
  const alert = program
    .command('alert')
    .description('see findings, decide about them, and try whether receivers are reached (docs/alerts.md)')
    .addHelpText('after', '\nExample:\n  $ intransit alert list --data data\n')
  const alertFolder = () =>
    new Option('--folder <dir>', 'the folder of alerts, where the file after --alerts names one')
  alert
    .command('list')
    .description('the findings that are open, or all, or the messages that nobody took')
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['folder']))
    .addOption(alertFolder())
    .option('--all', 'also those that are over')
    .option('--dead', 'messages that were given up')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ intransit alert list --data data --json | jq .what\n')
    .action(async (options) => (await import('../cli/alert-command.ts')).alertList(options))
  alert
    .command('ack')
    .description('say that somebody deals with a finding')
    .argument('<key>', 'as "A5|10.0.0.3:5432"')
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['folder']))
    .addOption(alertFolder())
    .requiredOption('--by <name>', 'who')
    .requiredOption('--reason <text>', 'what is done about it')
    .addHelpText(
      'after',
      "\nExample:\n  $ intransit alert ack 'A5|10.0.0.3:5432' --by ada --reason 'TLS comes on Monday' --data data\n",
    )
    .action(async (key: string, options) => (await import('../cli/alert-command.ts')).alertAck(key, options))
  alert
    .command('silence')
    .description('tell nobody of a finding until a day; it stays listed, with its owner and reason')
    .argument('<key>', 'as "A5|10.0.0.3:5432"')
    .addOption(dataOption('the folder that replay or capture keeps').conflicts(['folder']))
    .addOption(alertFolder())
    .requiredOption('--by <name>', 'the owner')
    .requiredOption('--reason <text>', 'why it is accepted')
    .requiredOption('--until <day>', 'as 2027-03-15')
    .addHelpText(
      'after',
      "\nExample:\n  $ intransit alert silence 'A5|10.0.0.3:5432' --by ada --reason 'lab' --until 2027-03-15 --data data\n",
    )
    .action(async (key: string, options) => (await import('../cli/alert-command.ts')).alertSilence(key, options))
  alert
    .command('test')
    .description('check the file and send a finding that is marked as a test to each receiver, and its end')
    .argument('<file>', 'the YAML file')
    .addHelpText(
      'after',
      '\nStatus 0: each receiver took it.\n\nExample:\n  $ intransit alert test /etc/intransit/alerts.yaml\n',
    )
    .action(async (file: string) => {
      process.exitCode = await (await import('../cli/alert-command.ts')).alertTest(file)
    })
}
