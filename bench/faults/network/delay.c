/* A link with a delay: it passes packets between two TUN devices after a fixed time.
 *
 * delay FIRST SECOND DELAY_NS QUEUE_BYTES PARENT
 *
 * FIRST and SECOND are open files of the devices, with headers of virtio (IFF_VNET_HDR). So
 * the kernel hands over segments of TCP uncut, as it does with a virtual cable, and computes
 * no checksum for a packet that never leaves the machine.
 *
 * Each direction has a queue of its own, first in, first out. A packet that would make the
 * queue longer than QUEUE_BYTES is dropped. Every line of input is answered with the counts
 * so far, as JSON. The link ends at the end of its input, and with its parent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PACKET_BYTES_MAX (1 << 17) /* the longest packet of IP, its header, and as much again */
#define TURN 32 /* the most packets that one direction reads before others have their turn */
#define S_NS 1000000000

struct packet {
    struct packet *next;
    int64_t due_ns;
    size_t size;
    char data[];
};

struct direction {
    int from, to;
    struct packet *first, *last;
    size_t queued_bytes;
};

static int64_t delay_ns;
static size_t queue_bytes;
static uint64_t passed, passed_bytes, dropped, late_ns;
static int64_t latest_ns;
static size_t most_queued_bytes;

static _Noreturn void give_up(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * S_NS + now.tv_nsec;
}

static void queue(struct direction *way, const char *data, size_t size)
{
    if (way->queued_bytes + size > queue_bytes) {
        dropped++;
        return;
    }
    struct packet *packet = malloc(sizeof *packet + size);
    if (!packet) {
        dropped++;
        return;
    }
    packet->next = NULL;
    packet->due_ns = now_ns() + delay_ns;
    packet->size = size;
    memcpy(packet->data, data, size);
    if (way->first)
        way->last->next = packet;
    else
        way->first = packet;
    way->last = packet;
    way->queued_bytes += size;
    if (way->queued_bytes > most_queued_bytes)
        most_queued_bytes = way->queued_bytes;
}

/* Read what has arrived at one end, and queue it. */
static void take(struct direction *way)
{
    static char data[PACKET_BYTES_MAX];
    for (int packets = 0; packets < TURN; packets++) {
        const ssize_t size = read(way->from, data, sizeof data);
        if (size > 0)
            queue(way, data, (size_t)size);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            give_up("read from a device");
    }
}

/* Pass on what is due. */
static void pass(struct direction *way)
{
    while (way->first) {
        struct packet *packet = way->first;
        const int64_t late = now_ns() - packet->due_ns;
        if (late < 0)
            return;
        if (write(way->to, packet->data, packet->size) == (ssize_t)packet->size) {
            passed++;
            passed_bytes += packet->size;
            late_ns += (uint64_t)late;
            if (late > latest_ns)
                latest_ns = late;
        } else {
            dropped++; /* a device that is down takes none */
        }
        way->first = packet->next;
        way->queued_bytes -= packet->size;
        free(packet);
    }
}

/* Have the timer ring when the next packet is due, and never while there is none. */
static void wind(int timer, const struct direction *ways)
{
    static int64_t wound_ns;
    int64_t due_ns = 0;
    for (int i = 0; i < 2; i++)
        if (ways[i].first && (!due_ns || ways[i].first->due_ns < due_ns))
            due_ns = ways[i].first->due_ns;
    if (due_ns == wound_ns)
        return;
    wound_ns = due_ns;
    const struct itimerspec when = {.it_value = {due_ns / S_NS, due_ns % S_NS}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL))
        give_up("timerfd_settime");
}

static void answer(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    const double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"passed\": %" PRIu64 ", \"passed_bytes\": %" PRIu64 ", \"dropped\": %" PRIu64
           ", \"most_queued_bytes\": %zu, \"late_ns\": %" PRIu64 ", \"latest_ns\": %" PRId64
           ", \"cpu_s\": %.6f}\n",
           passed, passed_bytes, dropped, most_queued_bytes, late_ns, latest_ns, cpu_s);
    if (fflush(stdout))
        exit(1); /* the harness is gone */
}

/* Answer each line of input; exit at its end. */
static void obey(void)
{
    char lines[256];
    const ssize_t size = read(STDIN_FILENO, lines, sizeof lines);
    if (size == 0)
        exit(0);
    if (size < 0 && errno != EINTR)
        give_up("read commands");
    for (ssize_t i = 0; i < size; i++)
        if (lines[i] == '\n')
            answer();
}

static void watch(int epoll, int file)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event))
        give_up("epoll_ctl");
}

int main(int count, char **words)
{
    if (count != 6) {
        fprintf(stderr, "delay FIRST SECOND DELAY_NS QUEUE_BYTES PARENT\n");
        return 2;
    }
    const int first = atoi(words[1]), second = atoi(words[2]);
    delay_ns = atoll(words[3]);
    queue_bytes = strtoull(words[4], NULL, 10);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != atoi(words[5]))
        return 1;
    mallopt(M_TRIM_THRESHOLD, 1 << 30); /* a queue that is full again soon keeps its memory */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);

    struct direction ways[2] = {{.from = first, .to = second}, {.from = second, .to = first}};
    const int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (epoll < 0 || timer < 0)
        give_up("epoll or timerfd");
    watch(epoll, first);
    watch(epoll, second);
    watch(epoll, timer);
    watch(epoll, STDIN_FILENO);
    printf("{\"ready\": true}\n");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[4];
        const int ready = epoll_wait(epoll, events, 4, -1);
        if (ready < 0 && errno != EINTR)
            give_up("epoll_wait");
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == STDIN_FILENO)
                obey();
            else if (events[i].data.fd != timer) /* winding it anew is enough */
                take(&ways[events[i].data.fd == second]);
        }
        pass(&ways[0]);
        pass(&ways[1]);
        wind(timer, ways);
    }
}
