/* Declarations that the parts of the C host share. Cells see host.h alone. */
#ifndef NOMIDDLE_INTERNAL_H
#define NOMIDDLE_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "host.h"

/* message.c: the header of bench/hosts/message.py has 24 bytes, big-endian: sender (u64),
 * sequence (u64), epoch (u32), CRC-32 of the payload (u32). */
enum { HEADER_BYTES = 24, SMALLEST_WITH_HEADER = 32, EPOCH_LOW_BYTE = 19 };
enum { WARM_UP_EPOCH = 0, WINDOW_EPOCH = 1, JOIN_SEQUENCE = 0, WARM_UP_SEQUENCE = 1 };

void build(struct message message, uint64_t sender, uint64_t sequence, uint32_t epoch);
uint64_t sender_of(const unsigned char *data);
uint64_t sequence_of(const unsigned char *data);
bool has_header(size_t size);
bool is_warm_up(const unsigned char *data, size_t size);
bool intact(const unsigned char *data, size_t size);
void sign(unsigned char *data, uint64_t sender);

/* spec.c: the specification of a host, as bench/hosts/spec.py writes it. */
struct spec {
    json_t *json;
    const char *folder, *id, *role;
    const char *addresses[2];
    bool drives, handles, consumes;
    uint64_t sender;
    size_t expected;
    size_t messages, warm_up, size_bytes;
    size_t *sizes_bytes, sizes; /* of conformance, used in turn; `sizes` is their number */
    bool checking, transforms, stamp_each, stays_open;
    size_t burst; /* messages at each moment of a paced window */
    size_t turns; /* into how many the window is cut; 0 if it is not */
    double interval_s, limit_s; /* 0: none */
    double rate_hz; /* of an open loop, evenly; 0: none */
    size_t connections; /* that a role holds; 0: as it does */
    double together_s; /* how long a handle waits for another; 0: not at all */
    int parent;
};
extern struct spec spec;
void read_spec(const char *text);
size_t size_of_window_message(uint64_t sequence);

/* stream.c: the messages of a role that drives. */
void make_stream(void);
void open_warm_up(void);
void open_window(void);
void take_turn(void);
bool next_message(struct message *message);
/* For a role that holds many connections and must not wait. Gives a message that is due, or
 * the moment at which to ask again, or the end of the stream. The role names the number of
 * messages that wait for a reply, and whether it could send another one. */
enum next { NOW, LATER, ENDED };
enum next try_next(size_t under_way, bool is_any_idle, struct message *message,
                   int64_t *moment_ns);
bool is_request(size_t number, const unsigned char *data, size_t size);
void add_stream_result(json_t *result);

/* recorder.c: the recorder of messages that a role takes. */
void make_recorder(void);
void take_message(const unsigned char *data, size_t size);
void take_message_of(size_t connection, const unsigned char *data, size_t size);
size_t arrivals(void);
void add_record_result(json_t *result);

/* together.c: handles that wait for each other. */
void wait_for_another(void);
int most_at_once(void);

/* sockets.c */
json_t *socket_options(void);

/* Defined by a role that holds many connections. Others have one, and refuse more. */
extern const bool holds_connections __attribute__((weak));

/* host.c */
void tell(json_t *event); /* takes the event over */
void tell_of_role(const char *event);

/* files.c: memory and files, or the end of the host. */
void *claim(size_t count, size_t size_bytes, int fill);
void *enlarge(void *data, size_t size_bytes);
void write_file(const char *kind, const void *data, size_t size_bytes);
_Noreturn void give_up(const char *why);

static inline int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#endif
