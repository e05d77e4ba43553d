/*
 * A link between two network namespaces, in user space, for kernels without netem:
 *
 *   namespace a              this process                     namespace b
 *   wan0 (TUN) ──▶ loss ▶ bottleneck queue ▶ delay ▶ reorder ──▶ wan0 (TUN)
 *   wan0 (TUN) ◀── the same the other way, with a queue of its own ◀── wan0 (TUN)
 *
 * It prints {"event":"ready"} when both devices exist (they are then given addresses and set up by whoever started it)
 * and, on SIGTERM or SIGINT, {"event":"counters", …} before it ends. One thread, no allocation per packet.
 *
 * The bottleneck: a packet leaves it size/rate after the one before it, and is dropped at the tail when it would wait
 * there for longer than the queue is long. Delay, jitter and reordering come after it, so they do not use it.
 * Jitter never changes the order (what was late holds up what follows); a reordered packet is late alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
  MAX_PACKET = 2048,    /* the largest MTU a side may have */
  MAX_WAITING = 131072, /* packets under way in one direction: 100 ms of 1500-byte packets at 15 Gbit/s */
  BATCH = 32,           /* read from one side before the other side and the clock get their turn */
};

typedef struct {
  int64_t due;    /* when it leaves, in nanoseconds of the monotonic clock */
  uint64_t order; /* of arrival: packets due at the same time leave in this order */
  uint32_t length;
  uint32_t buffer; /* index into the pool */
} Waiting;

typedef struct {
  uint64_t received, received_bytes, delivered, lost, queue_dropped, overflowed, refused, reordered;
} Counters;

typedef struct {
  double loss; /* 0 to 1 */
  uint64_t random_state; /* of its own: the fate of a packet does not depend on the traffic the other way */
  Waiting *heap;
  uint32_t waiting;
  int64_t bottleneck_free_at; /* when the last bit of the last packet has left the bottleneck */
  int64_t last_due;           /* of the packets in order */
  Counters counters;
} Direction;

static int64_t delay_ns, jitter_ns, queue_ns, late_ns;
static double bits_per_second, reorder;
static unsigned char *pool;
static uint32_t *unused, unused_count;
static uint64_t arrivals;
static volatile sig_atomic_t ended;

static void on_end(int signal) {
  (void)signal;
  ended = 1;
}

static void fail(const char *what) {
  fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* xorshift64*: 0 to 1, without 1. */
static double chance(Direction *d) {
  d->random_state ^= d->random_state >> 12;
  d->random_state ^= d->random_state << 25;
  d->random_state ^= d->random_state >> 27;
  return (double)((d->random_state * 2685821657736338717ULL) >> 11) * 0x1p-53;
}

/* Makes the TUN device inside the named namespace: a device belongs to the namespace its maker is in. */
static int open_tun(const char *namespace, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int there = open(path, O_RDONLY | O_CLOEXEC);
  if (there < 0 || setns(there, CLONE_NEWNET) < 0) fail(path);
  close(there);
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) fail("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  if (ioctl(tun, TUNSETIFF, &request) < 0) fail("TUNSETIFF");
  return tun;
}

static int before(const Waiting *a, const Waiting *b) {
  return a->due != b->due ? a->due < b->due : a->order < b->order;
}

/* A binary heap: packets mostly arrive in the order they leave in, and then cost one comparison here. */
static void push(Direction *d, Waiting packet) {
  uint32_t i = d->waiting++;
  for (; i > 0 && before(&packet, &d->heap[(i - 1) / 2]); i = (i - 1) / 2) d->heap[i] = d->heap[(i - 1) / 2];
  d->heap[i] = packet;
}

static Waiting pop(Direction *d) {
  Waiting first = d->heap[0], last = d->heap[--d->waiting];
  uint32_t i = 0;
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= d->waiting) break;
    if (child + 1 < d->waiting && before(&d->heap[child + 1], &d->heap[child])) child++;
    if (!before(&d->heap[child], &last)) break;
    d->heap[i] = d->heap[child];
    i = child;
  }
  d->heap[i] = last;
  return first;
}

/* Decides what becomes of a packet that arrived at `t`. Returns 1 if it took the buffer. */
static int take(Direction *d, uint32_t buffer, uint32_t length, int64_t t) {
  Counters *c = &d->counters;
  c->received++;
  c->received_bytes += length;
  if (d->loss > 0 && chance(d) < d->loss) return c->lost++, 0;
  if (d->waiting == MAX_WAITING) return c->overflowed++, 0;
  int64_t leaves = t;
  if (bits_per_second > 0) {
    if (d->bottleneck_free_at < t) d->bottleneck_free_at = t;
    if (d->bottleneck_free_at - t > queue_ns) return c->queue_dropped++, 0;
    d->bottleneck_free_at += (int64_t)(length * 8e9 / bits_per_second);
    leaves = d->bottleneck_free_at;
  }
  int64_t due = leaves + delay_ns;
  if (jitter_ns > 0) due += (int64_t)((2 * chance(d) - 1) * (double)jitter_ns);
  if (due < d->last_due) due = d->last_due;
  if (reorder > 0 && chance(d) < reorder) {
    due += late_ns;
    c->reordered++;
  } else {
    d->last_due = due;
  }
  push(d, (Waiting){due, arrivals++, length, buffer});
  return 1;
}

static void receive(Direction *d, int from) {
  int64_t t = now();
  for (int i = 0; i < BATCH && unused_count > 0; i++) {
    uint32_t buffer = unused[unused_count - 1];
    ssize_t length = read(from, pool + (size_t)buffer * MAX_PACKET, MAX_PACKET);
    if (length <= 0) return;
    if (take(d, buffer, (uint32_t)length, t)) unused_count--;
  }
}

