/* Fan-out on BSD sockets: the publisher writes each message to every connection.
 *
 * On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
 */
#include "framing.h"
#include "host.h"
#include "subscribers.h"

void publish(const char *address, next_fn *next_message)
{
    struct subscribers all;
    struct message message;
    begin_welcome(&all, address);
    while (next_message(&message))
        send_to_all(&all, send_message, message);
    while (!stopping())
        pause();
    end_welcome(&all);
    close_subscribers(&all);
}

void subscribe(const char *address, take_fn *take_message)
{
    struct inbox publisher = {.fd = connect_to(address)};
    struct message message;
    int received;
    while ((received = receive(&publisher, &message)) == 1)
        take_message(message.data, message.size);
    if (received == -1)
        expect_stopping("recv");
    close_inbox(&publisher);
}
