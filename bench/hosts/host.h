/* The contract between the C host and the cells in C.
 *
 * A cell defines the roles of its workload, the same as in Python. An iterable in Python is
 * a function here. Addresses are the same URLs. A role ends when it returns. A role that
 * cannot continue calls fail().
 */
#ifndef NOMIDDLE_HOST_H
#define NOMIDDLE_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* A message: its bytes and their number. `size` may be 0. */
struct message {
    unsigned char *data;
    size_t size;
};

/* Give the next message to send. Returns false at the end of the stream, and when the role
 * must stop. Waits while no message is due. The role must not change the bytes; they stay
 * valid as long as the role runs. One thread at a time may call this. */
typedef bool next_fn(struct message *message);

/* Take a message that has arrived. The bytes belong to the caller. One thread at a time may
 * call this. */
typedef void take_fn(const unsigned char *data, size_t size);

/* Turn a request into its reply in place, of the same size. Several threads may call
 * this. */
typedef void handle_fn(unsigned char *data, size_t size);

/* Return whether the role must stop. The host then interrupts the thread of the role again
 * and again, so that waiting calls return EINTR. The role frees its memory and returns. */
bool stopping(void);

/* Report which call failed, and why. The role has failed: this does not return. */
_Noreturn void fail(const char *call, const char *reason);

/* Request/reply */
void serve(const char *address, handle_fn *handle);
void call(const char *address, next_fn *next_request, take_fn *take_reply);

/* Fan-out */
void publish(const char *address, next_fn *next_message);
void subscribe(const char *address, take_fn *take_message);

/* Pipeline */
void distribute(const char *address, next_fn *next_task);
void work(const char *source, const char *sink, handle_fn *handle);
void collect(const char *address, take_fn *take_result);

#endif
