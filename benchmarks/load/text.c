#define _GNU_SOURCE
#include "text.h"

#include <stdio.h>
#include <string.h>

bool text_starts_with(Text text, const char *prefix) {
    size_t length = strlen(prefix);
    return text.length >= length && !memcmp(text.data, prefix, length);
}

bool text_contains(Text text, const char *part) { return memmem(text.data, text.length, part, strlen(part)) != NULL; }

bool text_copy_member(Text json, const char *key, char *into, size_t size) {
    char quoted[64];
    int length = snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    const char *found = memmem(json.data, json.length, quoted, length);
    if (!found) return false;
    const char *value = found + length, *end = memchr(value, '"', json.data + json.length - value);
    if (!end || (size_t)(end - value) >= size) return false;
    memcpy(into, value, end - value);
    into[end - value] = 0;
    return true;
}
