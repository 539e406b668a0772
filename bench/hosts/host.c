/* The C host: it runs the role functions of a cell in C in a killable process.
 *
 * It is linked with one cell. It starts with the same document as host.py, reads the same
 * commands and writes the same events. It is crash-only as well. In conformance it first
 * has the role stop: a role in C must return, and must free its memory.
 */
#define _GNU_SOURCE /* CPU sets */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "internal.h"

#pragma weak serve
#pragma weak call
#pragma weak publish
#pragma weak subscribe
#pragma weak distribute
#pragma weak work
#pragma weak collect

#define STOP_S 2.0
#define INTERRUPT_INTERVAL_NS 2000000

/* Exists in programs that were built with LeakSanitizer. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static int events;
static pthread_t role_thread;
static sem_t go;
static atomic_bool stop_told, failed, returned;
static json_t *sockets;

bool stopping(void)
{
    return atomic_load_explicit(&stop_told, memory_order_relaxed);
}

void tell(json_t *event)
{
    static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;
    char *line = json_dumps(event, JSON_COMPACT);
    if (!line)
        give_up("an event is no JSON");
    size_t size = strlen(line);
    line[size++] = '\n'; /* instead of the 0 */
    pthread_mutex_lock(&telling);
    for (size_t told = 0; told < size;) {
        const ssize_t wrote = write(events, line + told, size - told);
        if (wrote == -1 && errno != EINTR)
            _exit(1); /* the harness is gone */
        told += wrote > 0 ? (size_t)wrote : 0;
    }
    pthread_mutex_unlock(&telling);
    free(line);
    json_decref(event);
}

void tell_of_role(const char *event)
{
    tell(json_pack("{s:s, s:s}", "event", event, "role", spec.id));
}

/* Report a failed role. Then wait until the harness asks for the records, or kills this
 * process. */
_Noreturn void fail(const char *call, const char *reason)
{
    json_t *error = json_sprintf("%s: %s", call, reason);
    if (!error)
        error = json_sprintf("%s, for a reason that is no text", call);
    fprintf(stderr, "%s\n", json_string_value(error));
    atomic_store(&failed, true);
    tell(json_pack("{s:s, s:s, s:o}", "event", "raised", "role", spec.id, "error", error));
    for (;;)
        pause();
}

static void handle(unsigned char *data, size_t size)
{
    if (is_warm_up(data, size))
        sign(data, spec.sender);
    else if (spec.checking) {
        if (spec.together_s > 0)
            wait_for_another();
        for (size_t i = 0; i < size; i++)
            data[i] = (unsigned char)~data[i];
    }
}

static void run_serve(void)
{
    serve(spec.addresses[0], handle);
}

static void run_call(void)
{
    call(spec.addresses[0], next_message, take_message);
}

static void run_publish(void)
{
    publish(spec.addresses[0], next_message);
}

static void run_subscribe(void)
{
    subscribe(spec.addresses[0], take_message);
}

static void run_distribute(void)
{
    distribute(spec.addresses[0], next_message);
}

static void run_work(void)
{
    work(spec.addresses[0], spec.addresses[1], handle);
}

static void run_collect(void)
{
    collect(spec.addresses[0], take_message);
}

/* Return the function for a role by its name. If the cell has none, the host ends. */
static void (*find_role(const char *name))(void)
{
    const struct {
        const char *name;
        bool there;
        void (*run)(void);
    } roles[] = {
        {"serve", serve != NULL, run_serve},
        {"call", call != NULL, run_call},
        {"publish", publish != NULL, run_publish},
        {"subscribe", subscribe != NULL, run_subscribe},
        {"distribute", distribute != NULL, run_distribute},
        {"work", work != NULL, run_work},
        {"collect", collect != NULL, run_collect},
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, name) == 0 && roles[i].there)
            return roles[i].run;
    fprintf(stderr, "this cell has no function %s, which its workload asks for\n", name);
    exit(1);
}

/* Have the role return. Returns what it did wrong, or "". */
static const char *stop_role(void)
{
    const struct timespec interval = {0, INTERRUPT_INTERVAL_NS};
    const int64_t end_ns = now_ns() + (int64_t)(STOP_S * 1e9);
    atomic_store(&stop_told, true);
    while (!atomic_load(&returned)) {
        if (atomic_load(&failed))
            return ""; /* its peers have left already, as the harness asked */
        if (now_ns() > end_ns)
            return "did not return within 2 s after it was told to stop";
        pthread_kill(role_thread, SIGUSR1);
        nanosleep(&interval, NULL);
    }
    if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
        return "leaks memory: its log says where that was allocated";
    return "";
}

