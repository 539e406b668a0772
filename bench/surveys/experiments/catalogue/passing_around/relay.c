/* Reads each value into a variable of C and writes it again, as documentation shows.
 *
 * In and out: a line for each message, the format and the bytes in hex. "!" begins an error.
 */

#include <endian.h>
#include <jansson.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1 << 16 };

static void say(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

/* One byte for the kind, then the value: both ends know the layout. */
static void relay_struct(unsigned char *bytes, size_t length)
{
    uint64_t wire;

    if (bytes[0] == 'q' || bytes[0] == 'd') {
        memcpy(&wire, bytes + 1, sizeof wire);
        int64_t value = (int64_t)be64toh(wire);
        wire = htobe64((uint64_t)value);
        memcpy(bytes + 1, &wire, sizeof wire);
    }
    say(bytes, length);
}

static json_t *copied(json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_INTEGER:
        return json_integer(json_integer_value(value));
    case JSON_REAL:
        return json_real(json_real_value(value));
    case JSON_STRING:
        return json_string(json_string_value(value));
    default:
        return json_incref(value);
    }
}

static void relay_json(const unsigned char *bytes, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb((const char *)bytes, length, JSON_DECODE_ANY, &error);

    if (!value) {
        printf("! %s\n", error.text);
        return;
    }
    json_t *copy = copied(value);
    char *text = json_dumps(copy, JSON_ENCODE_ANY);
    say((unsigned char *)text, strlen(text));
    free(text);
    json_decref(copy);
    json_decref(value);
}

static void pack(msgpack_packer *packer, const msgpack_object *value)
{
    switch (value->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        msgpack_pack_uint64(packer, value->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        msgpack_pack_int64(packer, value->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT64:
        msgpack_pack_double(packer, value->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        msgpack_pack_str(packer, value->via.str.size);
        msgpack_pack_str_body(packer, value->via.str.ptr, value->via.str.size);
        break;
    case MSGPACK_OBJECT_BIN:
        msgpack_pack_bin(packer, value->via.bin.size);
        msgpack_pack_bin_body(packer, value->via.bin.ptr, value->via.bin.size);
        break;
    default:
        msgpack_pack_object(packer, *value);
    }
}

static void relay_msgpack(const unsigned char *bytes, size_t length)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, (const char *)bytes, length, NULL) !=
        MSGPACK_UNPACK_SUCCESS) {
        printf("! not MessagePack\n");
    } else {
        msgpack_sbuffer out;
        msgpack_sbuffer_init(&out);
        msgpack_packer packer;
        msgpack_packer_init(&packer, &out, msgpack_sbuffer_write);
        pack(&packer, &unpacked.data);
        say((unsigned char *)out.data, out.size);
        msgpack_sbuffer_destroy(&out);
    }
    msgpack_unpacked_destroy(&unpacked);
}

int main(void)
{
    static char line[LINE_BYTES], format[16], hex[LINE_BYTES];
    static unsigned char bytes[LINE_BYTES];

    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%15s %65535s", format, hex) != 2)
            return 1;
        size_t length = strlen(hex) / 2;
        for (size_t i = 0; i < length; i++)
            sscanf(hex + 2 * i, "%2hhx", &bytes[i]);
        if (!strcmp(format, "struct"))
            relay_struct(bytes, length);
        else if (!strcmp(format, "json"))
            relay_json(bytes, length);
        else
            relay_msgpack(bytes, length);
        fflush(stdout);
    }
    return 0;
}
