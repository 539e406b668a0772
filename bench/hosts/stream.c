/* The messages that a driving role sends: join, warm-up and window, as in stream.py.
 *
 * Join messages go out until the harness has seen every peer. The warm-up is a declared
 * number of messages under the load of the window. The window has the timed messages, which
 * are built beforehand. A window may be cut into turns; the harness says when each begins.
 */
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "internal.h"

#define JOIN_INTERVAL_S 0.001
#define POLL_INTERVAL_S 0.0005
#define OPEN_INTERVAL_S 0.1
#define SECOND_NS INT64_C(1000000000)

static enum { JOIN, WARM_UP, WINDOW, OVER } phase;
static atomic_bool warm, window;
static struct message join_message, warm_up_message, *messages;
static size_t joined, warmed, given;
static size_t next_turn = SIZE_MAX; /* the number of its first message */
static sem_t turn;
static int64_t *given_ns, start_ns;
static int64_t *intended_ns, *asked_ns; /* of an open loop */
static int64_t looked_ns; /* when the role asked for the next message first; 0: not yet */
static bool was_late; /* whether the message that is due had no idle connection */
static size_t stamps;

static struct message build_one(size_t size, uint64_t sequence, uint32_t epoch)
{
    const struct message message = {claim(size, 1, 0), size};
    build(message, spec.sender, sequence, epoch);
    return message;
}

/* Build the window in one piece of memory. */
static void build_window(void)
{
    size_t all_bytes = 0;
    for (size_t i = 0; i < spec.messages; i++)
        all_bytes += size_of_window_message(i);
    unsigned char *data = claim(all_bytes, 1, 0);
    messages = claim(spec.messages, sizeof *messages, 0);
    for (size_t i = 0; i < spec.messages; i++) {
        messages[i] = (struct message){data, size_of_window_message(i)};
        build(messages[i], spec.sender, i, WINDOW_EPOCH);
        data += messages[i].size;
    }
}

void make_stream(void)
{
    join_message = build_one(spec.size_bytes, JOIN_SEQUENCE, WARM_UP_EPOCH);
    warm_up_message = build_one(spec.size_bytes, WARM_UP_SEQUENCE, WARM_UP_EPOCH);
    build_window();
    given_ns = claim(spec.stamp_each ? spec.messages : spec.turns + 1, sizeof *given_ns, 0);
    if (spec.rate_hz > 0) {
        intended_ns = claim(spec.messages, sizeof *intended_ns, 0);
        asked_ns = claim(spec.messages, sizeof *asked_ns, 0);
    }
    if (spec.turns > 0)
        next_turn = 0;
    if (sem_init(&turn, 0, 0))
        give_up("no semaphore");
}

void open_warm_up(void)
{
    atomic_store(&warm, true);
}

void open_window(void)
{
    atomic_store(&window, true);
}

void take_turn(void)
{
    sem_post(&turn);
}

/* Sleep until a moment of the monotonic clock, or until the host has the role stop. */
static void sleep_until(int64_t moment_ns)
{
    const struct timespec moment = {moment_ns / 1000000000, moment_ns % 1000000000};
    while (!stopping() && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL))
        continue;
}

static void sleep_s(double seconds)
{
    if (seconds > 0)
        sleep_until(now_ns() + (int64_t)(seconds * 1e9));
}

static bool finish(void)
{
    phase = OVER;
    tell_of_role("finished");
    while (spec.stays_open && !stopping())
        sleep_s(OPEN_INTERVAL_S);
    return false;
}

/* Return when the next message is due. In conformance, a late message delays all later
 * ones. To catch up, C would give a thousand at once, and a lossy cell would lose some. */
static int64_t due_ns(void)
{
    const int64_t interval_ns = (int64_t)(spec.interval_s * 1e9);
    if (spec.checking && spec.stamp_each && given > 0 && spec.burst == 1)
        return given_ns[given - 1] + interval_ns;
    return start_ns + (int64_t)(given / spec.burst) * interval_ns;
}

/* Before each turn, and after the last one: wait until the harness says go on. */
static void await_turn(void)
{
    tell_of_role("paused");
    while (!stopping() && sem_wait(&turn))
        continue;
    next_turn += spec.messages / spec.turns;
}

