/* The recorder of messages that a consuming role takes, as in recorder.py.
 *
 * Timed trials keep the head of every message, and one whole message in CHUNK, the first of
 * all and the last of each turn. Stamps go to memory that was claimed before the window.
 * Conformance checks every message instead.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

enum { CHUNK = 64, SENDERS_MAX = 256, REASONS = 3 };

static take_fn *taking;
static atomic_size_t warm, count;
static uint64_t senders[SENDERS_MAX];
static size_t senders_seen;
static unsigned char *heads, *samples;
static size_t width, heads_kept, heads_max, samples_kept, *sample_sizes, stamps;
static size_t turn, turn_end; /* messages; a window that is not cut is one turn */
static int64_t *arrived_ns;
static uint32_t *places, place; /* the connection of each message; NULL with one */
static json_t *bare, *reasons;
static size_t wrong;
static unsigned char *changed_back;

/* Record a message from before the window. Returns false for a message of the window. */
static bool note_early(const unsigned char *data, size_t size)
{
    if (!is_warm_up(data, size))
        return false;
    if (sequence_of(data) != JOIN_SEQUENCE)
        atomic_fetch_add(&warm, 1);
    const uint64_t sender = sender_of(data);
    for (size_t i = 0; i < senders_seen; i++)
        if (senders[i] == sender)
            return true;
    if (senders_seen == SENDERS_MAX)
        give_up("messages of more senders than a trial has");
    senders[senders_seen++] = sender;
    tell(json_pack("{s:s, s:s, s:I}", "event", "seen", "role", spec.id, "sender",
                   (json_int_t)sender));
    return true;
}

static void keep_head(const unsigned char *data, size_t size)
{
    if (heads_kept == heads_max) { /* more than were expected */
        heads_max = 2 * heads_max + CHUNK;
        heads = enlarge(heads, heads_max * width);
        if (places)
            places = enlarge(places, heads_max * sizeof *places);
    }
    if (places)
        places[heads_kept] = place;
    unsigned char *head = heads + heads_kept++ * width;
    memcpy(head, data, size < width ? size : width);
    if (size < width)
        memset(head + size, 0xff, width - size);
}

static void keep_sample(const unsigned char *data, size_t size)
{
    sample_sizes[samples_kept] = size;
    if (size == spec.size_bytes)
        memcpy(samples + samples_kept * size, data, size);
    samples_kept++;
}

static void count_one(size_t already)
{
    atomic_store_explicit(&count, already + 1, memory_order_release);
    if (already + 1 == turn_end) {
        turn_end += turn;
        tell_of_role("counted");
    }
}

static void take_extra(const unsigned char *data, size_t size)
{
    if (note_early(data, size))
        return;
    keep_head(data, size);
    count_one(heads_kept - 1);
}

static void take_of_window(const unsigned char *data, size_t size)
{
    if (places && note_early(data, size)) /* one connection may be behind another */
        return;
    const size_t number = heads_kept;
    const bool last = number + 1 == spec.expected;
    const bool ends = (number + 1) % CHUNK == 0 || number + 1 == turn_end;
    const bool chosen = number == 0 || ends;
    if (chosen || spec.stamp_each)
        arrived_ns[stamps++] = now_ns();
    keep_head(data, size);
    if (chosen)
        keep_sample(data, size);
    if (last)
        taking = take_extra;
    count_one(number);
}

static void take_early(const unsigned char *data, size_t size)
{
    if (note_early(data, size))
        return;
    taking = take_of_window;
    take_of_window(data, size);
}

static void note_wrong(json_t *reason)
{
    if (wrong++ < REASONS)
        json_array_append(reasons, reason);
    json_decref(reason);
}

/* Count a message without a header by its bytes. */
static void note_bare(const unsigned char *data, size_t size)
{
    char hex[2 * SMALLEST_WITH_HEADER + 1] = "";
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", data[i]);
    const json_int_t before = json_integer_value(json_object_get(bare, hex));
    json_object_set_new(bare, hex, json_integer(before + 1));
}

/* Return the message as it was before a handle changed it. */
static const unsigned char *as_sent(const unsigned char *data, size_t size)
{
    if (!spec.transforms)
        return data;
    changed_back = enlarge(changed_back, size + 1);
    for (size_t i = 0; i < size; i++)
        changed_back[i] = (unsigned char)~data[i];
    return changed_back;
}

static void verify(size_t number, const unsigned char *data, size_t size)
{
    if (spec.drives && !is_request(number, data, size))
        note_wrong(
            json_sprintf("reply %zu does not belong to request %zu", number, number));
    else if (!has_header(size))
        note_bare(data, size);
    else if (!intact(data, size) || size != size_of_window_message(sequence_of(data)))
        note_wrong(json_sprintf("message %zu (%zu bytes) is not one that was sent", number,
                                size));
    else
        keep_head(data, size);
}

static void take_checked(const unsigned char *data, size_t size)
{
    if (note_early(data, size))
        return;
    const size_t number = atomic_load(&count);
    verify(number, as_sent(data, size), size);
    count_one(number);
}

void make_recorder(void)
{
    const size_t turns = spec.turns > 0 ? spec.turns : 1, size = spec.size_bytes;
    const size_t chosen = 1 + spec.expected / CHUNK + turns;
    width = HEADER_BYTES;
    taking = take_early;
    turn = turn_end = spec.expected / turns;
    if (spec.checking) {
        taking = take_checked;
        bare = json_object();
        reasons = json_array();
    }
    heads_max = spec.expected;
    heads = claim(heads_max, width, 0xff);
    if (spec.connections && !spec.drives)
        places = claim(heads_max, sizeof *places, 0xff);
    arrived_ns = claim(spec.stamp_each ? spec.expected : chosen, sizeof *arrived_ns, 0);
    sample_sizes = claim(chosen, sizeof *sample_sizes, 0);
    samples = claim(chosen, spec.checking ? 1 : size, 0);
}

/* The take_fn of every consuming role. */
void take_message(const unsigned char *data, size_t size)
{
    taking(data, size);
}

/* As take_message, of a role whose connections all take every message. */
void take_message_of(size_t connection, const unsigned char *data, size_t size)
{
    place = (uint32_t)connection;
    taking(data, size);
}

/* Return how many messages of warm-up and window have arrived. */
size_t arrivals(void)
{
    return atomic_load(&warm) + atomic_load(&count);
}

static size_t count_bad_samples(void)
{
    size_t bad = 0;
    for (size_t i = 0; i < samples_kept; i++)
        if (sample_sizes[i] != spec.size_bytes
            || !intact(samples + i * spec.size_bytes, spec.size_bytes))
            bad++;
    return bad;
}

void add_record_result(json_t *result)
{
    const size_t arrived = atomic_load(&count);
    const size_t bad = spec.checking ? wrong : count_bad_samples();
    json_object_set_new(result, "count", json_integer((json_int_t)arrived));
    json_object_set_new(result, "wrong", json_integer((json_int_t)bad));
    json_object_set_new(result, "head_bytes", json_integer((json_int_t)width));
    if (spec.checking) {
        json_object_set(result, "wrong_first", reasons);
        json_object_set(result, "bare", bare);
    }
    write_file("heads", heads, heads_kept * width);
    write_file("arrived", arrived_ns, stamps * sizeof *arrived_ns);
    if (places)
        write_file("places", places, heads_kept * sizeof *places);
}
