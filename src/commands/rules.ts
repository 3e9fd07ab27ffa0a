/** `intransit policy`, `rules` and `config`: what is judged by, and what is set. */
import type { Command } from 'commander'

export function addRules(program: Command): void {
  const policy = program
    .command('policy')
    .description('list, show or check policy packs')
    .addHelpText('after', '\nExample:\n  $ intransit policy show sec09-recommended\n')
  policy
    .command('list')
    .description('the packs that are built in')
    .option('--json', 'for machines')
    .addHelpText('after', '\nExample:\n  $ intransit policy list\n')
    .action(async (options) => (await import('../cli/policy.ts')).policyList(options))
  policy
    .command('show')
    .description('the rules of one pack')
    .argument('<pack>', 'name or file')
    .option('--json', 'the pack itself')
    .addHelpText('after', '\nExample:\n  $ intransit policy show sec09-literal\n')
    .action(async (pack: string, options) => (await import('../cli/policy.ts')).policyShow(pack, options))
  policy
    .command('check')
    .description('check a pack of your own')
    .argument('<file>', 'a JSON file')
    .addHelpText('after', '\nExample:\n  $ intransit policy check ./our-policy.json\n')
    .action(async (file: string) => (await import('../cli/policy.ts')).policyCheck(file))

  const rules = program
    .command('rules')
    .description('test rules by replaying captures')
    .addHelpText('after', '\nExample:\n  $ intransit rules test rules\n')
  rules
    .command('test')
    .description(
      'replay the captures of every folder with a rule.yaml, and compare what is found with what is expected',
    )
    .argument('<folder>', 'with tests in it or below it (docs/rules.md)')
    .option('--json', 'for machines')
    .addHelpText('after', '\nStatus 0: all passed; 9: one did not.\n\nExample:\n  $ intransit rules test rules\n')
    .action(async (folder: string, options) => {
      const { rulesTest } = await import('../cli/rules/rules-test.ts')
      process.exitCode = await rulesTest(folder, options)
    })

  const config = program
    .command('config')
    .description('check or show the settings of a file and of the environment (docs/config.md)')
    .addHelpText('after', '\nExample:\n  $ intransit config check /etc/intransit/eth1.yaml\n')
  config
    .command('check')
    .description('say what is wrong with them')
    .argument('[file]', 'a YAML file; without one the environment alone')
    .addHelpText('after', '\nExample:\n  $ intransit config check /etc/intransit/eth1.yaml\n')
    .action(async (file?: string) => (await import('../cli/config/config-command.ts')).configCheck(file))
  config
    .command('dump')
    .description('show every setting, its value, and who says it; passwords are not shown')
    .argument('[file]', 'a YAML file; without one the environment alone')
    .option('--json', 'for machines')
    .addHelpText('after', '\nExample:\n  $ INTRANSIT_WORKERS=4 intransit config dump eth1.yaml\n')
    .action(async (file: string | undefined, options) => {
      const { configDump } = await import('../cli/config/config-command.ts')
      await configDump(file, options)
    })
}
