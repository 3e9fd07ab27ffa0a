/** A machine with Debian's kernel, for what the kernel of the host lacks. Its programs are those of the host. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from './lab.ts'
import { run, sh } from './process.ts'
import { requireCommand } from './tools.ts'

const PEERS = join(import.meta.dirname, 'peers')
const MAX_MS = 120_000
/** Each behind those that it needs: what shows the host's files to the machine. */
const SHARES = [
  ...['virtio_ring', 'virtio', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci'],
  ...['netfs', 'fscache', '9pnet', '9pnet_virtio', '9p'],
]

/**
 * Runs a script of `peers/` in a machine without a network, with these drivers, in their order. It sees the files of the host, which it
 * cannot change, and the lab's folder at /mnt. CAPTURES_KERNEL names a folder into which Debian's package of the kernel was unpacked,
 * where it is not installed.
 */
export async function runInMachine(lab: Lab, drivers: readonly string[], script: string, arg: string): Promise<void> {
  for (const command of ['qemu-system-x86_64', 'busybox', 'cpio']) requireCommand(command)
  copyFileSync(join(PEERS, script), `${lab.temp}/${script}`)
  writeFileSync(`${lab.temp}/run.sh`, `exec sh /mnt/${script} ${arg}\n`)
  boot(lab.temp, process.env['CAPTURES_KERNEL'] ?? '', [...SHARES, ...drivers])
  const share = (path: string, tag: string): string[] => [
    '-virtfs',
    `local,path=${path},mount_tag=${tag},security_model=none,multidevs=remap${tag === 'root' ? ',readonly=on' : ''}`,
  ]
  await run(
    [
      ...[
        'qemu-system-x86_64',
        '-accel',
        'tcg',
        '-cpu',
        'qemu64',
        '-m',
        '512',
        '-nographic',
        '-no-reboot',
        '-nic',
        'none',
      ],
      ...['-kernel', 'kernel', '-initrd', 'initrd', '-append', 'console=ttyS0 quiet panic=1'],
      ...share('/', 'root'),
      ...share(lab.temp, 'lab'),
    ],
    { cwd: lab.temp, timeoutMs: MAX_MS },
  )
}

/** Makes `kernel` and `initrd` in the folder. */
function boot(folder: string, kernel: string, drivers: readonly string[]): void {
  sh(
    `mkdir -p machine/bin machine/root machine/drivers
     printf '%s\\n' ${drivers.join(' ')} > machine/drivers/order
     while read -r driver; do
       cp "$(find ${kernel}/lib/modules -name "$driver.ko" | head -n 1)" machine/drivers/
     done < machine/drivers/order
     cp "$(command -v busybox)" machine/bin/busybox
     cp ${join(PEERS, 'machine-init.sh')} machine/init
     chmod +x machine/init
     cp "$(ls ${kernel}/boot/vmlinuz-* | tail -n 1)" kernel
     cd machine
     find . | cpio -o -H newc --quiet | gzip > ../initrd`,
    folder,
  )
}
