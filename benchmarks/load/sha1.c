/* Sec-WebSocket-Accept (RFC 6455, 4.2.2): SHA-1 (RFC 3174) of the key and a fixed text, in Base64. */
#include "sha1.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void digest_block(uint32_t state[5], const unsigned char *block) {
    static const uint32_t constants[4] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t mixed = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
        uint32_t next = rotated(a, 5) + mixed + e + constants[i / 20] + w[i];
        e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

static void base64(const unsigned char *bytes, size_t length, char *into) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        uint32_t three = bytes[i] << 16;
        if (i + 1 < length) three |= bytes[i + 1] << 8;
        if (i + 2 < length) three |= bytes[i + 2];
        for (int digit = 0; digit < 4; digit++) *into++ = digits[three >> (18 - 6 * digit) & 63];
    }
    for (size_t i = 0; i < (3 - length % 3) % 3; i++) into[-1 - (int)i] = '=';
    *into = 0;
}

void sha1_accept(const char *key, char accept[ACCEPT_SIZE]) {
    unsigned char message[128] = {0}, sum[20];
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    int length = snprintf((char *)message, sizeof message, "%s" MAGIC, key);
    message[length] = 0x80;
    message[126] = length * 8 >> 8;
    message[127] = length * 8 & 0xFF;
    digest_block(state, message);
    digest_block(state, message + 64);
    for (int i = 0; i < 20; i++) sum[i] = state[i / 4] >> (24 - 8 * (i % 4));
    base64(sum, sizeof sum, accept);
}
