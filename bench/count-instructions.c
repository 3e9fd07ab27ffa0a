/*
 * A plug-in of qemu-user (7.2 or newer) that counts instructions, by thread and by where they are: bench/instructions.ts compiles it, and
 * reads what it leaves in the file that is named by COUNT_INTO. What is declared here is QEMU's interface for plug-ins, version 1.
 *
 * The file: 1,024 64-bit counts of threads, the first one's first; then, in no order, addresses where translated code begins, each with the
 * count of instructions that the first thread executed from there, two 64-bit words; zero where there is nothing.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define THREADS 1024
#define PLACES (1u << 22)

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *), enum qemu_plugin_cb_flags,
                                          void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);

EXPORTED int qemu_plugin_version = 1;

typedef struct {
  uint64_t address;
  uint64_t count;
} place;

typedef struct {
  place *at;
  uint64_t instructions;
} block;

static uint64_t *threads;
static place *places;

static place *place_of(uint64_t address)
{
  for (uint64_t i = (address * 0x9e3779b97f4a7c15u) >> 42;; i++) {
    place *one = &places[i & (PLACES - 1)];
    uint64_t nobody = 0;
    if (one->address == address) return one;
    if (one->address != 0) continue;
    if (__atomic_compare_exchange_n(&one->address, &nobody, address, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
        nobody == address)
      return one;
  }
}

/* A place is counted for the first thread, which reads: others compile and collect. */
static void executed(unsigned thread, void *of)
{
  const block *it = of;
  threads[thread % THREADS] += it->instructions;
  if (thread == 0) it->at->count += it->instructions;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
  (void)id;
  block *it = malloc(sizeof *it);
  if (it == NULL) abort();
  it->at = place_of(qemu_plugin_tb_vaddr(tb));
  it->instructions = qemu_plugin_tb_n_insns(tb);
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, it);
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
  (void)info, (void)argc, (void)argv;
  const size_t size = THREADS * sizeof *threads + PLACES * sizeof *places;
  const char *path = getenv("COUNT_INTO");
  const int file = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ftruncate(file, (off_t)size) != 0) return 1;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) return 1;
  threads = memory;
  places = (place *)(threads + THREADS);
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
