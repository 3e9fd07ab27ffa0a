/**
 * Imported first. A capture or a server is told by signals what to do, and may be told before it can: SIGHUP would end it,
 * and SIGUSR1 would have Node open its inspector. So they do nothing until there is something to do, nor when it ends.
 */
if (['capture', 'run', 'serve'].includes(process.argv[2] ?? ''))
  for (const signal of ['SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {})
