/**
 * Imported first. A capture is told by signals what to do, and may be told before it can: SIGHUP would end it, and SIGUSR1
 * would have Node open its inspector. So they do nothing until there is something to do, nor when it ends.
 */
if (process.argv[2] === 'capture') for (const signal of ['SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {})
