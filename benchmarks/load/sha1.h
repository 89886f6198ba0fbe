/* The SHA-1 of the WebSocket handshake. */
#ifndef SHA1_H
#define SHA1_H

#define ACCEPT_SIZE 29

/* Calculates the Sec-WebSocket-Accept of a Sec-WebSocket-Key (RFC 6455, 4.2.2). */
void sha1_accept(const char *key, char accept[ACCEPT_SIZE]);

#endif