/* Write the records, report the counts, and end. */
static _Noreturn void leave(void)
{
    const char *unclean = spec.checking ? stop_role() : "";
    json_t *result = json_pack("{s:s, s:s, s:i, s:i}", "role", spec.id, "unclean", unclean,
                               "undeliverable", 0, "most_at_once", most_at_once());
    if (spec.drives)
        add_stream_result(result);
    if (spec.consumes)
        add_record_result(result);
    tell(json_pack("{s:s, s:[o], s:o}", "event", "result", "results", result, "sockets",
                   sockets ? sockets : json_object()));
    _exit(0);
}

static void tell_count(void)
{
    json_t *counts = json_object();
    if (spec.consumes)
        json_object_set_new(counts, spec.id, json_integer((json_int_t)arrivals()));
    tell(json_pack("{s:s, s:o}", "event", "count", "counts", counts));
}

static void obey(const char *line)
{
    char what[16] = "";
    json_t *command = json_loads(line, 0, NULL);
    const char *word = json_string_value(json_object_get(command, "do"));
    if (word)
        snprintf(what, sizeof what, "%s", word);
    json_decref(command); /* else LeakSanitizer would blame the role */
    if (strcmp(what, "go") == 0)
        sem_post(&go);
    else if (strcmp(what, "count") == 0)
        tell_count();
    else if (strcmp(what, "end") == 0)
        leave();
    else if (strcmp(what, "warm") == 0) {
        sockets = socket_options(); /* now every peer is connected; later some have left */
        open_warm_up();
    } else if (strcmp(what, "window") == 0)
        open_window();
    else if (strcmp(what, "turn") == 0)
        take_turn();
    else
        fail("host", "was told what it does not understand");
}

/* Obey commands until the end of input. Then the parent is gone, and the host ends. */
static void *listen_to(void *told)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, told) != -1)
        obey(line);
    _exit(0);
}

/* Have the kernel kill this process when its parent's thread ends. Orphaned processes of
 * the cell become children of this one, so that they are counted and ended with it. */
static void die_with_parent(void)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_CHILD_SUBREAPER, 1))
        give_up(strerror(errno));
    if (getppid() != spec.parent)
        _exit(1);
}

/* Keep stdin and stdout for the harness; output of the cell goes to the log. */
static FILE *take_over_stdio(void)
{
    const int told = dup(STDIN_FILENO), nothing = open("/dev/null", O_RDONLY);
    events = dup(STDOUT_FILENO);
    if (told < 0 || nothing < 0 || events < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0
        || dup2(nothing, STDIN_FILENO) < 0)
        give_up(strerror(errno));
    FILE *lines = fdopen(told, "r");
    if (!lines)
        give_up(strerror(errno));
    return lines;
}

static void take_cpus(void)
{
    const json_t *cpus = json_object_get(spec.json, "cpus");
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t i = 0; i < json_array_size(cpus); i++)
        CPU_SET((size_t)json_integer_value(json_array_get(cpus, i)), &set);
    if (CPU_COUNT(&set) && sched_setaffinity(0, sizeof set, &set))
        give_up(strerror(errno));
}

static double build_s(void)
{
    const int64_t began_ns = now_ns();
    if (spec.drives)
        make_stream();
    return (double)(now_ns() - began_ns) / 1e9;
}

static void be_interrupted(int number)
{
    (void)number; /* its only effect: a waiting call returns EINTR */
}

/* Start the thread that listens for commands. It takes no signals. */
static void start_listening(FILE *lines)
{
    const struct sigaction action = {.sa_handler = be_interrupted};
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    role_thread = pthread_self();
    if (sigaction(SIGUSR1, &action, NULL) || sem_init(&go, 0, 0))
        give_up(strerror(errno));
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, listen_to, lines))
        give_up("no thread to listen in");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int main(int words, char *word[])
{
    if (words != 2)
        give_up("is started by the harness, with one document");
    read_spec(word[1]);
    die_with_parent();
    FILE *lines = take_over_stdio();
    setenv("TMPDIR", spec.folder, true); /* its files are removed after the trial */
    void (*run)(void) = find_role(spec.role);
    const double built_s = build_s();
    if (spec.consumes)
        make_recorder();
    take_cpus(); /* many hosts start together, and build their messages on all CPUs */
    start_listening(lines);
    tell(json_pack("{s:s, s:f}", "event", "ready", "build_s", built_s));
    while (sem_wait(&go))
        continue;
    run();
    tell_of_role("returned");
    atomic_store(&returned, true);
    for (;;)
        pause();
}
