/* The specification of a host: one JSON document, as bench/hosts/spec.py writes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct spec spec;

static double number_or_none(const json_t *json, const char *key)
{
    return json_number_value(json_object_get(json, key)); /* 0 for null */
}

static bool is_set(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    return json_is_true(value) || json_number_value(value) != 0;
}

/* End a host that is asked for a measure which only cells in Python have. */
static void refuse_what_is_not_here(const json_t *json)
{
    const char *const absent[] = {"in_turn", "busy_ns", "stall_ns", "supervised", "leaves",
                                  "afresh"};
    const char *const of_crowds[] = {"rate_hz", "connections"};
    for (size_t i = 0; !&holds_connections && i < sizeof of_crowds / sizeof *of_crowds; i++)
        if (is_set(json, of_crowds[i])) {
            fprintf(stderr, "the C host has no %s: use the cell in Python\n",
                    of_crowds[i]);
            exit(1);
        }
    if (is_set(json, "rate_hz") && !is_set(json, "evenly"))
        give_up("an open loop in C is even: use the cell in Python");
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (is_set(json, absent[i])) {
            fprintf(stderr, "the C host has no %s: use the cell in Python\n", absent[i]);
            exit(1);
        }
    if (json_array_size(json_object_get(json, "roles")) != 1)
        give_up("the C host runs one role: use tcp or ipc, or the cell in Python");
}

static void read_role(json_t *table)
{
    json_t *addresses;
    json_int_t sender, expected;
    int drives, handles, consumes;
    json_error_t error;
    if (json_unpack_ex(table, &error, 0, "{s:s, s:s, s:o, s:b, s:b, s:b, s:I, s:I}", "id",
                       &spec.id, "name", &spec.role, "addresses", &addresses, "drives",
                       &drives, "handles", &handles, "consumes", &consumes, "sender",
                       &sender, "expected", &expected))
        give_up(error.text);
    for (size_t i = 0; i < 2; i++)
        spec.addresses[i] = json_string_value(json_array_get(addresses, i));
    spec.drives = drives;
    spec.handles = handles;
    spec.consumes = consumes;
    spec.sender = (uint64_t)sender;
    spec.expected = (size_t)expected;
}

static void read_sizes(const json_t *sizes)
{
    spec.sizes = json_array_size(sizes);
    spec.sizes_bytes = claim(spec.sizes, sizeof *spec.sizes_bytes, 0);
    for (size_t i = 0; i < spec.sizes; i++)
        spec.sizes_bytes[i] = (size_t)json_integer_value(json_array_get(sizes, i));
}

/* Read the document into `spec`. Strings of `spec` point into the document. */
void read_spec(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    if (!json)
        give_up(error.text);
    refuse_what_is_not_here(json);
    json_t *roles, *sizes;
    json_int_t messages, warm_up, size_bytes, burst, turns;
    int checking, transforms, stamp_each, stays_open;
    if (json_unpack_ex(json, &error, 0,
                       "{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:i}",
                       "folder", &spec.folder, "roles", &roles, "sizes_bytes", &sizes,
                       "messages", &messages, "warm_up", &warm_up, "size_bytes",
                       &size_bytes, "burst", &burst, "turns", &turns, "checking", &checking,
                       "transforms", &transforms, "stamp_each", &stamp_each, "stays_open",
                       &stays_open, "parent", &spec.parent))
        give_up(error.text);
    spec.json = json;
    spec.messages = (size_t)messages;
    spec.warm_up = (size_t)warm_up;
    spec.size_bytes = (size_t)size_bytes;
    spec.burst = (size_t)burst;
    spec.turns = (size_t)turns;
    spec.checking = checking;
    spec.transforms = transforms;
    spec.stamp_each = stamp_each;
    spec.stays_open = stays_open;
    spec.interval_s = number_or_none(json, "interval_s");
    spec.limit_s = number_or_none(json, "limit_s");
    spec.together_s = number_or_none(json, "together_s");
    spec.rate_hz = number_or_none(json, "rate_hz");
    spec.connections = (size_t)number_or_none(json, "connections");
    read_role(json_array_get(roles, 0));
    read_sizes(sizes);
}

size_t size_of_window_message(uint64_t sequence)
{
    return spec.checking ? spec.sizes_bytes[sequence % spec.sizes] : spec.size_bytes;
}
