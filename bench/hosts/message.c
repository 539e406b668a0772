/* Messages of the harness: a header and a payload. Cells do not read either. */
#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "internal.h"

static void fill_payload(unsigned char *data, size_t size, uint64_t sequence)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(sequence + i);
}

static uint32_t checksum(const unsigned char *data, size_t size)
{
    return (uint32_t)crc32_z(0, data + HEADER_BYTES, size - HEADER_BYTES);
}

static void put_u64(unsigned char *data, uint64_t value)
{
    value = htobe64(value);
    memcpy(data, &value, sizeof value);
}

static void put_u32(unsigned char *data, uint32_t value)
{
    value = htobe32(value);
    memcpy(data, &value, sizeof value);
}

static uint64_t get_u64(const unsigned char *data)
{
    uint64_t value;
    memcpy(&value, data, sizeof value);
    return be64toh(value);
}

/* Fill a message. Its payload depends on its sequence number; a short one has no header. In
 * timed windows all payloads are equal, and only the sequence number differs. */
void build(struct message message, uint64_t sender, uint64_t sequence, uint32_t epoch)
{
    const uint64_t start = epoch == WINDOW_EPOCH && !spec.checking ? 0 : sequence;
    if (!has_header(message.size)) {
        fill_payload(message.data, message.size, start);
        return;
    }
    fill_payload(message.data + HEADER_BYTES, message.size - HEADER_BYTES, start);
    put_u64(message.data, sender);
    put_u64(message.data + 8, sequence);
    put_u32(message.data + 16, epoch);
    put_u32(message.data + 20, checksum(message.data, message.size));
}

uint64_t sender_of(const unsigned char *data)
{
    return get_u64(data);
}

uint64_t sequence_of(const unsigned char *data)
{
    return get_u64(data + 8);
}

bool has_header(size_t size)
{
    return size >= SMALLEST_WITH_HEADER;
}

bool is_warm_up(const unsigned char *data, size_t size)
{
    return has_header(size) && data[EPOCH_LOW_BYTE] == 0;
}

bool intact(const unsigned char *data, size_t size)
{
    uint32_t sum;
    memcpy(&sum, data + 20, sizeof sum);
    return checksum(data, size) == be32toh(sum);
}

/* Put another sender into the header, so that a message names its worker. */
void sign(unsigned char *data, uint64_t sender)
{
    put_u64(data, sender);
}
