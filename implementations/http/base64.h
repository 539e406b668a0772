/* Base64 (RFC 4648), with which bytes travel as text. */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char DIGITS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Write the text of some bytes, and return its length: 4 for each 3 bytes begun. */
static inline size_t encode(const unsigned char *data, size_t size, unsigned char *text)
{
    unsigned char *to = text;
    for (size_t place = 0; place < size; place += 3) {
        size_t left = size - place;
        uint32_t bits = (uint32_t)data[place] << 16;
        bits |= left > 1 ? (uint32_t)data[place + 1] << 8 : 0;
        bits |= left > 2 ? data[place + 2] : 0;
        *to++ = DIGITS[bits >> 18];
        *to++ = DIGITS[bits >> 12 & 63];
        *to++ = left > 1 ? DIGITS[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? DIGITS[bits & 63] : '=';
    }
    return to - text;
}

/* Replace a text by its bytes and set their number; false where it is no base64. */
static inline bool decode(unsigned char *text, size_t length, size_t *size)
{
    static unsigned char value[256]; /* of a digit, plus 1 */
    if (!value['A'])
        for (unsigned char digit = 0; digit < 64; digit++)
            value[(unsigned char)DIGITS[digit]] = digit + 1;
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    if (length % 4)
        return false;
    uint32_t bits = 0;
    unsigned char *to = text;
    for (size_t place = 0; place < length - padding; place++) {
        if (!value[text[place]])
            return false;
        bits = bits << 6 | (value[text[place]] - 1);
        if (place % 4)
            *to++ = bits >> (6 - place % 4 * 2);
    }
    *size = to - text;
    return true;
}

#endif