static void deliver(Direction *d, int to, int64_t t) {
  while (d->waiting > 0 && d->heap[0].due <= t) {
    Waiting packet = pop(d);
    ssize_t written = write(to, pool + (size_t)packet.buffer * MAX_PACKET, packet.length);
    if (written < 0) d->counters.refused++;
    else d->counters.delivered++;
    unused[unused_count++] = packet.buffer;
  }
}

static int64_t next_due(const Direction *directions) {
  int64_t next = INT64_MAX;
  for (int i = 0; i < 2; i++)
    if (directions[i].waiting > 0 && directions[i].heap[0].due < next) next = directions[i].heap[0].due;
  return next;
}

static void print_counters(const char *name, const Counters *c) {
  printf(",\"%s\":{\"received\":%lu,\"received_bytes\":%lu,\"delivered\":%lu,\"lost\":%lu,\"queue_dropped\":%lu,"
         "\"overflowed\":%lu,\"refused\":%lu,\"reordered\":%lu}",
         name, c->received, c->received_bytes, c->delivered, c->lost, c->queue_dropped, c->overflowed, c->refused,
         c->reordered);
}

static void run(const int tun[2], Direction directions[2]) {
  while (!ended) {
    int64_t t = now();
    for (int i = 0; i < 2; i++) deliver(&directions[i], tun[!i], t);
    int64_t next = next_due(directions), wait = next == INT64_MAX ? 1000000000LL : next - now();
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / 1000000000LL, wait % 1000000000LL};
    struct pollfd files[2] = {{tun[0], POLLIN, 0}, {tun[1], POLLIN, 0}};
    if (ppoll(files, 2, &timeout, NULL) < 0 && errno != EINTR) fail("ppoll");
    for (int i = 0; i < 2; i++)
      if (files[i].revents & POLLIN) receive(&directions[i], tun[i]);
  }
}

static const char usage[] =
    "usage: link --a NAMESPACE --b NAMESPACE [--device wan0] [--delay MS] [--jitter MS] [--loss-ab %] [--loss-ba %]\n"
    "            [--rate MBIT/S] [--queue MS] [--reorder %] [--late MS] [--seed N]\n"
    "delay, jitter, rate, queue and reorder are those of each direction; late is how late a reordered packet is\n";

int main(int count, char **words) {
  const char *namespaces[2] = {NULL, NULL}, *device = "wan0";
  static Direction directions[2];
  static const struct option options[] = {
      {"a", 1, 0, 'a'},       {"b", 1, 0, 'b'},       {"device", 1, 0, 'v'}, {"delay", 1, 0, 'd'},
      {"jitter", 1, 0, 'j'},  {"loss-ab", 1, 0, 'l'}, {"loss-ba", 1, 0, 'm'}, {"rate", 1, 0, 'r'},
      {"queue", 1, 0, 'q'},   {"reorder", 1, 0, 'o'}, {"late", 1, 0, 't'},   {"seed", 1, 0, 's'},
      {0, 0, 0, 0}};
  uint64_t seed = 1;
  queue_ns = 50000000;
  late_ns = 1000000;
  for (int option; (option = getopt_long(count, words, "", options, NULL)) != -1;) {
    if (option == 'a') namespaces[0] = optarg;
    else if (option == 'b') namespaces[1] = optarg;
    else if (option == 'v') device = optarg;
    else if (option == 'd') delay_ns = (int64_t)(atof(optarg) * 1e6);
    else if (option == 'j') jitter_ns = (int64_t)(atof(optarg) * 1e6);
    else if (option == 'l') directions[0].loss = atof(optarg) / 100;
    else if (option == 'm') directions[1].loss = atof(optarg) / 100;
    else if (option == 'r') bits_per_second = atof(optarg) * 1e6;
    else if (option == 'q') queue_ns = (int64_t)(atof(optarg) * 1e6);
    else if (option == 'o') reorder = atof(optarg) / 100;
    else if (option == 't') late_ns = (int64_t)(atof(optarg) * 1e6);
    else if (option == 's') seed = strtoull(optarg, NULL, 10);
    else return fputs(usage, stderr), 2;
  }
  if (!namespaces[0] || !namespaces[1] || optind != count) return fputs(usage, stderr), 2;
  for (int i = 0; i < 2; i++) directions[i].random_state = (2 * seed + i + 1) * 0x9E3779B97F4A7C15ULL;

  uint32_t buffers = 2 * MAX_WAITING + 1;
  /* Not touched before use: what is never under way costs no memory. Last in, first out keeps the cache warm. */
  pool = malloc((size_t)buffers * MAX_PACKET);
  unused = malloc(buffers * sizeof *unused);
  for (int i = 0; i < 2; i++) directions[i].heap = malloc(MAX_WAITING * sizeof(Waiting));
  if (!pool || !unused || !directions[0].heap || !directions[1].heap) fail("malloc");
  for (uint32_t i = 0; i < buffers; i++) unused[unused_count++] = buffers - 1 - i;

  struct sigaction action = {.sa_handler = on_end};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  prctl(PR_SET_TIMERSLACK, 1000); /* nanoseconds: a packet leaves when it is due, not 50 microseconds later */
  int tun[2] = {open_tun(namespaces[0], device), open_tun(namespaces[1], device)};
  printf("{\"event\":\"ready\"}\n");
  fflush(stdout);

  run(tun, directions);

  printf("{\"event\":\"counters\"");
  print_counters("ab", &directions[0].counters);
  print_counters("ba", &directions[1].counters);
  printf("}\n");
  return 0;
}
