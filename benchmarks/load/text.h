/* Bytes in a buffer that somebody else owns, without a NUL at the end, and just enough JSON to search them. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *data;
    size_t length;
} Text;

bool text_starts_with(Text, const char *prefix);
bool text_contains(Text, const char *part);

/* Copies the value of a string member, found by the first place where its key stands; false without one that fits. */
bool text_copy_member(Text json, const char *key, char *into, size_t size);

#endif
