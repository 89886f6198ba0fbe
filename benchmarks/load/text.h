/* Texts in a buffer of another layer, without a NUL at the end, and the functions that search JSON in them. */
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

/* Copies the value of the first string member with this key. Returns false if it is missing or too long. */
bool text_copy_member(Text json, const char *key, char *into, size_t size);

#endif
