/* The one thing that WebSocket needs SHA-1 for. */
#ifndef SHA1_H
#define SHA1_H

#define ACCEPT_SIZE 29

/* The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC 6455, 4.2.2). */
void sha1_accept(const char *key, char accept[ACCEPT_SIZE]);

#endif