static bool next_of_window(struct message *message)
{
    const bool turn_begins = given == next_turn;
    if (turn_begins)
        await_turn();
    if (given == spec.messages)
        return finish();
    if (spec.interval_s > 0)
        sleep_until(due_ns());
    else if (spec.limit_s > 0 && now_ns() > start_ns + (int64_t)(spec.limit_s * 1e9))
        return finish();
    if (stopping())
        return false;
    if (spec.stamp_each || given == 0 || turn_begins)
        given_ns[stamps++] = now_ns();
    *message = messages[given++];
    return true;
}

static bool next_of_warm_up(struct message *message)
{
    if (warmed > 0)
        sleep_s(spec.interval_s);
    if (warmed < spec.warm_up) {
        warmed++;
        *message = warm_up_message;
        return !stopping();
    }
    tell_of_role("warmed");
    while (!atomic_load(&window) && !stopping())
        sleep_s(POLL_INTERVAL_S);
    phase = WINDOW;
    start_ns = now_ns();
    return next_of_window(message);
}

static bool next_of_join(struct message *message)
{
    if (joined++ > 0)
        sleep_s(JOIN_INTERVAL_S > spec.interval_s ? JOIN_INTERVAL_S : spec.interval_s);
    if (!atomic_load(&warm)) {
        *message = join_message;
        return !stopping();
    }
    phase = WARM_UP;
    return next_of_warm_up(message);
}

/* The next_fn of every driving role. */
bool next_message(struct message *message)
{
    switch (phase) {
    case WINDOW:
        return next_of_window(message);
    case WARM_UP:
        return next_of_warm_up(message);
    case JOIN:
        return next_of_join(message);
    default:
        return false;
    }
}

static enum next at(int64_t moment, int64_t *moment_ns)
{
    *moment_ns = moment;
    return LATER;
}

static enum next try_window(size_t under_way, bool is_any_idle, struct message *message,
                            int64_t *moment_ns)
{
    if (given == spec.messages) {
        if (under_way > 0)
            return at(now_ns() + SECOND_NS, moment_ns);
        finish();
        return ENDED;
    }
    const int64_t due = start_ns + (int64_t)((double)(given + 1) * 1e9 / spec.rate_hz);
    const int64_t now = now_ns();
    if (!looked_ns)
        looked_ns = now;
    if (now < due)
        return at(due, moment_ns);
    if (!is_any_idle) {
        was_late = true;
        return at(now + SECOND_NS, moment_ns);
    }
    intended_ns[given] = due;
    /* A role with an idle connection asked in time. If it is late nevertheless, that is lag,
     * and no time that it needs for each message. */
    asked_ns[given] = was_late ? now : looked_ns < due ? looked_ns : due - 1;
    given_ns[stamps++] = now;
    looked_ns = 0;
    was_late = false;
    *message = messages[given++];
    return NOW;
}

/* As next_message, for a role that must not wait. Before the window one message at a time
 * is under way. */
enum next try_next(size_t under_way, bool is_any_idle, struct message *message,
                   int64_t *moment_ns)
{
    static int64_t next_join_ns;
    const int64_t now = now_ns();
    if (phase == OVER)
        return ENDED;
    if (phase == WINDOW)
        return try_window(under_way, is_any_idle, message, moment_ns);
    if (under_way > 0)
        return at(now + SECOND_NS, moment_ns);
    if (phase == JOIN && atomic_load(&warm))
        phase = WARM_UP;
    if (phase == JOIN) {
        if (now < next_join_ns)
            return at(next_join_ns, moment_ns);
        next_join_ns = now + (int64_t)(JOIN_INTERVAL_S * 1e9);
        *message = join_message;
        return NOW;
    }
    if (warmed < spec.warm_up) {
        warmed++;
        *message = warm_up_message;
        return NOW;
    }
    if (warmed++ == spec.warm_up)
        tell_of_role("warmed");
    if (!atomic_load(&window))
        return at(now + (int64_t)(POLL_INTERVAL_S * 1e9), moment_ns);
    phase = WINDOW;
    start_ns = now_ns();
    return try_window(under_way, is_any_idle, message, moment_ns);
}

/* Return whether these bytes are request `number` of the window. */
bool is_request(size_t number, const unsigned char *data, size_t size)
{
    return number < spec.messages && size == messages[number].size
        && memcmp(data, messages[number].data, size) == 0;
}

void add_stream_result(json_t *result)
{
    json_object_set_new(result, "given", json_integer((json_int_t)given));
    write_file("given", given_ns, stamps * sizeof *given_ns);
    if (spec.rate_hz > 0) {
        write_file("intended", intended_ns, given * sizeof *intended_ns);
        write_file("asked", asked_ns, given * sizeof *asked_ns);
    }
}
